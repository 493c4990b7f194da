"""The suite catches broken stores, and the test of each race is proven on one of them."""

from pathlib import Path

import pytest

from userkit.testing.standard import standard_tests
from userkit.testing.suite.races import Races

pytest_plugins = ["pytester"]

_ROOT = Path(__file__).parents[2]
_RACES = {test.name for test in standard_tests(Races)}

_SUITE = """
import pytest
from userkit.storage.capabilities import BulkLoadable, Countable, Purgeable, Searchable, Surveyable
from userkit.testing import StoreConformance
from userkit.testing.broken import {store}


class TestBroken(StoreConformance):
    durable = False
    shared_between_processes = False
    lacks = (Searchable, Countable, Purgeable, BulkLoadable, Surveyable)
    machine_examples = 100

    @pytest.fixture
    def open_store(self):
        return {store}
"""
_SHARED_SUITE = """
from functools import partial

import pytest
from tests.testing.unlocked import UnlockedFileStore
from userkit.testing import StoreConformance


class TestUnlocked(StoreConformance):
    @pytest.fixture
    def open_store(self, tmp_path):
        return partial(UnlockedFileStore, tmp_path / "store")
"""

_CAUGHT_BY = {
    "LosesUpdates": {
        "test_a_save_from_an_older_revision_is_stale",
        "test_a_save_from_a_revision_to_come_is_stale",
        "test_a_commit_with_a_failing_last_change_leaves_no_trace",
        "test_every_history_ends_like_in_memory",
        "test_race_to_save_a_revision",
        # Commits that cross lose an update only where they happen to, which a busy machine may prevent.
        "test_race_of_transfers_that_cross",
        "test_race_of_counters",
    },
    "ChecksThenWrites": {
        "test_race_to_add_a_unique_value",
        "test_race_to_add_an_id",
        "test_race_to_save_a_unique_value",
        "test_race_to_save_a_revision",
        "test_race_to_remove_a_revision",
        "test_race_between_saving_and_removing",
        "test_race_for_the_place_of_another",
        "test_race_of_commits_that_cross",
        "test_race_of_transfers_that_cross",
        "test_race_of_counters",
    },
    "KeepsFirstChanges": {
        "test_a_commit_with_a_failing_last_change_leaves_no_trace",
        "test_a_failed_commit_leaves_the_store_usable",
        "test_a_commit_of_several_kinds_is_one",
        "test_two_in_one_commit_cannot_take_one_value",
        "test_every_history_ends_like_in_memory",
        "test_race_of_commits_that_cross",
        "test_race_of_transfers_that_cross",
    },
    "LeaksBetweenRealms": {
        "test_a_realm_reads_only_its_own",
        "test_a_realm_changes_only_its_own",
        "test_a_view_of_a_view_is_a_view_of_the_store",
        "test_a_store_begins_in_the_default_realm",
        "test_every_history_ends_like_in_memory",
    },
}

_BROKEN_UNDER_LOAD_ONLY = "ChecksThenWrites"


@pytest.mark.parametrize("store", _CAUGHT_BY)
def test_a_broken_store_is_caught(pytester: pytest.Pytester, store: str) -> None:
    """By the tests of the promise that it breaks, while most of the others pass."""
    pytester.makepyfile(_SUITE.format(store=store))
    record = pytester.inline_run("-q", "--tb=no", "-p", "no:cacheprovider", "-k", "not anything")
    passed, skipped, failed = record.listoutcomes()
    caught_by = {report.nodeid.rpartition("::")[2].partition("[")[0] for report in failed}
    assert _CAUGHT_BY[store] <= caught_by
    if store == _BROKEN_UNDER_LOAD_ONLY:
        assert all(name.startswith("test_race") for name in caught_by)
    assert not skipped
    assert len(passed) > 150


def test_a_store_that_is_broken_between_processes_is_caught(pytester: pytest.Pytester) -> None:
    """By every race from two processes, and by no test that works in one."""
    pytester.makepyfile(_SHARED_SUITE)
    # In a process of its own, since pytester would take modules of multiprocessing away from under it.
    options = ("-q", "--tb=no", "-rA", "-p", "no:cacheprovider", "-o", f"pythonpath={_ROOT}")
    result = pytester.runpytest_subprocess(*options, "-k", "test_race or opening_again")
    caught_by = {line.rpartition("::")[2] for line in result.outlines if line.startswith("FAILED")}
    assert {name.partition(" ")[0] for name in caught_by} == {f"{name}[two-processes]" for name in _RACES}
    result.assert_outcomes(failed=len(_RACES), passed=len(_RACES) + 2)


def test_every_race_is_proven() -> None:
    """Each fails on a broken store at least."""
    assert _RACES
    assert set().union(*_CAUGHT_BY.values()) >= _RACES
