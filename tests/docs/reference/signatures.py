"""Types and defaults of options, in the words of a reader."""

import inspect
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from tests.docs.reference.markdown import code
from userkit.kernel.ids import Id
from userkit.ports.rate_limit import Limit

__all__ = ["default_of", "in_words", "type_of"]

_UNITS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}
_BETWEEN_KINDS = re.compile(r" \| (?![^\[]*\])")  # and not in brackets
_MODULES = re.compile(r"\b(?:[a-z_]+\.)+(?=[A-Za-z])")


def type_of(annotation: Any) -> str:
    """Return a type as code; of a union each of its kinds, of a literal each of its values."""
    return " or ".join(dict.fromkeys(_kinds(annotation)))


def _kinds(annotation: Any) -> Iterator[str]:
    if isinstance(annotation, str):
        yield from map(code, _BETWEEN_KINDS.split(annotation))
    elif annotation == Id:
        yield code("Id")
    elif get_origin(annotation) in (Union, UnionType):
        yield from (kind for each in get_args(annotation) for kind in _kinds(each))
    elif get_origin(annotation) is Literal:
        yield from map(_quoted, get_args(annotation))
    elif get_origin(annotation) is Annotated:
        yield from _kinds(get_args(annotation)[0])
    elif annotation is type(None):
        yield code("None")
    else:
        yield code(_MODULES.sub("", inspect.formatannotation(annotation)))


def _quoted(value: object) -> str:
    return code(repr(value).replace("'", '"'))


def default_of(value: Any) -> str:
    """Return a default, empty where there is none, so that the option must be given."""
    match value:
        case inspect.Parameter.empty:
            return ""
        case timedelta():
            return in_words(value)
        case Limit():
            return f"{value.attempts} within {in_words(value.within)}"
        case () | Mapping():
            return "none"
        case _:
            return code(value.__qualname__) if callable(value) else _quoted(value)


def in_words(span: timedelta) -> str:
    """Return a span of time in its largest whole unit."""
    seconds = int(span.total_seconds())
    name, size = next((name, size) for name, size in _UNITS.items() if seconds % size == 0)
    count = seconds // size
    return "no time" if not count else f"{count} {name}{'' if count == 1 else 's'}"
