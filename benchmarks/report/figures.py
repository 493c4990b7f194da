"""Which results are drawn: those that are there, in up to four pictures."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.measure import Contest
from benchmarks.report.record import Report
from benchmarks.report.verdicts import judged, number

__all__ = ["Bar", "Figure", "Row", "Tone", "figures"]

Tone = Literal["ours", "theirs", "beyond"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A number, and what is written beside it."""

    value: float
    told: str
    tone: Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is measured, with a bar for everybody who does it."""

    name: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A picture of bars."""

    name: str
    title: str
    told: str
    """What it shows, for those who do not see it."""
    rows: Sequence[Row]
    suite: str | None = None
    """Whose table has the same numbers; the goals' stand in none."""
    mark: float | None = None
    """Where a line stands that bars shall not cross."""
    marked: str = ""
    """What the line is."""
    is_logarithmic: bool = False


def figures(report: Report) -> list[Figure]:
    """Return the pictures that the results of a report are enough for."""
    drawn = (_goals(report), _signed_in(report), _meanwhile(report), _store(report))
    return [each for each in drawn if each.rows]


def _goals(report: Report) -> Figure:
    measured = [each for each in judged(report) if each.worst is not None]
    rows = []
    for each in measured:
        assert each.worst is not None
        tone: Tone = "ours" if each.worst.is_kept else "beyond"
        bar = Bar(value=each.worst.share, told=f"{number(each.worst.share)}, {each.state}", tone=tone)
        rows.append(Row(name=f"{each.goal.name}: {each.goal.short}", bars=[bar]))
    return Figure(
        name="goals",
        title="Each goal against its bound, on a logarithmic scale",
        told="Of each goal the result that is closest to its bound or furthest beyond, divided by the bound. "
        + _aloud(rows),
        rows=rows,
        mark=1,
        marked="the bound",
        is_logarithmic=True,
    )


def _signed_in(report: Report) -> Figure:
    found = _contests(
        report,
        lambda suite, each: suite == "signed_in" and "CPU" in each.unit and "no sign-in" not in each.rival,
    )
    return _against("signed-in", "signed_in", "A signed-in request: CPU of the server in ms", found)


def _meanwhile(report: Report) -> Figure:
    found = _contests(report, lambda suite, each: suite == "open_loop" and "p99" in each.name)
    return _against("while-others-sign-in", "open_loop", "The slowest of a hundred requests, in ms", found)


def _against(name: str, suite: str, title: str, found: Sequence[Contest]) -> Figure:
    rows = [
        Row(
            name=each.name,
            bars=[_milliseconds(each.ours_us, "userkit"), _milliseconds(each.rival_us, each.rival, "theirs")],
        )
        for each in found
    ]
    return Figure(name=name, suite=suite, title=title, told=_aloud(rows), rows=rows)


def _store(report: Report) -> Figure:
    found = _contests(
        report,
        lambda suite, each: suite in {"store", "engines"} and "CPU" in each.unit and "ORM" not in each.rival,
    )
    rows = [
        Row(
            name=f"{each.name}, against {each.rival}",
            bars=[Bar(value=each.ratio, told=f"{each.ratio:.2f} x", tone=_tone(each))],
        )
        for each in found
    ]
    bounds = {each.at_most for each in found if each.at_most is not None}
    bound = bounds.pop() if len(bounds) == 1 else None
    return Figure(
        name="store",
        suite="store",
        title="The store: CPU against the bare driver",
        told="The driver alone, doing the same, is 1. " + _aloud(rows),
        rows=rows,
        mark=bound or 1,
        marked="the bound" if bound else "the driver",
    )


def _tone(each: Contest) -> Tone:
    return "ours" if each.at_most is None or each.ratio <= each.at_most else "beyond"


def _contests(report: Report, is_wanted: Callable[[str, Contest], bool]) -> list[Contest]:
    return [each for name, each in _every_contest(report) if is_wanted(name, each)]


def _every_contest(report: Report) -> Iterator[tuple[str, Contest]]:
    for suite in report.suites.values():
        for each in suite.results:
            if isinstance(each, Contest):
                yield suite.name, each


def _milliseconds(microseconds: float, whose: str, tone: Tone = "ours") -> Bar:
    value = microseconds / 1000
    return Bar(value=value, told=f"{whose} {number(value)}", tone=tone)


def _aloud(rows: Sequence[Row]) -> str:
    return " ".join(f"{row.name}: {', '.join(bar.told for bar in row.bars)}." for row in rows)
