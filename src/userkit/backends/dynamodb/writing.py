"""Commits: one conditional write, or one transaction; and what becomes of those that were refused."""

from collections.abc import Iterator, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

from userkit.backends.dynamodb import keys, reading
from userkit.backends.dynamodb.calling import Caller
from userkit.backends.dynamodb.faults import Refusal
from userkit.backends.dynamodb.items import Form, entity_of
from userkit.backends.dynamodb.keys import Item
from userkit.backends.dynamodb.planning import Finding, Plan, Step, planned
from userkit.errors import DuplicateError, StaleError, StoreUnavailableError, UserKitError
from userkit.storage.catalogue import Verb, Write

__all__ = ["carry_out"]

# How often a commit may find that a unique value is held by nobody, or by somebody new.
_ROUNDS = 4


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
                if refusal.doubtful and self._has_happened(refusal):
                    return self._tidy(plan)
                error = self._judge(plan, refusal)
                if error is not None and (attempt >= _ROUNDS or not self._learn(plan, refusal)):
                    raise error from refusal.__cause__
                if error is None:
                    return self._tidy(plan)
            except StoreUnavailableError as error:
                if not self._came_through(error):
                    raise
                return self._tidy(plan)
            else:
                return self._tidy(plan)
        raise AssertionError  # counting does not end

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
        for step in plan.after:
            _alone(self._call, step)

    def _judge(self, plan: Plan, refusal: Refusal) -> UserKitError | None:
        """Return what the caller is to be told; None when it was this very commit that came through."""
        failed = _failed(plan, refusal)
        if len(plan.steps) == 1 and self._is_ours(refusal.found[0]):
            return None
        step = min(failed, key=lambda each: (each[0].place, not each[0].entity))[0]
        return step.error_of(self._writes)

    def _learn(self, plan: Plan, refusal: Refusal) -> bool:
        """Look at who is said to hold the values in question; tell whether it is worth another try."""
        failed = _failed(plan, refusal)
        if any(step.entity for step, _ in failed):
            return False
        return all(self._look(step, item) for step, item in failed)

    def _look(self, step: Step, item: Any) -> bool:
        key, field = step.key["pk"]["S"], step.field
        if step.verb == "ConditionCheck" or field is None:
            return False
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
        entity = keys.entity_key(self._form.realm, records.collection.name, holder)
        found = reading.item(self._call, entity)
        if found is not None and getattr(entity_of(records, found), field) is not None:
            own = keys.marker_key(
                self._form.realm,
                records.collection.name,
                field,
                _text(getattr(entity_of(records, found), field)),
            )
            if own["pk"]["S"] == key:
                return False
        version = None if found is None else found["version"]["N"]
        self._abandoned[key] = Finding(holder, entity, version)
        return True

    def _came_through(self, error: StoreUnavailableError) -> bool:
        try:
            return self._has_happened(error)
        except (DuplicateError, StaleError, UserKitError):
            raise error from error.__cause__

    def _has_happened(self, cause: Exception) -> bool:
        """Tell whether an attempt came through of which no answer did.

        All changes happened or none, so one item with our token stands for all; of a commit that
        only removes, that everything is gone has to do.
        """
        try:
            stored = list(self._stored())
        except UserKitError as error:
            if isinstance(cause, StoreUnavailableError):
                raise
            raise StoreUnavailableError(
                f"{self._call.place} did not answer in time; whether the commit was done is not known."
            ) from error
        if any(self._is_ours(item) for item in stored):
            return True
        removes = all(write.verb is Verb.REMOVE for write in self._writes)
        return removes and not any(stored)

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


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))
