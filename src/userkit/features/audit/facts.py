"""What an event tells, as JSON that is safe to keep and to show.

Events come from every feature, the application's own included, and may repeat what a stranger has
sent. So it is said here what may pass, and everything else stays out.
"""

import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any

from userkit.features.audit.model import rfc_3339
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event
from userkit.kernel.ids import is_id
from userkit.kernel.json import JSONObject, UnfitJSONError, fit_json
from userkit.kernel.origin import printable

__all__ = ["LARGEST_FACTS", "LONGEST_TEXT", "MOST_ITEMS", "facts_of", "name_of", "safe_text", "subject_of"]

LONGEST_TEXT = 255
MOST_ITEMS = 50
LARGEST_FACTS = 16 * 1024
"""How many characters the facts of one event have at most; what is beyond that stays out."""

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_NOT_FACTS = frozenset({"at", "realm"})


@lru_cache(maxsize=1024)
def name_of(class_name: str) -> str:
    """Return the name of a kind of event: ``UserRegistered`` is ``user_registered``."""
    return safe_text(_WORD.sub("_", class_name).lower())


def safe_text(text: str) -> str:
    """Return the beginning of a text, in printable characters."""
    text = text[:LONGEST_TEXT]  # first, so that a long one costs nothing
    return text if text.isprintable() else printable(text)


def subject_of(event: Event) -> str | None:
    """Return the id of the user whom an event is about, or None."""
    user = getattr(event, "user", None)
    subject = user.id if isinstance(user, Entity) else getattr(event, "user_id", None)
    return subject if is_id(subject) else None


def facts_of(event: Event) -> JSONObject:
    """Return what an event tells beside the time, the realm and its subject."""
    room, facts = LARGEST_FACTS, dict[str, Any]()
    for name, value in _told(event):
        size = len(repr(value))
        if value is not None and size <= room:
            facts[name] = value
            room -= size
    return facts


def _told(event: Event) -> Iterator[tuple[str, Any]]:
    subject = subject_of(event)
    for field in fields(event):
        name, value = field.name, getattr(event, field.name)
        if name in _NOT_FACTS or (name == "user_id" and value == subject):
            continue
        if isinstance(value, Entity):
            yield f"{name}_id", None if value.id == subject else _fact(value.id)
        elif isinstance(value, (frozenset, tuple)):
            yield name, _list(value)
        else:
            yield name, _fact(value)


def _list(values: frozenset[Any] | tuple[Any, ...]) -> list[Any]:
    facts = (fact for fact in map(_fact, values) if fact is not None)
    return sorted(facts, key=str)[:MOST_ITEMS]


def _fact(value: object) -> Any:
    """Return one value as JSON, or None for what has no place in the trail."""
    if isinstance(value, Enum):
        return _fact(value.value)
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, datetime):
        return rfc_3339(value) if value.tzinfo else None
    if isinstance(value, (bool, int, float)):
        return _fit(value)
    return None


def _fit(value: float) -> Any:
    try:
        return fit_json(value)
    except UnfitJSONError:
        return None
