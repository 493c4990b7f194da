"""Entities as text that is the same wherever they are kept: what says that two are equal."""

import json
from datetime import UTC, datetime
from typing import Any, TypeVar

from userkit.kernel.entity import Entity
from userkit.storage.records import Records

__all__ = ["canonical", "is_same"]

E = TypeVar("E", bound=Entity)


def canonical(records: Records[E], entity: E) -> bytes:
    """Return the fields of an entity as JSON in ASCII, in the order of their names.

    Bytes are hexadecimal, times are RFC 3339 in UTC. What is derived from fields is not in it, and
    neither is the number of the record's form: that is the business of each engine.
    """
    record = records.encode(entity)
    fields = {name: record[name] for name in records.fields}
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), default=_text).encode("ascii")


def is_same(records: Records[E], one: E | None, other: E | None) -> bool:
    """Tell whether two entities, or their absence, are the same to the last byte; ``1`` is not ``1.0``."""
    if one is None or other is None:
        return one is other
    return canonical(records, one) == canonical(records, other)


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    return bytes(value).hex()
