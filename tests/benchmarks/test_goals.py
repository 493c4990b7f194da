"""Goals are judged by the results that name them, and what is not reached is explained."""

from pathlib import Path

import pytest

from benchmarks.measure import Contest, Count
from benchmarks.report.goals import GOALS
from benchmarks.report.markdown import optimisations_table
from benchmarks.report.optimisations import Optimisation, optimisations
from benchmarks.report.pages import LAST
from benchmarks.report.record import Report
from benchmarks.report.verdicts import (
    Judged,
    bounded,
    distance_of,
    judged,
    missing_distances,
    number,
    outlived_distances,
)
from tests.benchmarks.made_up import contest, count, record, report


def p7(*results: Contest | Count, error: str | None = None) -> Judged:
    """Return what became of P7."""
    ((each),) = [
        each for each in judged(report(record("store", *results, error=error))) if each.goal.name == "P7"
    ]
    return each


def test_the_goals_are_those_of_the_project() -> None:
    """Sixteen, in order, each with a promise."""
    assert [goal.name for goal in GOALS] == [f"P{number}" for number in range(1, 17)]
    assert all(goal.promise.endswith(".") and goal.short for goal in GOALS)


def test_a_goal_is_reached_when_each_result_is_within_its_bound() -> None:
    """At a bound is within it; results without a bound, and of other goals, say nothing."""
    verdict = p7(
        contest(ratio=1.5, goal="P7", at_most=1.5),
        count(value=0.8, goal="P7", at_least=0.8),
        contest("for information", ratio=9, goal="P7"),
        contest("of another", ratio=9, goal="P9", at_most=1.3),
    )
    assert (verdict.state, verdict.kept, verdict.bounds) == ("reached", 2, 2)


@pytest.mark.parametrize(
    "result",
    [
        contest(ratio=1.501, goal="P7", at_most=1.5),
        count(value=0.79, goal="P7", at_least=0.8),
        count(value=1, goal="P7", at_most=0),
    ],
    ids=["ratio", "least", "none at all"],
)
def test_one_result_beyond_its_bound_is_enough_to_miss_a_goal(result: Contest | Count) -> None:
    """However far within theirs the others are; it is the one that is shown."""
    verdict = p7(contest("fine", ratio=0.1, goal="P7", at_most=1.5), result)
    assert (verdict.state, verdict.kept, verdict.bounds) == ("not reached", 1, 2)
    assert verdict.worst == next(bounded(result))


def test_a_goal_that_nothing_is_measured_of_is_not_reached_either() -> None:
    """A result without a bound measures nothing of it."""
    assert p7().state == "not measured"
    assert p7(contest(goal="P7")).state == "not measured"


def test_a_suite_that_failed_counts_for_no_goal() -> None:
    """What it found before may be the better half, also beside suites that came to their end."""
    within = contest(goal="P7", at_most=1.5)
    assert p7(within, error="OSError").state == "not measured"
    both = report(record("store", within), record("engines", within, error="OSError"))
    assert next(each.state for each in judged(both) if each.goal.name == "P7") == "not measured"


def test_a_number_between_two_bounds_is_held_against_both() -> None:
    """Too little is as wrong as too much."""
    assert [each.is_kept for each in bounded(count(value=5, at_most=4, at_least=1))] == [False, True]
    assert [each.share for each in bounded(count(value=2, at_most=4, at_least=1))] == [0.5, 0.5]


def test_nothing_of_nothing_allowed_is_all_right() -> None:
    """And anything at all is beyond measure."""
    assert [next(bounded(count(value=value, at_most=0))).share for value in (0, 1)] == [0, float("inf")]


def test_a_goal_that_is_missed_wants_an_explanation_and_one_that_is_reached_none(tmp_path: Path) -> None:
    """The file has the name of the goal, and something in it."""
    missed = report(record("store", contest(ratio=2, goal="P7", at_most=1.5)))
    assert missing_distances(missed, tmp_path) == ["P7"]
    (tmp_path / "P7.md").write_text("\n")
    assert missing_distances(missed, tmp_path) == ["P7"]
    (tmp_path / "P7.md").write_text("The profile shows why.\n")
    assert missing_distances(missed, tmp_path) == []
    assert outlived_distances(missed, tmp_path) == []
    assert distance_of("P7", tmp_path) == "The profile shows why."
    reached = report(record("store", contest(ratio=1, goal="P7", at_most=1.5)))
    (tmp_path / "P99.md").write_text("Of no goal.\n")
    assert outlived_distances(reached, tmp_path) == ["P7", "P99"]


def test_each_goal_that_the_last_report_misses_is_explained() -> None:
    """In benchmarks/report/distances, by which profile, and what it would take."""
    last = Report.read(LAST)
    assert last.suites
    assert missing_distances(last) == []
    assert outlived_distances(last) == [], "these goals are reached by now"


def test_results_name_goals_that_there_are() -> None:
    """A goal that is misspelt would never be judged."""
    named = {each.goal for each in Report.read(LAST).results() if each.goal}
    assert named <= {goal.name for goal in GOALS}


def test_an_optimisation_says_what_it_gained(tmp_path: Path) -> None:
    """An empty file has none; what did not pay is said to be gone."""
    table = tmp_path / "optimisations.toml"
    table.write_text("# none yet\n")
    assert list(optimisations(table)) == []
    assert optimisations_table([]) == ""
    entry = '[[optimisation]]\nwhat = "w"\npath = "p"\nbefore = "2"\nafter = "1"\nhow = "h"\n'
    table.write_text(f"{entry}{entry}is_kept = false\n")
    kept, gone = optimisations(table)
    assert kept == Optimisation(what="w", path="p", before="2", after="1", how="h")
    assert optimisations_table([kept, gone]).splitlines()[2:] == [
        "| w | p | 2 | 1 | h |  |",
        "| w | p | 2 | 1 | h | taken out again |",
    ]


def test_the_optimisations_that_are_written_down_can_be_read() -> None:
    """By hand, and with all that the table has."""
    assert all(each.what and each.how for each in optimisations())


def test_numbers_are_written_without_exponents() -> None:
    """With three digits that mean something, or as many as it takes."""
    assert [number(each) for each in (0.0123456, 1.23456, 60, 118.26, 1_234_567.8)] == [
        *("0.0123", "1.23", "60", "118", "1,234,568"),
    ]
