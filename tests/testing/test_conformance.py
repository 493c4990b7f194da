"""What authors of stores may do with the suite, and what they may not."""

from typing import Any

import pytest

from userkit.errors import UsageError
from userkit.storage.capabilities import BulkLoadable, Searchable
from userkit.testing import StoreConformance, deviation
from userkit.testing.standard import standard_tests

pytest_plugins = ["pytester"]

_HEADER = """
import asyncio
import pytest
from userkit.backends.memory import MemoryStore
from userkit.storage.capabilities import BulkLoadable, Searchable
from userkit.storage.changes import Add
from userkit.storage.threaded import ThreadedStore
from userkit.testing import StoreConformance, deviation
from userkit.testing.specimens import Person, person


class InMemory(StoreConformance):
    durable = False
    shared_between_processes = False

    @pytest.fixture
    def open_store(self):
        return MemoryStore
"""


def _run(pytester: pytest.Pytester, source: str, *options: str) -> pytest.RunResult:
    pytester.makepyfile(_HEADER + source)
    return pytester.runpytest_inprocess("-W", "error", "-p", "no:cacheprovider", *options)


def test_a_standard_test_cannot_be_replaced() -> None:
    """Neither by another test nor by one that does nothing."""
    with pytest.raises(UsageError, match="test_a_removed_entity_is_gone"):

        class TestOther(StoreConformance):
            async def test_a_removed_entity_is_gone(self) -> None:  # type: ignore[override]  # a cheat
                """Pass."""


def test_a_standard_test_cannot_be_taken_away() -> None:
    """Nor hidden behind something that is no test."""
    for nothing in (None, "skip", 0):
        with pytest.raises(UsageError, match="deviation"):
            type("TestOther", (StoreConformance,), {"test_a_removed_entity_is_gone": nothing})


def test_a_standard_test_cannot_be_shadowed() -> None:
    """By a class that comes first in the order of bases."""

    class Shadow:
        def test_a_removed_entity_is_gone(self) -> None:
            """Pass."""

    with pytest.raises(UsageError, match="test_a_removed_entity_is_gone"):
        type("TestOther", (Shadow, StoreConformance), {})


@pytest.mark.parametrize("reason", ["", "  \n", None, 1])
def test_a_deviation_needs_a_reason(reason: Any) -> None:
    """One that can be read."""
    with pytest.raises(ValueError, match="reason"):
        deviation(reason)


def test_a_deviation_with_a_reason_is_accepted() -> None:
    """By the class and by those that are derived from it, and it is remembered."""

    class TestDeviant(StoreConformance):
        test_a_removed_entity_is_gone = deviation("Nothing is ever removed.")  # type: ignore[assignment]

        @deviation("Ids are numbers here.")
        def test_an_id_has_one_spelling(self) -> None:  # type: ignore[override]
            """Check something else."""

    class TestDerived(TestDeviant):
        pass

    assert TestDeviant.deviations == TestDerived.deviations
    assert TestDeviant.deviations == {
        "test_a_removed_entity_is_gone": "Nothing is ever removed.",
        "test_an_id_has_one_spelling": "Ids are numbers here.",
    }
    assert StoreConformance.deviations == {}


def test_what_a_class_leaves_out_a_derived_one_may_promise() -> None:
    """And the other way round."""

    class TestPoor(StoreConformance):
        durable = False
        lacks = (Searchable, BulkLoadable)

    class TestRich(TestPoor):
        durable = True
        lacks = ()

    assert set(TestPoor.left_out) == {"durable", "Searchable", "BulkLoadable"}
    assert TestRich.left_out == {}
    name = "test_case_does_not_count"
    assert getattr(TestRich, name) is getattr(StoreConformance, name)
    assert not callable(getattr(TestPoor, name))


def test_every_standard_test_has_a_name_of_its_own() -> None:
    """Two parts with the same name would hide a test."""
    names = [test.name for test in standard_tests(StoreConformance)]
    assert len(names) == len(set(names)) > 100


def test_every_standard_test_says_what_it_is_about() -> None:
    """In its docstring, which an author reads when it fails."""
    assert [test.name for test in standard_tests(StoreConformance) if not test.function.__doc__] == []


def test_deviations_and_what_is_left_out_are_shown(pytester: pytest.Pytester) -> None:
    """At the end of the run, without warnings or skips."""
    result = _run(
        pytester,
        """
class TestDeviant(InMemory):
    lacks = (Searchable,)
    test_what_the_store_lacks_is_declared = deviation("This one pretends.")

    @deviation("Removal takes a day.")
    def test_a_removed_entity_is_gone(self, store):
        assert store.blocking
""",
        "-k",
        "test_a_removed_entity_is_gone or test_what_the_store_lacks or test_case_does_not_count",
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*store conformance*",
            "TestDeviant leaves out what it does not promise: durable (5), *, Searchable (*)",
            "TestDeviant deviates, test_a_removed_entity_is_gone: Removal takes a day.",
            "TestDeviant deviates, test_what_the_store_lacks_is_declared: This one pretends.",
        ]
    )


def test_a_store_that_lacks_nothing_is_reported_without_a_word(pytester: pytest.Pytester) -> None:
    """A section with nothing in it would be noise."""
    result = _run(
        pytester,
        """
class TestAll(StoreConformance):
    @pytest.fixture
    def open_store(self):
        return MemoryStore
""",
        "-k",
        "test_a_removed_entity_is_gone",
    )
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*store conformance*")


def test_what_a_store_lacks_must_be_said(pytester: pytest.Pytester) -> None:
    """Whoever is silent about it fails, and so does who claims to lack what is there."""
    result = _run(
        pytester,
        """
class Unsearchable(MemoryStore):
    search = None

class Bare(ThreadedStore):
    pass

class TestSilent(InMemory):
    @pytest.fixture
    def open_store(self):
        return Unsearchable

class TestSilentInThreads(InMemory):
    @pytest.fixture
    def open_store(self):
        return lambda: ThreadedStore(Unsearchable())

class TestModest(InMemory):
    lacks = (Searchable,)

class TestHonest(TestSilent):
    lacks = (Searchable,)
""",
        "-k",
        "test_what_the_store_lacks_is_declared",
    )
    result.assert_outcomes(passed=1, failed=3)
    result.stdout.fnmatch_lines(["*set lacks = *"])


def test_an_author_adds_tests_in_the_same_way(pytester: pytest.Pytester) -> None:
    """As coroutines, for both kinds of stores; the event loop is there for those that wait."""
    result = _run(
        pytester,
        """
class More:
    async def test_mine(self, store, bench):
        ada = person()
        await store.commit(Add(ada))
        assert await store.get(Person, ada.id) == ada
        loops = 0
        try:
            loops = bool(asyncio.get_running_loop())
        except RuntimeError:
            pass
        assert loops == (not bench.blocking)

    def test_mine_without_waiting(self, bench):
        assert bench.run(bench.store.get(Person, "nobody")) is None

class TestBlocking(InMemory):
    test_mine = More.test_mine
    test_mine_without_waiting = More.test_mine_without_waiting

class TestWaiting(TestBlocking):
    @pytest.fixture
    def open_store(self):
        return self.open

    @staticmethod
    def open():
        asyncio.get_running_loop()
        return ThreadedStore(MemoryStore())
""",
        "-k",
        "test_mine",
    )
    result.assert_outcomes(passed=4)


def test_an_error_of_a_driver_is_caught(pytester: pytest.Pytester) -> None:
    """A store must speak our errors, in races too."""
    result = _run(
        pytester,
        """
class Leaky(MemoryStore):
    async def commit(self, *changes):
        try:
            await super().commit(*changes)
        except Exception as error:
            raise LookupError("driver") from error

class TestLeaky(InMemory):
    @pytest.fixture
    def open_store(self):
        return Leaky
""",
        "-k",
        "race_to or is_stale",
    )
    result.assert_outcomes(failed=10)
    result.stdout.fnmatch_lines(["*callers met errors that are not of userkit*LookupError: driver*"])


def test_the_fixture_must_be_defined(pytester: pytest.Pytester) -> None:
    """The error says which."""
    result = _run(
        pytester, "class TestNothing(StoreConformance): pass", "-k", "test_a_removed_entity_is_gone"
    )
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*TestNothing defines no fixture open_store*"])
