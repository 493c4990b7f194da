"""What has been made faster: before and after, how it was measured, and whether it was worth its lines."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Optimisation", "optimisations"]

FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimisation:
    """A change that was made for speed."""

    what: str
    path: str
    """What it is about, such as ``SQLite: save``."""
    before: str
    after: str
    how: str
    """How both were measured."""
    is_kept: bool = True
    """What did not pay was taken out again."""


def optimisations(file: Path = FILE) -> Sequence[Optimisation]:
    """Read the table; an empty file has none."""
    told = tomllib.loads(file.read_text(encoding="utf-8"))
    return [Optimisation(**each) for each in told.get("optimisation", ())]
