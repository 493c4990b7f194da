"""Options, events and collections of each feature."""

import inspect
import re
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import fields
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.docs.reference.markdown import code, first_sentence, options_of, prose, table
from tests.docs.reference.signatures import default_of, type_of
from userkit.feature import Feature
from userkit.features.activity_summary import activity_summary
from userkit.features.built_in import built_in
from userkit.features.screening import screening
from userkit.features.spending import spending
from userkit.kernel.events import Event
from userkit.storage.collection import Collection

__all__ = [
    "BUILT_IN",
    "FEATURES",
    "FOLDER",
    "OPTIONAL",
    "events_of",
    "factory_of",
    "feature_blocks",
    "options_table",
    "page_of",
]

FOLDER = Path(__file__).parents[3] / "docs" / "reference"
BUILT_IN: Mapping[str, Feature[Any, Any]] = {each.name: each for each in built_in()}
OPTIONAL: Mapping[str, Feature[Any, Any]] = {
    each.name: each for each in (screening(), activity_summary(), spending())
}
FEATURES: Mapping[str, Feature[Any, Any]] = {**BUILT_IN, **OPTIONAL}


def page_of(feature: str) -> str:
    """Return the name of the page of a feature."""
    return f"{feature.replace('_', '-')}.md"


def factory_of(feature: str) -> Callable[..., Feature[Any, Any]]:
    """Return the function that makes a feature."""
    factory: Callable[..., Feature[Any, Any]] = getattr(import_module(f"userkit.features.{feature}"), feature)
    return factory


def feature_blocks(feature: str) -> dict[str, str]:
    """Return what is made of the code for the page of a feature, by the names of the places."""
    return {
        "options": _options(factory_of(feature)),
        "events": _events(events_of(feature)),
        "stores": _stores(FEATURES[feature].collections, shown=_shown(feature)),
    }


def events_of(feature: str) -> list[type[Event]]:
    """Return the events of a feature, in the order of its module."""
    module = f"userkit.features.{feature}.events"
    if find_spec(module) is None:
        return []
    return [each for each in vars(import_module(module)).values() if _is_event(each, module)]


def _is_event(thing: Any, module: str) -> bool:
    return isinstance(thing, type) and issubclass(thing, Event) and thing.__module__ == module


def _options(factory: Callable[..., Feature[Any, Any]]) -> str:
    return options_table(factory) if inspect.signature(factory).parameters else "It has no options."


def options_table(taking: Callable[..., Any]) -> str:
    """Return the parameters of a function, with what its docstring says of each."""
    told = options_of(taking.__doc__)
    rows = [
        (code(name), type_of(each.annotation), default_of(each.default), told[name])
        for name, each in inspect.signature(taking).parameters.items()
        if name != "self"
    ]
    return table(["option", "type", "default", "meaning"], rows)


def _events(events: Sequence[type[Event]]) -> str:
    if not events:
        return "It tells of nothing."
    rows = [
        (f"{code(each.__name__)}{{ #{each.__name__} }}", _names(each), prose(each.__doc__)) for each in events
    ]
    return table(["event", "fields beside `at` and `realm`", "what has happened"], rows)


def _names(event: type[Event]) -> str:
    of_all = {each.name for each in fields(Event)}
    names = ", ".join(code(each.name) for each in fields(event) if each.name not in of_all)
    return f"{names}; routine" if event.routine else names


def _shown(feature: str) -> Container[str]:
    """Return what mkdocstrings tells of in full on the page of a feature."""
    return re.findall(
        r"^::: [\w.]*\.(\w+)$", (FOLDER / page_of(feature)).read_text(encoding="utf-8"), re.MULTILINE
    )


def _stores(collections: Sequence[Collection[Any]], *, shown: Container[str]) -> str:
    if not collections:
        return "It stores nothing of its own."
    return "\n\n".join(f"{_caption(each, shown)}\n\n{_stored(each)}" for each in collections)


def _caption(collection: Collection[Any], shown: Container[str]) -> str:
    entity = collection.entity
    told = first_sentence(entity.__doc__) if entity.__name__ in shown else prose(entity.__doc__)
    return f"**{code(collection.name)}** ({code(entity.__name__)}). {told}"


def _stored(collection: Collection[Any]) -> str:
    shown = {each.name: each for each in fields(collection.entity)}
    rows = [
        (code(name), type_of(each.type), _kept(collection, name, secret=not each.repr))
        for name, each in shown.items()
        if name not in ("id", "version")
    ]
    derived = [(code(name), "derived", _kept(collection, name)) for name in collection.derived]
    return table(["field", "type", "how it is kept"], [*rows, *derived])


def _kept(collection: Collection[Any], name: str, *, secret: bool = False) -> str:
    told = {
        "unique": name in collection.unique,
        "looked up by": name in collection.index,
        "purged after it": name == collection.expires,
        "not in its `repr`": secret,
    }
    return ", ".join(words for words, applies in told.items() if applies)
