"""Reports of a run that never was."""

from collections.abc import Mapping
from typing import Any

from benchmarks.measure import Contest, Count, Result
from benchmarks.report.record import Machine, Report, SuiteRecord

__all__ = ["contest", "count", "record", "report"]


def contest(name: str = "get", *, rival: str = "a rival", ratio: float = 1.0, **more: Any) -> Contest:
    """Return a comparison with somebody who takes a microsecond."""
    figures: dict[str, Any] = {"ours_us": ratio, "rival_us": 1.0, "lowest": ratio, "highest": ratio, **more}
    return Contest(name=name, rival=rival, ratio=ratio, **figures)


def count(name: str = "modules", *, value: float = 1, unit: str = "modules", **more: Any) -> Count:
    """Return a number."""
    return Count(name=name, value=value, unit=unit, **more)


def record(
    name: str,
    *results: Result,
    cores: int = 2,
    versions: Mapping[str, str] | None = None,
    error: str | None = None,
) -> SuiteRecord:
    """Return one run of a suite."""
    machine = Machine(
        processor="Processor", cores=cores, memory_gib=8, system="System", kernel="Kernel", python="CPython"
    )
    return SuiteRecord(
        name=name,
        about=f"Measure {name}.",
        date="2026-11-25 12:00",
        seconds=12.3,
        load_before=[0.1, 0.2, 0.3],
        load_after=[0.4, 0.5, 0.6],
        machine=machine,
        versions=versions or {"userkit-sdk": "0.1.0"},
        revision="0123456789",
        results=list(results),
        error=error,
    )


def report(*records: SuiteRecord) -> Report:
    """Return a report of these runs."""
    return Report(suites={each.name: each for each in records})
