"""Diagrams of the documentation that are drawn from the code, as Mermaid.

A page names one in a comment above its block: ``<!-- drawn from the code: layers -->``. What stands in that
block is replaced by ``draw_diagrams.py``, and a test says when the two differ.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from userkit import errors
from userkit.feature import Feature
from userkit.features.activity_summary import activity_summary
from userkit.features.built_in import built_in
from userkit.features.screening import screening
from userkit.features.sessions.model import Lifetimes, Session, SessionKind, Standing
from userkit.http.problems import status_of
from userkit.kernel.opaque import digest

__all__ = ["DRAWN", "redrawn"]

_ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(r"(<!-- drawn from the code: (\w+) -->\n\n```mermaid\n).*?(```\n)", re.DOTALL)


def redrawn(page: str) -> str:
    """Return the text of a page with the diagrams in it that the code has now."""
    return _BLOCK.sub(lambda block: block[1] + DRAWN[block[2]]() + block[3], page)


def layers() -> str:
    """Draw who may import whom, from the contract that the linters check."""
    settings = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    rows = [re.sub(r"[()]", "", layer).split(" | ") for layer in contract["layers"]]
    return _lines('%%{init: {"flowchart": {"rankSpacing": 14}}}%%', "flowchart TB", *_stacked(rows))


def _stacked(rows: list[list[str]]) -> Iterator[str]:
    """Return one box for each row, and an arrow from each to the next."""
    for number, names in enumerate(rows):
        yield f"    layer{number}[{' · '.join(names)}]"
    yield "    " + " --> ".join(f"layer{number}" for number in range(len(rows)))


def features() -> str:
    """Draw which feature requires which, without what follows from the rest."""
    always, asked_for = built_in(), (screening(), activity_summary())
    brought = [feature for each in asked_for for feature in each.brings]
    every = {feature.name: feature for feature in (*always, *asked_for, *brought)}
    optional = sorted(every.keys() - {feature.name for feature in always})
    edges = [f"    {name} --> {other}" for name in every for other in _directly(every[name], every)]
    alone = [f"    {name}" for name in every if not any(name in edge.split() for edge in edges)]
    return _lines(
        "flowchart LR",
        *alone,
        *edges,
        "    classDef optional stroke-dasharray: 4 3",
        f"    class {','.join(optional)} optional",
    )


def _directly(feature: Feature[Any, Any], every: Mapping[str, Feature[Any, Any]]) -> list[str]:
    """Return what a feature requires and what none of its other requirements requires already."""
    indirect = {name for other in feature.requires for name in _all_below(every[other], every)}
    return [name for name in feature.requires if name not in indirect]


def _all_below(feature: Feature[Any, Any], every: Mapping[str, Feature[Any, Any]]) -> set[str]:
    below = set(feature.requires)
    return below.union(*(_all_below(every[name], every) for name in feature.requires))


def error_tree() -> str:
    """Draw the first branches of the tree of errors, with the statuses that each has over HTTP."""
    return _lines(
        "flowchart LR", *(_branch(kind) for kind in _errors() if kind.__base__ is errors.UserKitError)
    )


def _branch(kind: type[errors.UserKitError]) -> str:
    statuses = sorted({int(status_of(each)) for each in _errors() if issubclass(each, kind)})
    return f'    UserKitError --> {kind.__name__}["{kind.__name__}<br>{", ".join(map(str, statuses))}"]'


def _errors() -> list[type[errors.UserKitError]]:
    """Return the errors in the order of their module."""
    return [kind for name, kind in vars(errors).items() if name in errors.__all__]


def refresh_tokens() -> str:
    """Draw what becomes of a refresh token, as a session that has been refreshed twice tells it."""
    shown = {
        "the newest": _standing(generation=2, current=True),
        "the one before, spent just now": _standing(generation=1),
        "the one before, spent long ago": _standing(generation=1, later=timedelta(minutes=1)),
        "an older one": _standing(generation=0),
        "none that was ever issued": _standing(generation=2),
    }
    ways = [
        f"    token([a refresh token]) -- {what} --> {standing.name}[{_BECOMES[standing]}]"
        for what, standing in shown.items()
    ]
    return _lines("flowchart LR", *ways)


_NEWEST, _OTHER = b"2" * 32, b"1" * 32
_BECOMES = {
    Standing.CURRENT: "the next pair of tokens",
    Standing.JUST_SPENT: "refused, and nothing else",
    Standing.REUSED: "refused, and the session ends",
    Standing.FOREIGN: "refused, and nothing else",
}


def _standing(*, generation: int, current: bool = False, later: timedelta = timedelta(0)) -> Standing:
    """Ask a session in its third generation about a token."""
    now, lifetimes = datetime(2026, 1, 1, tzinfo=UTC), Lifetimes()
    session = Session(
        id="1", user_id="1", epoch=0, kind=SessionKind.BEARER, methods=frozenset(), digest=digest(_NEWEST),
        generation=2, created_at=now, authenticated_at=now, last_used_at=now, expires_at=now, ends_at=now,
    )  # fmt: skip
    return session.standing(
        generation=generation,
        secret=_NEWEST if current else _OTHER,
        genuine=generation < 2,
        now=now + later,
        grace=lifetimes.grace,
    )


def _lines(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


DRAWN: Mapping[str, Callable[[], str]] = {
    "errors": error_tree,
    "features": features,
    "layers": layers,
    "refresh_tokens": refresh_tokens,
}
"""The diagrams, by the names that pages know them by."""
