"""A report as Markdown: goals, and a table for each suite."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from benchmarks.measure import Contest, Count, Result
from benchmarks.report.optimisations import Optimisation
from benchmarks.report.record import Report, SuiteRecord
from benchmarks.report.verdicts import Bounded, Judged, bounded, judged, number

__all__ = ["goals_table", "machines", "optimisations_table", "report_text", "suite_text", "table", "versions"]

HEAD = ("what", "against", "userkit", "rival", "ratio (range)", "unit", "promised")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows))


def report_text(report: Report) -> str:
    """Return the whole of a report, without what people have written about it."""
    goals = ["## Goals", goals_table(report)]
    suites = ["## Suites", *(suite_text(each) for each in report.suites.values())]
    parts = ["# Benchmarks", machines(report), versions(report), *goals, *suites]
    return "\n\n".join(part for part in parts if part) + "\n"


def machines(report: Report) -> str:
    """Return what the suites ran on: once for all where it is the same."""
    told = _by_value(report, _machine)
    return _said(told, "The machine")


def versions(report: Report) -> str:
    """Return the versions that were measured; those that differ between suites are told by suite."""
    names = dict.fromkeys(name for each in report.suites.values() for name in each.versions)
    told = ", ".join(f"{name} {_few(_by_value(report, partial(_version, name)))}" for name in names)
    return f"Versions: {told}." if told else ""


def goals_table(report: Report) -> str:
    """Return what is promised, and what became of it, by the result that is worst."""
    rows = [[each.goal.name, each.goal.promise, _verdict(each)] for each in judged(report)]
    return table(("goal", "promised", "found"), rows)


def optimisations_table(all_of_them: Sequence[Optimisation]) -> str:
    """Return what was changed for speed, or nothing."""
    if not all_of_them:
        return ""
    rows = [
        [
            each.what,
            each.path,
            each.before,
            each.after,
            each.how,
            "" if each.is_kept else "taken out again",
        ]
        for each in all_of_them
    ]
    return table(("what", "where", "before", "after", "how it was measured", ""), rows)


def suite_text(suite: SuiteRecord) -> str:
    """Return what a suite measures, how its run was, and its results."""
    failed = f"**It ended with {_a(suite.error)}, and counts for no goal.**" if suite.error else ""
    parts = [f"### {suite.name}", suite.about, _run(suite), failed, *_blocks(suite.results)]
    return "\n\n".join(part for part in parts if part)


def _run(suite: SuiteRecord) -> str:
    before, after = suite.load_before[0], suite.load_after[0]
    where = f", revision {suite.revision}" if suite.revision else ""
    took = f"{suite.seconds:,.0f} s" if suite.seconds >= 1 else "less than a second"
    return (
        f"*{suite.date} UTC{where}; it took {took}, and the load was {before:g} before and {after:g} after.*"
    )


def _blocks(results: Sequence[Result]) -> Iterator[str]:
    """Return tables and paragraphs, in the order of the results."""
    rows: list[Contest | Count] = []
    lines: list[str] = []
    for result in [*results, None]:
        if rows and not isinstance(result, Contest | Count):
            yield table(HEAD, [_row(each) for each in rows])
            rows = []
        if lines and not (isinstance(result, str) and _belongs(result, lines[-1])):
            yield "\n".join(lines).strip("\n")
            lines = []
        if isinstance(result, str):
            lines.append(result)
        elif result is not None:
            rows.append(result)


def _belongs(line: str, before: str) -> bool:
    """Tell whether two lines are of one table or of one list."""
    return line[:1] in {"|", "-"} and line[:1] == before[:1]


def _row(result: Contest | Count) -> list[str]:
    bounds = "; ".join(_bound(each, result.goal) for each in bounded(result))
    name = result.name.replace("|", "\\|")
    if isinstance(result, Count):
        return [name, "", number(result.value, 5), "", "", result.unit, bounds]
    ratio = f"**{result.ratio:.2f}** ({result.lowest:.2f}-{result.highest:.2f})"
    figures = [f"{result.ours_us:,.1f}", f"{result.rival_us:,.1f}"]
    return [name, result.rival, *figures, ratio, result.unit, bounds]


def _bound(each: Bounded, goal: str) -> str:
    return f"{each.told} ({goal})" + ("" if each.is_kept else ", **not reached**")


def _verdict(each: Judged) -> str:
    if each.worst is None:
        return each.state
    closest = f"{each.worst.name}: {number(each.worst.value)} ({each.worst.told})"
    return f"**{each.state}** ({each.kept} of {each.bounds}). {closest}".replace("|", "\\|")


def _machine(suite: SuiteRecord) -> str:
    told = asdict(suite.machine)
    return "{cores} cores of {processor}, {memory_gib:g} GiB, {system}, {kernel}, {python}".format(**told)


def _version(name: str, suite: SuiteRecord) -> str:
    return suite.versions.get(name, "none")


def _by_value(report: Report, value: Callable[[SuiteRecord], str]) -> dict[str, list[str]]:
    """Return the values, each with the suites that have it."""
    found: dict[str, list[str]] = {}
    for each in report.suites.values():
        found.setdefault(value(each), []).append(each.name)
    return found


def _said(values: Mapping[str, Sequence[str]], what: str) -> str:
    if len(values) < 2:
        return "".join(f"{what}: {value}." for value in values)
    return "\n".join(f"- {what} of {', '.join(suites)}: {value}." for value, suites in values.items())


def _few(values: Mapping[str, Sequence[str]]) -> str:
    """Return the commonest value, and where others are."""
    common = max(values, key=lambda value: len(values[value]))
    others = [f"{value} in {', '.join(suites)}" for value, suites in values.items() if value != common]
    return f"{common} ({'; '.join(others)})" if others else common


def _a(name: str | None) -> str:
    return f"{'an' if str(name)[:1] in 'AEIOU' else 'a'} `{name}`"
