"""Where in the reference each public name stands."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import userkit
from tests.docs.reference.pages import FOLDER

__all__ = ["homes"]

_DIRECTIVE = re.compile(r"^::: (\S+)\n((?:    .*\n)*)", re.MULTILINE)
_ANCHOR = re.compile(r"`(\w+)` ?\{ #\w+ \}")


def homes() -> dict[str, list[str]]:
    """Return the pages that tell of each name of ``userkit``, as often as they do."""
    public = {id(getattr(userkit, name)): name for name in userkit.__all__}
    found: dict[str, list[str]] = defaultdict(list)
    for page in sorted(FOLDER.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        for name in _ANCHOR.findall(text):
            found[name].append(page.name)
        for thing in _shown(text):
            if id(thing) in public:
                found[public[id(thing)]].append(page.name)
    return found


def _shown(text: str) -> Iterator[Any]:
    for path, options in _DIRECTIVE.findall(text):
        thing = _resolved(path)
        if not isinstance(thing, ModuleType):
            yield thing
        elif "members: false" not in options:
            yield from _members(thing, options)


def _members(module: ModuleType, options: str) -> Iterator[Any]:
    chosen = re.search(r"members: \[(.*)\]", options)
    names = re.findall(r"\w+", chosen[1]) if chosen else module.__all__
    for name in names:
        thing = getattr(module, name)
        if inspect.getmodule(thing) is module:
            yield thing


def _resolved(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return import_module(path)
    except ModuleNotFoundError:
        return getattr(_resolved(module), name)
