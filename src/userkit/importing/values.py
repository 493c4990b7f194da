"""Single values of other systems, read strictly: what is not understood refuses the row."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from userkit.importing.person import RowRefusedError
from userkit.kernel.clock import whole_milliseconds

__all__ = ["flag", "full_name", "json_object", "moment", "of_epoch", "of_seconds", "text"]

_TRUE = frozenset({"1", "t", "true", "y", "yes", "on"})
_FALSE = frozenset({"0", "f", "false", "n", "no", "off"})


def text(record: Mapping[str, Any], key: str) -> str | None:
    """Return text without white space around it, or None where there is nothing else; bytes in hex."""
    value = record.get(key)
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (bool, Mapping, list)):
        raise RowRefusedError("malformed", f"{key} is not text.")
    return str(value).strip() or None


def flag(record: Mapping[str, Any], key: str, *, default: bool) -> bool:
    """Return a truth value, in any of the spellings of databases."""
    value = record.get(key)
    if isinstance(value, bool):
        return value
    word = (text(record, key) or "").lower()
    if not word:
        return default
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise RowRefusedError("malformed", f"{key} is neither true nor false.")


def moment(record: Mapping[str, Any], key: str) -> datetime | None:
    """Return a time of ISO 8601; without a zone it is UTC."""
    word = text(record, key)
    if word is None:
        return None
    try:
        found = datetime.fromisoformat(word)
        aware = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RowRefusedError("malformed", f"{key} is not a time of ISO 8601.") from None
    return whole_milliseconds(aware)


def of_epoch(record: Mapping[str, Any], key: str) -> datetime | None:
    """Return the time of milliseconds since 1970."""
    return _since_1970(record, key, 1000)


def of_seconds(record: Mapping[str, Any], key: str) -> datetime | None:
    """Return the time of seconds since 1970."""
    return _since_1970(record, key, 1)


def _since_1970(record: Mapping[str, Any], key: str, unit: int) -> datetime | None:
    word = text(record, key)
    if word is None:
        return None
    try:
        return whole_milliseconds(datetime.fromtimestamp(float(word) / unit, UTC))
    except (ValueError, OverflowError, OSError):
        raise RowRefusedError("malformed", f"{key} is not a number of seconds or milliseconds.") from None


def json_object(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return a JSON object, which may be written as text; an empty one where there is none."""
    value = record.get(key)
    if isinstance(value, str):
        if not value.strip():
            return {}
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RowRefusedError("malformed", f"{key} is not JSON.") from None
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise RowRefusedError("malformed", f"{key} is not a JSON object.")
    return value


def full_name(*parts: str | None) -> str | None:
    """Return the parts of a name that there are, as one."""
    return " ".join(part for part in parts if part) or None
