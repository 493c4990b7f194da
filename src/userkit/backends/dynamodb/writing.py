"""Commits: one conditional write, or one transaction; and what becomes of those that were refused."""

import logging
from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

from userkit.backends.dynamodb import keys, reading
from userkit.backends.dynamodb.calling import Caller
from userkit.backends.dynamodb.faults import OutcomeUnknownError, Refusal
from userkit.backends.dynamodb.items import Form, entity_of
from userkit.backends.dynamodb.keys import Item
from userkit.backends.dynamodb.planning import Finding, Plan, Step, planned
from userkit.errors import StoreUnavailableError, UserKitError
from userkit.storage.catalogue import Verb, Write

__all__ = ["carry_out"]

# How often a commit may find that a unique value is held by nobody, or by somebody new.
_ROUNDS = 4
_UNKNOWN = "Whether the commit was done is not known."
_log = logging.getLogger("userkit.dynamodb")


def carry_out(call: Caller, form: Form, writes: Sequence[Write], *, room: int) -> None:
    """Commit these writes, so that they happen once or not at all.

    ``room`` is how many items fit into a transaction. Raises DuplicateError and StaleError, and
    StoreUnavailableError when the outcome stays unknown.
    """
    _Commit(call, form, writes, room).carry_out()


class _Commit:
    """One commit, through all its attempts; its token tells what it wrote from what others did."""

    def __init__(self, call: Caller, form: Form, writes: Sequence[Write], room: int) -> None:
        self._call = call
        self._form = form
        self._writes = writes
        self._room = room
        self._token = uuid4().hex
        self._abandoned: dict[str, Finding] = {}
        self._lost: set[str] = set()

    def carry_out(self) -> None:
        for attempt in count(1):
            plan = self._plan()
            try:
                self._send(plan, f"{self._token}-{attempt}")
            except Refusal as refusal:
                if not self._is_done(plan, refusal):
                    if attempt < _ROUNDS and self._learn(plan, refusal):
                        continue
                    raise _judgement(plan, refusal, self._writes) from refusal.__cause__
            except OutcomeUnknownError as unknown:
                if not self._came_through(unknown):
                    raise StoreUnavailableError(unknown.detail) from unknown.__cause__
            self._tidy(plan)
            return

    def _plan(self) -> Plan:
        return planned(
            self._writes,
            self._form,
            self._token,
            room=self._room,
            abandoned=self._abandoned,
            lost=frozenset(self._lost),
        )

    def _send(self, plan: Plan, token: str) -> None:
        for step in plan.before:
            _alone(self._call, step)
        if len(plan.steps) == 1:
            (step,) = plan.steps
            operation = "put_item" if step.verb == "Put" else "delete_item"
            self._call(operation, **step.request, ReturnValuesOnConditionCheckFailure="ALL_OLD")
            return
        items = [{step.verb: {"TableName": self._call.table, **step.request}} for step in plan.steps]
        self._call.bare("transact_write_items", TransactItems=items, ClientRequestToken=token)

    def _tidy(self, plan: Plan) -> None:
        """Take out the words for which there was no room; the commit is done whatever becomes of them."""
        try:
            for step in plan.after:
                _alone(self._call, step)
        except StoreUnavailableError:
            # A search compares what it finds, so they lead to nobody.
            _log.warning("Search words of a former revision are left in the table %s.", self._call.table)

    def _is_done(self, plan: Plan, refusal: Refusal) -> bool:
        """Tell whether it was an earlier attempt of this very commit that stood in the way."""
        if len(plan.steps) == 1 and self._is_ours(refusal.found[0]):
            return True
        if not refusal.doubtful:
            return False
        try:
            if self._has_happened(stored := list(self._stored())):
                return True
        except StoreUnavailableError as error:
            raise StoreUnavailableError(f"{error.detail} {_UNKNOWN}") from error
        # A transaction is recognised by its token; a single write may have been overtaken.
        if len(plan.steps) == 1 and self._may_be_overtaken(stored[0]):
            raise StoreUnavailableError(f"{self._call.place} did not answer in time. {_UNKNOWN}")
        return False

    def _learn(self, plan: Plan, refusal: Refusal) -> bool:
        """Look at who is said to hold the values in question; tell whether it is worth another try."""
        failed = _failed(plan, refusal)
        if any(step.entity for step, _ in failed):
            return False
        return all(self._look(step, item) for step, item in failed)

    def _look(self, step: Step, item: Any) -> bool:
        key, field = step.key["pk"]["S"], step.field
        if field is None:
            return False
        if step.verb == "ConditionCheck":  # the holder has changed since, so look again
            self._abandoned = {
                each: found for each, found in self._abandoned.items() if found.key != step.key
            }
            return True
        if step.verb == "Delete":
            self._lost.add(key)
            return True
        holder = item.get("holder", {}).get("S")
        if holder is None:  # an emulator that does not say what it found
            marker = reading.item(self._call, step.key)
            if marker is None:
                return True
            holder = marker["holder"]["S"]
        return self._is_abandoned(step, key, field, holder)

    def _is_abandoned(self, step: Step, key: str, field: str, holder: str) -> bool:
        records = self._writes[step.place].records
        name, realm = records.collection.name, self._form.realm
        entity = keys.entity_key(realm, name, holder)
        found = reading.item(self._call, entity)
        if found is not None:
            value = reading.value_of(entity_of(records, found), field)
            if value is not None and keys.marker_key(realm, name, field, value)["pk"]["S"] == key:
                return False
        self._abandoned[key] = Finding(holder, entity, None if found is None else found["version"]["N"])
        return True

    def _came_through(self, unknown: OutcomeUnknownError) -> bool:
        try:
            return self._has_happened(list(self._stored()))
        except UserKitError:  # what went wrong first is what to tell
            raise StoreUnavailableError(unknown.detail) from unknown.__cause__

    def _has_happened(self, stored: Sequence[Item | None]) -> bool:
        """Tell whether an attempt came through of which no answer did.

        All changes happened or none, so one item with our token stands for all; of a commit that
        only removes, that everything is gone has to do.
        """
        if any(self._is_ours(item) for item in stored):
            return True
        return all(write.verb is Verb.REMOVE for write in self._writes) and not any(stored)

    def _may_be_overtaken(self, stored: Item | None) -> bool:
        """Tell whether what was written here may have been replaced or removed by somebody else since."""
        (write,) = self._writes
        if write.after is None:
            return False
        return stored is None or int(stored["version"]["N"]) > int(write.after["version"])

    def _stored(self) -> Iterator[Item | None]:
        for write in self._writes:
            name = write.records.collection.name
            yield reading.item(self._call, keys.entity_key(self._form.realm, name, write.id))

    def _is_ours(self, item: Any) -> bool:
        return bool(item) and item.get("token", {}).get("S") == self._token


def _failed(plan: Plan, refusal: Refusal) -> list[tuple[Step, Any]]:
    pairs = zip(plan.steps, refusal.found, strict=True)
    return [(step, item) for step, item in pairs if item is not None]


def _alone(call: Caller, step: Step) -> None:
    try:
        call("put_item" if step.verb == "Put" else "delete_item", **step.request)
    except Refusal:
        return  # a later revision has written it


def _judgement(plan: Plan, refusal: Refusal, writes: Sequence[Write]) -> UserKitError:
    """Return what the caller is told: of the first change that failed, about the entity before its values."""
    first, _ = min(_failed(plan, refusal), key=lambda each: (each[0].place, not each[0].entity))
    return first.error_of(writes)
