"""The table: its keys, its indexes, and what is compared with a table that is there."""

from collections.abc import Iterator, Mapping
from typing import Any

from userkit.backends.dynamodb.keys import LOOKUPS

__all__ = ["TTL", "differences", "lookup_index", "table_properties"]

TTL = "ttl"

_TYPES = {"pk": "S", "sk": "S", "id": "S", "everything": "S", "due": "S", "due_at": "N"}


def lookup_index(slot: int) -> str:
    """Return the name of the index, and of its attribute, for the lookup at this place."""
    return f"lookup{slot + 1}"


def table_properties(table: str) -> dict[str, Any]:
    """Return what CreateTable and CloudFormation both are told of the table."""
    types = {**_TYPES, **{lookup_index(slot): "S" for slot in range(LOOKUPS)}}
    return {
        "TableName": table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": name, "AttributeType": kind} for name, kind in types.items()
        ],
        "KeySchema": _keys("pk", "sk"),
        # Only keys: a change of anything else costs nothing in an index, and what is
        # found is read from the table itself, as last committed.
        "GlobalSecondaryIndexes": [
            {
                "IndexName": name,
                "KeySchema": _keys(name, sort),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for name, sort in _indexes()
        ],
    }


def differences(described: Mapping[str, Any]) -> list[str]:
    """Return in sentences how a described table differs from what is needed; more indexes do no harm."""
    wanted = table_properties("")
    types = {each["AttributeName"]: each["AttributeType"] for each in described["AttributeDefinitions"]}
    found = (
        []
        if _shape(described["KeySchema"], types) == _shape(wanted["KeySchema"], _typed(wanted))
        else ["its keys are not pk and sk of text"]
    )
    indexes = {each["IndexName"]: each for each in described.get("GlobalSecondaryIndexes", ())}
    for index in wanted["GlobalSecondaryIndexes"]:
        name = index["IndexName"]
        if name not in indexes:
            found.append(f"it has no index {name}")
        elif _shape(indexes[name]["KeySchema"], types) != _shape(index["KeySchema"], _typed(wanted)):
            found.append(f"its index {name} has other keys")
    return found


def _indexes() -> Iterator[tuple[str, str]]:
    yield "everything", "id"
    yield "due", "due_at"
    for slot in range(LOOKUPS):
        yield lookup_index(slot), "id"


def _keys(hash: str, range: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": hash, "KeyType": "HASH"},
        {"AttributeName": range, "KeyType": "RANGE"},
    ]


def _typed(properties: Mapping[str, Any]) -> dict[str, str]:
    return {each["AttributeName"]: each["AttributeType"] for each in properties["AttributeDefinitions"]}


def _shape(keys: list[dict[str, str]], types: Mapping[str, str]) -> list[tuple[str, str, str | None]]:
    return [(each["KeyType"], each["AttributeName"], types.get(each["AttributeName"])) for each in keys]
