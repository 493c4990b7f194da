"""Where in the reference each public name stands."""

import inspect
import re
from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import userkit
from tests.docs.reference.pages import FOLDER

__all__ = ["homes", "shown_names"]

_DIRECTIVE = re.compile(r"^::: (\S+)\n((?:    .*\n)*)", re.MULTILINE)
_ANCHOR = re.compile(r"`(\w+)` ?\{ #\w+ \}")


def homes() -> dict[str, list[str]]:
    """Return the pages that tell of each name of ``userkit``, as often as they do."""
    public = {id(getattr(userkit, name)): name for name in userkit.__all__}
    found: dict[str, list[str]] = defaultdict(list)
    for page in _pages():
        text = page.read_text(encoding="utf-8")
        for name in _ANCHOR.findall(text):
            found[name].append(page.name)
        for thing in _shown(text):
            if id(thing) in public:
                found[public[id(thing)]].append(page.name)
    return found


def shown_names() -> set[str]:
    """Return the last part of every name that mkdocstrings shows."""
    directives = [
        found for page in _pages() for found in _DIRECTIVE.findall(page.read_text(encoding="utf-8"))
    ]
    return {name for path, options in directives for name in _names(path, options)}


def _names(path: str, options: str) -> Iterator[str]:
    yield path.rpartition(".")[2]
    thing = _resolved(path)
    if isinstance(thing, ModuleType) and "members: false" not in options:
        yield from _chosen(thing, options)


def _pages() -> list[Path]:
    """Return the pages for applications; the one for plugin authors tells of some names again."""
    return [page for page in sorted(FOLDER.rglob("*.md")) if page.name != "plugin-api.md"]


def _shown(text: str) -> Iterator[Any]:
    for path, options in _DIRECTIVE.findall(text):
        thing = _resolved(path)
        if not isinstance(thing, ModuleType):
            yield thing
        elif "members: false" not in options:
            yield from _members(thing, options)


def _members(module: ModuleType, options: str) -> Iterator[Any]:
    for name in _chosen(module, options):
        thing = getattr(module, name)
        if inspect.getmodule(thing) is module:
            yield thing


def _chosen(module: ModuleType, options: str) -> list[str]:
    listed = re.search(r"members: \[(.*)\]", options)
    return re.findall(r"\w+", listed[1]) if listed else list(module.__all__)


def _resolved(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return import_module(path)
    except ModuleNotFoundError:
        return getattr(_resolved(module), name)
