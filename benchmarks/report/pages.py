"""The pages that are made of the last report: one of the documentation, its pictures, and the README here."""

import json
from collections.abc import Iterator
from pathlib import Path

from benchmarks.report.drawing import SCHEMES, drawn
from benchmarks.report.figures import Figure, figures
from benchmarks.report.markdown import (
    goals_table,
    machines,
    optimisations_table,
    report_text,
    suite_text,
    table,
    versions,
)
from benchmarks.report.optimisations import optimisations
from benchmarks.report.record import Report
from benchmarks.report.surroundings import ROOT
from benchmarks.report.verdicts import distance_of, judged

__all__ = [
    "LAST",
    "PAGE",
    "PICTURES",
    "README",
    "REMARKS",
    "filled",
    "pages",
    "performance",
    "stale",
    "write",
]

LAST = ROOT / "benchmarks" / "last"
README = ROOT / "benchmarks" / "README.md"
PAGE = ROOT / "docs" / "explanation" / "performance.md"
PICTURES = ROOT / "docs" / "assets" / "performance"
INTRODUCTION = Path(__file__).parent / "introduction.md"
REMARKS = Path(__file__).parent / "remarks"
PROFILES = ROOT / "benchmarks" / "profiles" / "kept"

_HOW_JUDGED = (
    "A goal is reached when each of its results is within its bound. Behind it stands how many are, and the "
    "one that is closest to its bound or furthest beyond. The tables of the suites say which row belongs to "
    "which goal."
)
_FLAMES = (
    "Flame graphs of each path are in `benchmarks/profiles/kept`, made with py-spy by "
    "`python -m benchmarks.profiles`. "
    "This is whose code takes the time:"
)
HOW = "python -m benchmarks.report"


def pages(report: Report) -> dict[Path, str]:
    """Return every file that is made of a report, with what it must hold."""
    pictures = {
        PICTURES / _file(figure, scheme): drawn(figure, scheme)
        for figure in figures(report)
        for scheme in SCHEMES
    }
    return {
        LAST / "report.md": report_text(report),
        README: readme(report, README.read_text(encoding="utf-8")),
        PAGE: performance(report),
        **pictures,
    }


def write(report: Report) -> int:
    """Write them, take away pictures that are of no result any more, and return how many files there are."""
    made = pages(report)
    PICTURES.mkdir(parents=True, exist_ok=True)
    for path in set(PICTURES.glob("*")) - made.keys():
        path.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")
    return len(made)


def stale(report: Report) -> list[Path]:
    """Return the files that say something else than the report, and pictures that are none of its."""
    made = pages(report)
    changed = [path for path, text in made.items() if not path.exists() or path.read_text("utf-8") != text]
    return changed + sorted(path for path in PICTURES.glob("*") if path not in made)


def performance(report: Report) -> str:
    """Return the page of the documentation."""
    introduction = INTRODUCTION.read_text(encoding="utf-8").strip()
    parts = [
        f"{introduction}\n\n<!-- made by `{HOW}` from benchmarks/last/report.json -->",
        "## What it was measured on",
        _environment(report),
        "## Goals",
        _HOW_JUDGED,
        goals_table(report),
        *_shown(report, None),
        *_distances(report),
        *_optimisations(),
        *_profiles(linked=False),
        "## The suites",
        *_suites(report, with_pictures=True),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def readme(report: Report, before: str) -> str:
    """Return the README with what is made of the report in its places."""
    goals = [_environment(report), goals_table(report), *_distances(report), *_optimisations()]
    results = [*_suites(report), *_profiles(linked=True)]
    told = filled(before, "goals", "\n\n".join(goals))
    return filled(told, "results", "\n\n".join(results))


def filled(page: str, name: str, block: str) -> str:
    """Return a page with a block in its place, which two comments mark."""
    begin, end = f"<!-- {name}: made by {HOW} -->", f"<!-- end of {name} -->"
    before, found, rest = page.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"The page has no place for {name}: {begin} and {end}")
    return f"{before}{begin}\n\n{block}\n\n{end}{after}"


def _environment(report: Report) -> str:
    return f"{machines(report)}\n\n{versions(report)}"


def _distances(report: Report) -> Iterator[str]:
    """Return why goals are not reached, as people have written it."""
    missed = [each for each in judged(report) if each.state == "not reached"]
    if missed:
        yield "## What is not reached, and why"
    for each in missed:
        yield f"### {each.goal.name}: {each.goal.short}"
        yield distance_of(each.goal.name) or "*Nobody has looked into it yet.*"


def _optimisations() -> Iterator[str]:
    made = optimisations_table(optimisations())
    if made:
        yield "## What was made faster"
        yield made


def _profiles(*, linked: bool) -> Iterator[str]:
    """Return whose code takes the time of each path that has a flame graph."""
    rows = [_profile(each, linked=linked) for each in sorted(PROFILES.glob("*.json"))]
    if rows:
        yield "## Profiles"
        yield _FLAMES
        yield table(("path", "share of the time at work, in percent"), rows)


def _profile(file: Path, *, linked: bool) -> list[str]:
    told = json.loads(file.read_text(encoding="utf-8"))
    shares = ", ".join(f"{owner} {share:g}" for owner, share in told["packages"].items() if share >= 1)
    name = told["path"]
    return [f"[{name}](profiles/kept/{name}.svg)" if linked else f"`{name}`", shares]


def _suites(report: Report, *, with_pictures: bool = False) -> Iterator[str]:
    for suite in report.suites.values():
        remarks = REMARKS / f"{suite.name}.md"
        yield suite_text(suite)
        if with_pictures:
            yield from _shown(report, suite.name)
        if remarks.exists():
            yield remarks.read_text(encoding="utf-8").strip()


def _shown(report: Report, suite: str | None) -> Iterator[str]:
    """Return both pictures of a figure; the theme shows the one that its colours are for."""
    for figure in figures(report):
        if figure.suite == suite:
            where = "goals above" if suite is None else "table above"
            yield "\n".join(
                f"![{figure.title}. The numbers are in the {where}.]"
                f"(../assets/performance/{_file(figure, scheme)}#only-{scheme})"
                for scheme in SCHEMES
            )


def _file(figure: Figure, scheme: str) -> str:
    return f"{figure.name}-{scheme}.svg"
