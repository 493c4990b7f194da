"""Check of what a password hash costs on this machine."""

import os
import re
from collections.abc import Iterator
from time import perf_counter

from userkit.cli.doctor.finding import Finding, ok, skipped, warn
from userkit.cli.doctor.patient import Patient
from userkit.plugins.backends import open_hasher
from userkit.sync import run

__all__ = ["hashing_findings", "time_finding"]

_TOO_FAST, _TOO_SLOW = 0.05, 0.5
_MEMORY = re.compile(r"\$m=(\d+),")
_PASSWORD = "correct horse battery staple"  # noqa: S105  # nobody's; it is hashed and thrown away


def hashing_findings(patient: Patient) -> Iterator[Finding]:
    """Make one hash with the hasher of a kit that names none."""
    hasher = open_hasher("argon2", blocking=True)
    try:
        begun = perf_counter()
        encoded = run(hasher.hash(_PASSWORD))
        taken = perf_counter() - begun
    finally:
        run(hasher.close())
    yield time_finding(taken)
    yield _memory(encoded, patient)


def time_finding(seconds: float) -> Finding:
    """Judge how long a hash takes."""
    check, found = "password hash: time", f"one by argon2 takes {seconds * 1000:.0f} ms here"
    if seconds < _TOO_FAST:
        return warn(
            check,
            found,
            "Raise USERKIT_ARGON2_TIME_COST or USERKIT_ARGON2_MEMORY_COST until it takes 50 to 500 ms.",
        )
    if seconds > _TOO_SLOW:
        return warn(
            check,
            found,
            "People wait for it, and few can sign in at once: lower what was raised, or add processors.",
        )
    return ok(check, found)


def _memory(encoded: str, patient: Patient) -> Finding:
    check, told = "password hash: memory", _MEMORY.search(encoded)
    if told is None:
        return skipped(check, "this hasher does not say what memory it takes")
    mebibytes = int(told[1]) / 1024
    at_once = _number(patient, "USERKIT_ARGON2_WORKERS") or max(1, (os.cpu_count() or 1) // 2)
    processes = _number(patient, "USERKIT_SERVE_WORKERS") or 1
    needed = mebibytes * at_once * processes
    found = f"{processes} process(es) x {at_once} at once x {mebibytes:.0f} MiB are {needed:.0f} MiB"
    there = _memory_of_machine()
    if there is None:
        return skipped(check, f"{found}; this system does not say what memory it has")
    if needed > there / 2:
        return warn(
            check, f"{found} of {there:.0f}", "Lower USERKIT_ARGON2_WORKERS, or have fewer processes."
        )
    return ok(
        check,
        f"{found} of {there:.0f}; processes that something else than `userkit serve` starts are not counted",
    )


def _number(patient: Patient, name: str) -> int | None:
    text = patient.environment.get(name, "")
    return int(text) if text.isdecimal() else None


def _memory_of_machine() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**2
    except (AttributeError, OSError, ValueError):
        return None
