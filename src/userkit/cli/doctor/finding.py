"""What a check finds."""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Finding", "State", "fail", "judged", "ok", "skipped", "warn"]


class State(StrEnum):
    """How it is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one thing is, and how to mend it. Neither sentence holds a secret."""

    check: str
    state: State
    found: str
    advice: str = ""


def ok(check: str, found: str) -> Finding:
    """Return that something is well."""
    return Finding(check=check, state=State.OK, found=found)


def warn(check: str, found: str, advice: str) -> Finding:
    """Return that something may go wrong, and how to mend it."""
    return Finding(check=check, state=State.WARN, found=found, advice=advice)


def fail(check: str, found: str, advice: str = "") -> Finding:
    """Return that something is wrong, and how to mend it."""
    return Finding(check=check, state=State.FAIL, found=found, advice=advice)


def skipped(check: str, why: str, advice: str = "") -> Finding:
    """Return that something was not checked, and why."""
    return Finding(check=check, state=State.SKIPPED, found=why, advice=advice)


def judged(check: str, found: str, *, well: bool, advice: str) -> Finding:
    """Return that something is well, or else a warning."""
    return ok(check, found) if well else warn(check, found, advice)
