"""Run the benchmarks: ``python -m benchmarks [SUITE…] [--report FOLDER]``.

What each suite yields is printed as it comes. With a folder it is written there as well: ``report.json`` and
``report.md``, in which other suites stay as they were. The exit status is 1 if a suite ended with an error.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from benchmarks.report.running import Suite, run_suites
from benchmarks.report.suites import SUITES

__all__ = ["main"]


def main(arguments: Sequence[str]) -> int:
    """Run the chosen suites, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure userkit and others.")
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"one of {', '.join(SUITES)}; else all")
    parser.add_argument("--report", type=Path, metavar="FOLDER", help="where the report is, or shall be")
    told = parser.parse_args(arguments)
    if unknown := set(told.suites) - set(SUITES):
        parser.error(f"there is no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    records = run_suites(told.suites or SUITES, _load, folder=told.report, order=SUITES)
    failed = [record for record in records if record.error]
    for record in failed:
        print(f"\n{record.name} ended with {record.error}.", file=sys.stderr)
    return 1 if failed else 0


def _load(name: str) -> Suite:
    return import_module(f"benchmarks.{name}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
