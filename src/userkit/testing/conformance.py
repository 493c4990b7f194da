"""The suite that every store passes.

It is written once for stores of both kinds. A test is a coroutine in one of the parts
(``userkit.testing.suite``); the class turns it into a plain function that runs the coroutine on a
``Bench``. Over a blocking store the bench steps the coroutine (``userkit.sync.run``) and makes
callers of threads; over any other it keeps an ``asyncio.Runner`` for the test, opens the store on
that loop and makes callers of tasks. No plugin of pytest is needed for it.

Every test works in a realm of its own that nobody used before, so the storage need not be emptied
before, between or after the tests.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from userkit.errors import UsageError
from userkit.storage.port import Store
from userkit.testing.bench import Bench, OpenStore
from userkit.testing.crew import Crew
from userkit.testing.machine import Histories
from userkit.testing.race import Race
from userkit.testing.report import report_on
from userkit.testing.standard import Deviation, Promise, Removed, StandardTest, reason_for, standard_tests
from userkit.testing.suite.atomicity import Atomicity
from userkit.testing.suite.counting import Counting
from userkit.testing.suite.durability import Durability
from userkit.testing.suite.lifecycle import Lifecycle
from userkit.testing.suite.loading import Loading
from userkit.testing.suite.lookups import Lookups
from userkit.testing.suite.ordering import Ordering
from userkit.testing.suite.purging import Purging
from userkit.testing.suite.races import Races
from userkit.testing.suite.realms import Realms
from userkit.testing.suite.refusals import Refusals
from userkit.testing.suite.searching import Searching
from userkit.testing.suite.sharing import Sharing
from userkit.testing.suite.surveying import Surveying
from userkit.testing.suite.uniqueness import Uniqueness
from userkit.testing.suite.values import Values
from userkit.testing.suite.verbs import Verbs

__all__ = ["StoreConformance"]

_LEFT_OUT = object()
_CREW = pytest.StashKey[Crew]()


class StoreConformance(
    Verbs,
    Lookups,
    Ordering,
    Uniqueness,
    Atomicity,
    Realms,
    Values,
    Refusals,
    Lifecycle,
    Durability,
    Sharing,
    Searching,
    Counting,
    Purging,
    Loading,
    Surveying,
    Histories,
    Races,
):
    """Subclass this to test a store.

        class TestMyStore(StoreConformance):
            @pytest.fixture
            def open_store(self) -> Callable[[], Store]:
                return partial(MyStore, "path or url")

    Each call of what the fixture returns opens the same storage again. It is called where the
    event loop runs, and must be picklable when the storage is shared between processes.
    """

    durable: ClassVar[bool] = True
    """Whether what was committed is found after closing and opening again."""

    shared_between_processes: ClassVar[bool] = True
    """Whether several processes may open the storage at once."""

    lacks: ClassVar[tuple[type[object], ...]] = ()
    """The capabilities that the store does not offer."""

    machine_examples: ClassVar[int] = 20
    """How many histories the state machine plays; raise it for a longer look."""

    machine_shrinks: ClassVar[bool] = False
    """Whether it looks for the shortest history that fails, which takes minutes on a slow store."""

    left_out: ClassVar[dict[str, int]] = {}
    deviations: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Leave out what the store does not promise; refuse changes to the rest without a reason."""
        super().__init_subclass__(**kwargs)
        cls.deviations = {}
        left_out: Counter[str] = Counter()
        for test in standard_tests(StoreConformance):
            if cls._promises(test.needs):
                cls._keep(test)
            else:
                setattr(cls, test.name, _LEFT_OUT)
                left_out[getattr(test.needs, "__name__", str(test.needs))] += 1
        cls.left_out = dict(left_out)

    @classmethod
    def _promises(cls, needs: Promise) -> bool:
        return needs is None or (getattr(cls, needs) if isinstance(needs, str) else needs not in cls.lacks)

    @classmethod
    def _keep(cls, test: StandardTest) -> None:
        """See to it that a standard test runs as it is, or that there is a reason why not."""
        found = getattr(cls, test.name)
        if found is _LEFT_OUT:
            setattr(cls, test.name, test.function)
        elif found is not test.function:
            reason = reason_for(found)
            if reason is None:
                raise UsageError(
                    f"{cls.__qualname__} changes the standard test {test.name}. If the store must "
                    'differ here, say why: @deviation("…").'
                )
            cls.deviations[test.name] = reason
            if isinstance(found, Deviation):
                setattr(cls, test.name, Removed(reason))

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Run each race with callers in one process, and with callers in two where that is promised."""
        report_on(type(self), metafunc.config)
        if "race" in metafunc.fixturenames:
            ways = ["one-process", "two-processes"] if self.shared_between_processes else ["one-process"]
            metafunc.parametrize("race", ways, indirect=True)

    @pytest.fixture
    def open_store(self) -> OpenStore:
        """Return what opens the store: define this fixture."""
        raise UsageError(f"{type(self).__qualname__} defines no fixture open_store.")

    @pytest.fixture
    def bench(self, open_store: OpenStore) -> Iterator[Bench]:
        """Open the store, and close it after the test."""
        with Bench(open_store) as bench:
            yield bench

    @pytest.fixture
    def store(self, bench: Bench) -> Store:
        """View a fresh realm of the store."""
        return bench.store

    @pytest.fixture
    def crew(self, request: pytest.FixtureRequest) -> Crew:
        """Return two more processes, the same for all tests of a run."""
        stash = request.config.stash
        if _CREW not in stash or stash[_CREW].is_closed:
            stash[_CREW] = crew = Crew()
            request.config.add_cleanup(crew.close)
        return stash[_CREW]

    @pytest.fixture
    def race(self, request: pytest.FixtureRequest, bench: Bench) -> Race:
        """Set callers on the store at the same time."""
        return Race(bench, request.getfixturevalue("crew") if request.param == "two-processes" else None)
