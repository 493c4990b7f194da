"""Ranges of keys, read as of one revision of etcd, so that a page is of one moment."""

from base64 import b64decode
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

from userkit.storage import Entity, Page
from userkit_store_etcd.gateway import Gateway, text
from userkit_store_etcd.keys import Kind

__all__ = ["Range", "Reader", "pairs"]

E = TypeVar("E", bound=Entity)

_ID = 36


class Range(NamedTuple):
    """Keys from the first, which is one of them, to the end, which is not."""

    first: bytes
    end: bytes

    @classmethod
    def under(cls, prefix: bytes, *, after: str | None = None, newest_first: bool = False) -> "Range":
        """Return the keys that are this and an id, and that come after one, in either direction."""
        first, end = prefix, prefix[:-1] + bytes([prefix[-1] + 1])
        if after is None:
            return cls(first, end)
        at = prefix + after.encode()
        return cls(first, at) if newest_first else cls(at + b"\0", end)


class Reader:
    """Read keys and entities; every read sees the last committed write, or the revision it is told."""

    def __init__(self, gateway: Gateway, *, most: int) -> None:
        """Take what makes calls, and how many operations a transaction holds."""
        self._gateway = gateway
        self._most = most

    def read(self, keys: Range | bytes, **options: Any) -> dict[str, Any]:
        """Return etcd's answer for a range or a key."""
        if isinstance(keys, bytes):
            return self._gateway.ask("kv/range", key=text(keys), **options)
        return self._gateway.ask("kv/range", key=text(keys.first), range_end=text(keys.end), **options)

    def value(self, key: bytes, *, revision: str = "0") -> bytes | None:
        """Return what is stored under a key."""
        return pairs([self.read(key, revision=revision)]).get(key)

    def holder(self, kind: Kind[E], marker: bytes) -> E | None:
        """Return who holds a unique value."""
        answer = self.read(marker)
        id = pairs([answer]).get(marker)
        if id is None:
            return None
        (found,) = self.entities(kind, [id.decode()], revision=_revision(answer))
        return found

    def entities(self, kind: Kind[E], ids: Sequence[str], *, revision: str = "0") -> list[E]:
        """Return the entities with these ids that there are, in this order."""
        found: list[E] = []
        for start in range(0, len(ids), self._most):
            keys = [kind.entity_key(id) for id in ids[start : start + self._most]]
            reads = [{"request_range": {"key": text(key), "revision": revision}} for key in keys]
            answer = self._gateway.ask("kv/txn", success=reads)
            values = pairs([each["response_range"] for each in answer["responses"]])
            found += [kind.entity(values[key]) for key in keys if key in values]
        return found

    def page(
        self, kind: Kind[E], prefix: bytes, *, limit: int, after: str | None, newest_first: bool
    ) -> Page[E]:
        """Return a page of what is listed below a prefix; without newest_first, etcd stops at the limit."""
        keys = Range.under(prefix, after=after, newest_first=newest_first)
        order = {"sort_order": "DESCEND", "sort_target": "KEY"} if newest_first else {}
        answer = self.read(keys, limit=str(limit), **order)
        found = pairs([answer])
        if prefix == kind.entity_key(""):
            items = [kind.entity(value) for value in found.values()]
        else:
            items = self.entities(kind, _ids(found), revision=_revision(answer))
        return Page(tuple(items), items[-1].id if answer.get("more") else None)

    def listed(self, kind: Kind[E], keys: Range, limit: int) -> list[E]:
        """Return the entities that the first keys of a range list."""
        answer = self.read(keys, limit=str(limit), keys_only=True)
        return self.entities(kind, _ids(pairs([answer])), revision=_revision(answer))

    def count(self, keys: Range | bytes) -> int:
        """Return how many keys there are."""
        return int(self.read(keys, count_only=True).get("count", 0))


def pairs(answers: Sequence[dict[str, Any]]) -> dict[bytes, bytes]:
    """Return the values by their keys, in etcd's order; it leaves out what is empty."""
    return {
        b64decode(each["key"]): b64decode(each.get("value", ""))
        for answer in answers
        for each in answer.get("kvs", ())
    }


def _ids(found: dict[bytes, bytes]) -> list[str]:
    return [key[-_ID:].decode() for key in found]


def _revision(answer: dict[str, Any]) -> str:
    return str(answer["header"]["revision"])
