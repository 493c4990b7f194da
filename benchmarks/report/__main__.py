"""Write the pages that are made of the last report: ``python -m benchmarks.report``.

The exit status is 1 if a suite of the report ended with an error.
"""

import sys

from benchmarks.report.pages import LAST, write
from benchmarks.report.record import Report
from benchmarks.report.verdicts import judged, missing_distances, outlived_distances

__all__ = ["main"]


def main() -> int:
    """Write the pages, and say what became of each goal and what is to be written by hand."""
    report = Report.read(LAST)
    print(f"{write(report)} files written")
    for each in judged(report):
        print(f"{each.goal.name}: {each.state}")
    for name in missing_distances(report):
        print(f"distances/{name}.md is to say why it is not reached.")
    for name in outlived_distances(report):
        print(f"distances/{name}.md is of no goal that is open.")
    for suite in report.failed:
        print(f"{suite.name} ended with {suite.error}.", file=sys.stderr)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
