"""What a commit means for the keys of etcd: one transaction, each key of it written once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from userkit.errors import DuplicateError, StaleError, UsageError
from userkit.storage import Entity, Verb, Write
from userkit_store_etcd.gateway import text
from userkit_store_etcd.keys import Kind, revision_end, revision_of

__all__ = ["Plan"]

Op = dict[str, Any]


@dataclass(slots=True)
class Plan:
    """A transaction, and what it means when it is refused. Make it with ``of``."""

    compares: list[Op] = field(default_factory=list)
    changes: list[Op] = field(default_factory=list)
    entities: dict[bytes, tuple[Kind[Any], Write]] = field(default_factory=dict)
    markers: dict[bytes, tuple[str, str | None]] = field(default_factory=dict)
    """The unique values that are taken: their field, and who gives them up in this commit."""

    @classmethod
    def of(cls, writes: Sequence[tuple[Kind[Any], Write]], *, most: int) -> "Plan":
        """Return the plan of a commit.

        Raises DuplicateError for what the commit itself shows, and UsageError for more than the
        ``most`` operations of a transaction.
        """
        plan, given = cls(), dict[bytes, str]()
        for kind, write in writes:
            plan._put_entity(kind, write)
            plan._move_markers(kind, write, given)
            plan._move_in_lists(kind, write)
        plan._give_up(given)
        # Releases are transactions within the transaction, and count one more when there are any.
        needed = max(len(plan.compares), len(plan.changes) + bool(given))
        if needed > most:
            raise UsageError(
                f"This commit needs {needed} operations, and a transaction of etcd holds {most}: commit "
                "fewer changes at once, or raise --max-txn-ops of the servers and max_txn_ops of the URL."
            )
        return plan

    @property
    def body(self) -> Op:
        """Return the transaction; when it is refused, it answers with what stands in its way."""
        keys = [*self.entities, *self.markers]
        looks = [{"request_range": {"key": text(key)}} for key in keys]
        return {"compare": self.compares, "success": self.changes, "failure": looks}

    def stored(self, found: Mapping[bytes, bytes]) -> list[Entity | None]:
        """Return the entities that are there, in the order of the changes, of the values by their keys."""
        pairs = ((kind, found.get(key)) for key, (kind, _) in self.entities.items())
        return [None if value is None else kind.entity(value) for kind, value in pairs]

    def refusal(self, found: Mapping[bytes, bytes]) -> DuplicateError | StaleError:
        """Return what it means that the transaction was refused while these values were there."""
        for key, (_, write) in self.entities.items():
            value = found.get(key)
            if write.verb is Verb.ADD:
                if value is not None:
                    return DuplicateError("id")
            elif value is None or not value.startswith(revision_of(write.version)):
                return StaleError()
        for key, (name, giver) in self.markers.items():
            if key in found and found[key].decode() != giver:
                return DuplicateError(name)
        return StaleError()

    def _put_entity(self, kind: Kind[Any], write: Write) -> None:
        key = kind.entity_key(write.id)
        self.entities[key] = kind, write
        if write.verb is Verb.ADD:
            self.compares.append(_absent(key))
        else:
            self.compares.append(_value(key, "GREATER", revision_of(write.version)))
            self.compares.append(_value(key, "LESS", revision_end(write.version)))
        self.changes.append(_delete(key) if write.after is None else _put(key, kind.value(write.after)))

    def _move_markers(self, kind: Kind[Any], write: Write, given: dict[bytes, str]) -> None:
        """Give up unique values and take others, in the order of the changes."""
        moves = write.moves(write.records.collection.unique)
        for move in moves:
            if move.before is not None:
                key = kind.marker_key(move.field, move.before)
                if key in self.markers:
                    raise DuplicateError(move.field)  # it was taken before it is given up
                given[key] = write.id
        for move in moves:
            if move.after is not None:
                self._take(kind.marker_key(move.field, move.after), move.field, write.id, given)

    def _take(self, key: bytes, name: str, id: str, given: dict[bytes, str]) -> None:
        if key in self.markers:
            raise DuplicateError(name)
        giver = given.pop(key, None)
        self.markers[key] = name, giver
        self.compares.append(_absent(key) if giver is None else _value(key, "EQUAL", giver.encode()))
        self.changes.append(_put(key, id.encode()))

    def _move_in_lists(self, kind: Kind[Any], write: Write) -> None:
        before, after = kind.list_keys(write.before), kind.list_keys(write.after)
        self.changes += [_delete(key) for key in sorted(before - after)]
        self.changes += [_put(key, b"") for key in sorted(after - before)]

    def _give_up(self, given: Mapping[bytes, str]) -> None:
        """Delete markers, where they are ours: a lookup may be derived otherwise than when it was stored."""
        for key, id in given.items():
            ours = {"compare": [_value(key, "EQUAL", id.encode())], "success": [_delete(key)]}
            self.changes.append({"request_txn": ours})


def _absent(key: bytes) -> Op:
    return {"key": text(key), "target": "VERSION", "result": "EQUAL", "version": "0"}


def _value(key: bytes, result: str, value: bytes) -> Op:
    return {"key": text(key), "target": "VALUE", "result": result, "value": text(value)}


def _put(key: bytes, value: bytes) -> Op:
    return {"request_put": {"key": text(key), "value": text(value)}}


def _delete(key: bytes) -> Op:
    return {"request_delete_range": {"key": text(key)}}
