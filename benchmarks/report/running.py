"""Run suites one after the other, and keep what came of each as soon as it is there."""

import os
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from benchmarks.measure import HEADER, Result
from benchmarks.report.markdown import report_text
from benchmarks.report.record import Report, SuiteRecord
from benchmarks.report.surroundings import machine, private_paths, revision, versions

__all__ = ["Suite", "kept", "run_suites"]


class Suite(Protocol):
    """A module that measures something."""

    __doc__: str | None

    def run(self) -> Iterator[Result]: ...


def run_suites(
    names: Sequence[str], load: Callable[[str], Suite], *, folder: Path | None, order: Sequence[str]
) -> list[SuiteRecord]:
    """Run each, print what it yields, and write the report after each of them if there is a folder."""
    records = []
    for name in names:
        print(f"\n## {name}\n", flush=True)
        records.append(_recorded(name, load))
        if folder is not None:
            kept(records[-1], folder, order)
    return records


def kept(record: SuiteRecord, folder: Path, order: Sequence[str]) -> None:
    """Merge a run into the report of a folder."""
    Report.read(folder).merged(record, order).write(folder, private=private_paths())
    (folder / "report.md").write_text(report_text(Report.read(folder)), encoding="utf-8")


def _recorded(name: str, load: Callable[[str], Suite]) -> SuiteRecord:
    date, before, begin = datetime.now(UTC), os.getloadavg(), time.perf_counter()
    results: list[Result] = []
    about, error = "", None
    try:
        suite = load(name)
        about = _first_paragraph(suite.__doc__)
        for result in suite.run():
            _print(result, results[-1:])
            results.append(result)
    except Exception as failure:  # noqa: BLE001  # whatever ends a suite, the others are measured
        traceback.print_exc()
        error = type(failure).__name__
    return SuiteRecord(
        name=name,
        about=about,
        date=date.strftime("%Y-%m-%d %H:%M"),
        seconds=round(time.perf_counter() - begin, 1),
        load_before=[round(each, 2) for each in before],
        load_after=[round(each, 2) for each in os.getloadavg()],
        machine=machine(),
        versions=versions(),
        revision=revision(),
        results=results,
        error=error,
    )


def _first_paragraph(docstring: str | None) -> str:
    return " ".join((docstring or "").strip().split("\n\n")[0].split()).replace("``", "`")


def _print(result: Result, before: Sequence[Result]) -> None:
    """Print a sentence or a row, with an empty line where a table begins or ends."""
    line = result if isinstance(result, str) else result.row()
    was_row = bool(before) and not isinstance(before[0], str)
    if not isinstance(result, str) and not was_row:
        line = f"{HEADER}\n{line}"
    print(f"\n{line}" if before and was_row == isinstance(result, str) else line, flush=True)
