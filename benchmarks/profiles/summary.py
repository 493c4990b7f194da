"""A profile in numbers: whose code takes the time, and which functions take most of it."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from benchmarks.profiles.stacks import Frame, Profile, Stack

__all__ = ["summary"]

_FUNCTIONS = 10


def summary(name: str, profile: Profile) -> dict[str, Any]:
    """Return what a report quotes, shares in percent of the time at work."""
    owners: Counter[str] = Counter()
    own: Counter[Frame] = Counter()
    below: Counter[Frame] = Counter()
    for stack, seen in profile.stacks.items():
        owners[_owner(stack)] += seen
        own[_function(stack)] += seen
        below.update(dict.fromkeys(set(stack), seen))
    samples = profile.samples or 1
    return {
        "path": name,
        "samples": profile.samples,
        "waiting": _percent(profile.waiting, samples + profile.waiting),
        "packages": _shares(owners, samples),
        "functions": [
            {
                "function": frame.name,
                "file": frame.file,
                "own": _percent(seen, samples),
                "with what it calls": _percent(below[frame], samples),
            }
            for frame, seen in _most(own)[:_FUNCTIONS]
        ],
    }


def _owner(stack: Stack) -> str:
    """Return whose time it is: of the innermost code that is somebody's."""
    return next((frame.owner for frame in reversed(stack) if frame.owner), "other")


def _function(stack: Stack) -> Frame:
    """Return the function of Python that is running; C code that it calls is its own time."""
    return next((frame for frame in reversed(stack) if frame.is_python), stack[0])


def _most(seen: Counter[Frame]) -> list[tuple[Frame, int]]:
    return sorted(seen.items(), key=lambda it: (-it[1], it[0].file, it[0].name))


def _shares(owners: Mapping[str, int], samples: int) -> dict[str, float]:
    most = sorted(owners.items(), key=lambda it: (-it[1], it[0]))
    return {owner: _percent(seen, samples) for owner, seen in most}


def _percent(seen: int, samples: int) -> float:
    return round(100 * seen / samples, 1)
