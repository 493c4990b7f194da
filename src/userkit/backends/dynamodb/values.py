"""Plain values as attributes of DynamoDB that say what they are, and back to the last bit."""

import json
import re
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

__all__ = ["from_attribute", "milliseconds", "to_attribute"]

_NEVER_EMPTY = frozenset({"BOOL", "N"})
_SCALARS = {bool: "BOOL", str: "S", int: "N", bytes: "B"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

# What JSON makes longer (quotes, digits) would not fit an item of 400 KB in the worst case.
_LONGEST_TEXT = 32 * 1024
_CONTROL = re.compile(r"\\(?:u00([01][0-9a-f])|.)")


def to_attribute(value: Any) -> dict[str, Any]:
    """Return the attribute for a value of a record.

    Times, JSON, sets and tuples, and what is empty are a map with one key that names the kind:
    older emulators refuse empty text, numbers of DynamoDB do not hold every float, and what says
    what it is can be read when the field is no more.
    """
    if value is None:
        return {"NULL": True}
    kind = _SCALARS.get(type(value))
    if kind is not None and (value or kind in _NEVER_EMPTY):
        return {kind: str(value) if kind == "N" else value}
    return {"M": _to_map(value)}


def from_attribute(attribute: dict[str, Any]) -> Any:
    """Return the value of an attribute."""
    ((kind, held),) = attribute.items()
    if kind == "NULL":
        return None
    if kind == "N":
        return int(held)
    if kind == "B":
        return bytes(held)
    return _of_map(held) if kind == "M" else held


def milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // _MILLISECOND


def _to_map(value: Any) -> dict[str, Any]:
    if isinstance(value, str | bytes):
        return {"empty": {"S": "text" if isinstance(value, str) else "bytes"}}
    if isinstance(value, datetime):
        return {"time": {"N": str(milliseconds(value))}}
    return {"json": _of_json(value)}


def _of_map(held: dict[str, Any]) -> Any:
    ((kind, attribute),) = held.items()
    if kind == "empty":
        return "" if attribute["S"] == "text" else b""
    if kind == "time":
        return _EPOCH + timedelta(milliseconds=int(attribute["N"]))
    text = attribute["S"] if "S" in attribute else zlib.decompress(bytes(attribute["B"])).decode()
    return json.loads(text, strict=False)


def _of_json(value: Any) -> dict[str, Any]:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if len(text) <= _LONGEST_TEXT:
        return {"S": text}
    return {"B": zlib.compress(_CONTROL.sub(_as_it_is, text).encode())}


def _as_it_is(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else match[0]
