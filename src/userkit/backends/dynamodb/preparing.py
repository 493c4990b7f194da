"""The table at start: created where it is missing, and compared with what is needed."""

import logging
from collections.abc import Mapping
from typing import Any

from userkit.backends.dynamodb.calling import Answer, Caller
from userkit.backends.dynamodb.faults import Refusal
from userkit.backends.dynamodb.keys import SETTINGS
from userkit.backends.dynamodb.layout import TTL, differences, table_properties
from userkit.errors import (
    ConfigurationError,
    SchemaOutdatedError,
    StoreUnavailableError,
    UnsupportedStoreError,
)

__all__ = ["DEFAULT_SHARDS", "prepare"]

DEFAULT_SHARDS = 10

_LAYOUT = 1
_POLLS = 60
# A table is a few seconds old before it can be backed up.
_NOT_YET = "ContinuousBackupsUnavailableException"
# What emulators answer to what serves only in production.
_LACKING = frozenset({"InvalidAction", "NotImplemented", "UnknownOperation", "UnknownOperationException"})
_log = logging.getLogger("userkit.dynamodb")


def prepare(call: Caller, *, create: bool, shards: int | None, emulated: bool) -> int:
    """See to it that the table is there and as it should be; return its number of shards.

    Raises SchemaOutdatedError, UnsupportedStoreError for a table of somebody else, and
    ConfigurationError when it is spread over another number of shards.
    """
    described = _described(call)
    if described is None:
        if not create:
            raise SchemaOutdatedError(
                f"{call.place} does not exist in {call.place.region}: mend its name or the region, prepare "
                "with create, or create it from `userkit db template`."
            )
        _create(call)
    described = _until_active(call, described)
    _check(call, described)
    settings = call("get_item", Key=SETTINGS, ConsistentRead=True).get("Item")
    if settings is None:
        if create:
            _set_up(call, emulated=emulated)
        settings = _settle(call, shards or DEFAULT_SHARDS)
    return _agreed(call, settings, shards)


def _described(call: Caller) -> Mapping[str, Any] | None:
    answer = call.unless({"ResourceNotFoundException"}, "describe_table")
    if isinstance(answer, str):
        return None
    described: Mapping[str, Any] = answer["Table"]
    return described


def _create(call: Caller) -> None:
    properties = {name: value for name, value in table_properties(call.table).items() if name != "TableName"}
    # Another process may be faster.
    call.unless({"ResourceInUseException"}, "create_table", **properties)


def _until_active(call: Caller, described: Mapping[str, Any] | None) -> Mapping[str, Any]:
    for _ in range(_POLLS):
        if described is not None and _is_active(described):
            return described
        if described is not None:
            call.wait(_POLLS)
        described = _described(call)
    raise StoreUnavailableError(f"{call.place} is still being made: try again in a minute.")


def _is_active(described: Mapping[str, Any]) -> bool:
    indexes = described.get("GlobalSecondaryIndexes", ())
    states = {described.get("TableStatus"), *(each.get("IndexStatus", "ACTIVE") for each in indexes)}
    # While something else about it is changed, a table can be used.
    return states <= {"ACTIVE", "UPDATING"}


def _check(call: Caller, described: Mapping[str, Any]) -> None:
    found = differences(described)
    if found:
        raise UnsupportedStoreError(
            f"{call.place} is not one of userkit: {', '.join(found)}. Name another, or let userkit create it."
        )


def _set_up(call: Caller, *, emulated: bool) -> None:
    """Have expired items deleted, and the table kept so that it can be recovered."""
    lacking: frozenset[str] = _LACKING if emulated else frozenset()
    # It is switched on already, or at this moment by another process.
    settled = {"ValidationException", "ResourceInUseException"}
    ttl = {"Enabled": True, "AttributeName": TTL}
    answer = call.unless({*settled, *lacking}, "update_time_to_live", TimeToLiveSpecification=ttl)
    if isinstance(answer, str) and answer in lacking:
        _log.warning("The DynamoDB at this endpoint deletes nothing that has expired (%s).", answer)
    answer = _recovery(call, {"ResourceInUseException", _NOT_YET, *lacking})
    if isinstance(answer, str) and answer in lacking:
        _log.warning("The DynamoDB at this endpoint recovers to no point in time (%s).", answer)


def _recovery(call: Caller, codes: set[str]) -> Answer | str:
    wanted = {"PointInTimeRecoveryEnabled": True}
    for _ in range(_POLLS):
        answer = call.unless(codes, "update_continuous_backups", PointInTimeRecoverySpecification=wanted)
        if answer != _NOT_YET:
            return answer
        call.wait(_POLLS)
    raise StoreUnavailableError(f"{call.place} cannot be backed up yet: try again in a minute.")


def _settle(call: Caller, shards: int) -> Mapping[str, Any]:
    settings = {**SETTINGS, "shards": {"N": str(shards)}, "layout": {"N": str(_LAYOUT)}}
    try:
        call("put_item", Item=settings, ConditionExpression="attribute_not_exists(pk)")
    except Refusal:
        answer: Mapping[str, Any] = call("get_item", Key=SETTINGS, ConsistentRead=True)["Item"]
        return answer
    return settings


def _agreed(call: Caller, settings: Mapping[str, Any], shards: int | None) -> int:
    there = int(settings["shards"]["N"])
    if int(settings["layout"]["N"]) > _LAYOUT:
        raise SchemaOutdatedError(f"{call.place} was made by a newer version of userkit.")
    if shards not in (None, there):
        raise ConfigurationError(
            f"{call.place} is spread over {there} shards, not {shards}: say shards={there}, or leave it out. "
            "To have another number, copy everything to a new table."
        )
    return there
