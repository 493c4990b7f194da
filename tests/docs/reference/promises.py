"""Which tests carry the name of which promise."""

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.docs.reference.markdown import code, table

__all__ = [
    "EXPERIMENTS",
    "PROMISES",
    "experiments_table",
    "places_of_tests",
    "promises_of",
    "promises_table",
    "proofs_by_id",
]

_ROOT = Path(__file__).parents[3]
_DATA: Mapping[str, Any] = tomllib.loads(
    (Path(__file__).parent / "promises.toml").read_text(encoding="utf-8")
)
_ID = re.compile(r"test_([a-z]{2}_\d+|x\d+)_")

PROMISES: Mapping[str, Mapping[str, Any]] = _DATA["promises"]
"""What is promised, and which features keep it, by the id."""

EXPERIMENTS: Mapping[str, str] = _DATA["experiments"]
"""What must hold, by the id of the experiment."""


@cache
def proofs_by_id() -> dict[str, Counter[str]]:
    """Return how many tests there are for each id, by file. They are found as pytest finds them."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for folder, pattern in (("tests", "test_*.py"), ("src/userkit/testing", "*.py")):
        for file in sorted((_ROOT / folder).rglob(pattern)):
            for name in _tests(ast.parse(file.read_text(encoding="utf-8")).body):
                if match := _ID.match(name):
                    found[match[1].upper().replace("_", "-")][file.relative_to(_ROOT).as_posix()] += 1
    return found


def _tests(body: list[ast.stmt]) -> Iterator[str]:
    for each in body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
            yield each.name
        elif isinstance(each, ast.ClassDef):
            yield from _tests(each.body)


def promises_table() -> str:
    """Return the promises, with the tests of each."""
    return _table("promise", {id: promise["text"] for id, promise in PROMISES.items()})


def experiments_table() -> str:
    """Return the experiments, with the tests of each."""
    return _table("experiment", EXPERIMENTS)


def promises_of(feature: str) -> str:
    """Return links to the promises that a feature keeps."""
    ids = [id for id, promise in PROMISES.items() if feature in promise["features"]]
    links = ", ".join(f"[{id}](security-promises.md#{id.lower()})" for id in ids)
    return f"Promises: {links}." if links else "No promise is its own."


def places_of_tests(ids: Iterable[str]) -> str:
    """Return where the tests of each of these are, below ``tests`` or in our suites for others."""
    found = proofs_by_id()
    return "\n".join(f"- **{id}**: {', '.join(map(_place, found[id]))}" for id in ids)


def _place(file: str) -> str:
    return code(file.removeprefix("tests/").removeprefix("src/"))


def _table(head: str, told: Mapping[str, str]) -> str:
    found = proofs_by_id()
    rows = [(f"{code(id)}{{ #{id.lower()} }}", text, str(found[id].total())) for id, text in told.items()]
    return table([head, "what holds", "tests"], rows)
