"""What a commit means for the items of the table, each of them written once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from userkit.backends.dynamodb import keys
from userkit.backends.dynamodb.items import Form, size_of
from userkit.backends.dynamodb.keys import Item
from userkit.errors import DuplicateError, StaleError, UsageError, UserKitError
from userkit.storage.catalogue import Verb, Write
from userkit.storage.records import Record

__all__ = ["Finding", "Plan", "Step", "planned"]

_LARGEST_TRANSACTION = 4 * 1024 * 1024 - 64 * 1024

_FREE = "attribute_not_exists(pk)"
_SAME = "version = :version"
_HELD = "attribute_not_exists(pk) OR holder = :holder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One item of a transaction. ``place`` is that of its change, ``field`` the unique one."""

    verb: str
    request: dict[str, Any]
    place: int
    field: str | None = None
    entity: bool = False
    revision: str = ""

    @property
    def key(self) -> Item:
        """Return the key of the item."""
        item: Item = self.request.get("Item") or self.request["Key"]
        return {name: item[name] for name in ("pk", "sk")}

    def error_of(self, writes: Sequence[Write]) -> UserKitError:
        """Return what it means when the condition of this step is not met."""
        if self.field is not None:
            return DuplicateError(self.field)
        return DuplicateError("id") if writes[self.place].verb is Verb.ADD else StaleError()


class Finding(NamedTuple):
    """Who is said to hold a unique value without having it: ``item`` is what they are, or nothing."""

    holder: str
    key: Item
    version: str | None


@dataclass(slots=True, kw_only=True)
class Plan:
    """What to write: a transaction, and what no longer fits into it before and after."""

    steps: list[Step] = field(default_factory=list)
    before: list[Step] = field(default_factory=list)
    after: list[Step] = field(default_factory=list)


@dataclass(slots=True)
class _Claim:
    """A unique value in the course of a commit: who had it before, and who has it now."""

    field: str
    key: Item
    place: int
    holder: str | None
    now: str | None
    item: Item


def planned(
    writes: Sequence[Write],
    form: Form,
    token: str,
    *,
    room: int,
    abandoned: Mapping[str, Finding],
    lost: frozenset[str],
) -> Plan:
    """Return the plan of a commit.

    ``abandoned`` are markers whose holder is no more, by their keys; ``lost`` those that somebody
    else took when ours had been deleted. Raises DuplicateError for what the commit itself shows,
    and UsageError for more than fits into a transaction.
    """
    entities = [_entity(place, write, form, token) for place, write in enumerate(writes)]
    taken = {step.key["pk"]["S"] for step in entities}
    if len(taken) < len(entities):
        raise DuplicateError("id")  # a load may hold an entity twice; a commit may not
    steps = list(entities)
    for claim in _claims(writes, form):
        steps += _marker(claim, abandoned.get(claim.key["pk"]["S"]), lost, taken)
    if len(steps) > room:
        raise UsageError(
            f"This commit writes {len(steps)} items with its unique values, and a transaction of DynamoDB "
            f"{room}: commit fewer changes at once."
        )
    plan = Plan(steps=steps)
    # Removals first: what is put too early does no harm, since every match is read and compared.
    words = sorted(_words(writes, form), key=lambda step: step.verb)
    fitting = room - len(steps)
    plan.steps += words[:fitting]
    for step in words[fitting:]:
        (plan.after if step.verb == "Delete" else plan.before).append(_alone(step))
    _check_size(plan.steps)
    return plan


def _entity(place: int, write: Write, form: Form, token: str) -> Step:
    condition: dict[str, Any] = {"ConditionExpression": _FREE}
    if write.verb is not Verb.ADD:
        version = {":version": {"N": str(write.version)}}
        condition = {"ConditionExpression": _SAME, "ExpressionAttributeValues": version}
    if write.after is not None:
        item = form.entity(write.records, write.after, token)
        return Step(verb="Put", request={"Item": item, **condition}, place=place, entity=True)
    key = keys.entity_key(form.realm, write.records.collection.name, write.id)
    return Step(verb="Delete", request={"Key": key, **condition}, place=place, entity=True)


def _claims(writes: Sequence[Write], form: Form) -> Sequence[_Claim]:
    claims: dict[str, _Claim] = {}
    for place, write in enumerate(writes):
        unique = write.records.collection.unique
        before = (write.before or {}) if unique else {}
        for name in unique:
            old, new = before.get(name), (write.after or {}).get(name)
            if old is not None and old != new:
                _give_up(claims, _claim(write, form, place, name, old))
            if new is not None and (old != new or _moved(write, before)):
                _take(claims, _claim(write, form, place, name, new), keeps=old == new)
    return list(claims.values())


def _claim(write: Write, form: Form, place: int, name: str, value: str) -> _Claim:
    collection = write.records.collection
    key = keys.marker_key(form.realm, collection.name, name, value)
    expiry = {} if write.after is None else form.expiry(collection, write.after, grace=True)
    return _Claim(name, key, place, None, write.id, {**key, "holder": {"S": write.id}, **expiry})


def _give_up(claims: dict[str, _Claim], claim: _Claim) -> None:
    earlier = claims.get(claim.key["pk"]["S"])
    if earlier is not None:
        raise DuplicateError(earlier.field)  # it was taken before it was given up
    claim.holder, claim.now = claim.now, None
    claims[claim.key["pk"]["S"]] = claim


def _take(claims: dict[str, _Claim], claim: _Claim, *, keeps: bool) -> None:
    earlier = claims.get(claim.key["pk"]["S"])
    if earlier is not None:
        if earlier.now is not None:
            raise DuplicateError(claim.field)
        claim.holder = earlier.holder
    elif keeps:
        claim.holder = claim.now
    claims[claim.key["pk"]["S"]] = claim


def _moved(write: Write, before: Record) -> bool:
    """Tell whether what leads to an entity is to be deleted at another time than before."""
    expires = write.records.collection.expires
    return expires is not None and bool(before) and before.get(expires) != (write.after or {}).get(expires)


def _marker(claim: _Claim, finding: Finding | None, lost: frozenset[str], taken: set[str]) -> Iterator[Step]:
    holder = claim.holder if finding is None else finding.holder
    condition: dict[str, Any] = {"ConditionExpression": _FREE}
    if holder is not None:
        values = {":holder": {"S": holder}}
        condition = {"ConditionExpression": _HELD, "ExpressionAttributeValues": values}
    condition["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if claim.now is None:
        if claim.key["pk"]["S"] not in lost:
            yield Step(
                verb="Delete", request={"Key": claim.key, **condition}, place=claim.place, field=claim.field
            )
        return
    yield Step(verb="Put", request={"Item": claim.item, **condition}, place=claim.place, field=claim.field)
    if finding is not None and finding.key["pk"]["S"] not in taken:
        taken.add(finding.key["pk"]["S"])
        yield _still_gone(claim, finding)


def _still_gone(claim: _Claim, finding: Finding) -> Step:
    condition: dict[str, Any] = {"ConditionExpression": _FREE}
    if finding.version is not None:
        values = {":version": {"N": finding.version}}
        condition = {"ConditionExpression": _SAME, "ExpressionAttributeValues": values}
    request = {"Key": finding.key, **condition}
    return Step(verb="ConditionCheck", request=request, place=claim.place, field=claim.field)


def _words(writes: Sequence[Write], form: Form) -> Iterator[Step]:
    for place, write in enumerate(writes):
        collection, shard = write.records.collection, keys.shard_of(write.id, form.shards)
        after = {keys.word_cut(word) for word in write.words_after}
        before = {keys.word_cut(word) for word in write.words_before}
        moved = bool(after) and write.source is not None and _moved(write, write.before or {})
        version = str((write.after or {}).get("version", write.version))
        expiry = {} if write.after is None else form.expiry(collection, write.after, grace=True)
        for word in sorted(before - after):
            key = keys.word_key(form.realm, collection.name, shard, word, write.id)
            yield Step(verb="Delete", request={"Key": key}, place=place, revision=version)
        for word in sorted(after if moved else after - before):
            key = keys.word_key(form.realm, collection.name, shard, word, write.id)
            item = {**key, "id": {"S": write.id}, "v": {"N": version}, **expiry}
            yield Step(verb="Put", request={"Item": item}, place=place, revision=version)


def _alone(step: Step) -> Step:
    """Return a step on a word as a request of its own, which no later revision is undone by."""
    condition = "v <= :v" if step.verb == "Delete" else "attribute_not_exists(pk) OR v < :v"
    values = {":v": {"N": step.revision}}
    request = {**step.request, "ConditionExpression": condition, "ExpressionAttributeValues": values}
    return Step(verb=step.verb, request=request, place=step.place)


def _check_size(steps: Sequence[Step]) -> None:
    size = sum(size_of(step.request["Item"]) for step in steps if "Item" in step.request)
    if size > _LARGEST_TRANSACTION:
        raise UsageError(
            "This commit holds more than the 4 MB that fit into a transaction of DynamoDB: commit fewer "
            "changes at once."
        )
