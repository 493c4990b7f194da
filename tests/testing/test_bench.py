"""Where stores are opened, run and closed."""

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from userkit.backends.memory import MemoryStore
from userkit.errors import DuplicateError, StoreUnavailableError
from userkit.storage.changes import Add
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore
from userkit.testing.bench import Bench, Job
from userkit.testing.jobs import commit
from userkit.testing.race import Race
from userkit.testing.specimens import Person, person


class ObservedStore(MemoryStore):
    """Notes who closes it, and from where it is called."""

    def __init__(self, *, fails: bool = False) -> None:
        super().__init__()
        self.fails = fails
        self.closed = 0
        self.callers: set[int] = set()

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        if self.fails:
            raise StoreUnavailableError
        await super().prepare(collections, create=create)

    async def get(self, entity: Any, id: str) -> Any:
        self.callers.add(threading.get_ident())
        return await super().get(entity, id)

    async def close(self) -> None:
        self.closed += 1


def test_everything_that_was_opened_is_closed() -> None:
    """The first store and those that a test opened."""
    stores: list[ObservedStore] = []

    def open_store() -> Store:
        stores.append(ObservedStore())
        return stores[-1]

    with Bench(open_store) as bench:
        bench.run(bench.open())
        bench.run(bench.open())
    assert [store.closed for store in stores] == [1, 1, 1]


def test_a_store_that_cannot_be_prepared_is_closed() -> None:
    """And its error is told as it is."""
    store = ObservedStore(fails=True)
    with pytest.raises(StoreUnavailableError), Bench(lambda: store):
        pass
    assert store.closed == 1


def test_each_bench_works_in_a_realm_of_its_own() -> None:
    """Also on the same storage."""
    store = MemoryStore()
    with Bench(lambda: store) as one, Bench(lambda: store) as other:
        ada = person()
        one.run(one.store.commit(Add(ada)))
        assert other.run(other.store.get(Person, ada.id)) is None


def test_callers_of_a_blocking_store_are_threads() -> None:
    """Each one of its own."""
    store = ObservedStore()
    with Bench(lambda: store) as bench:
        bench.run(bench.race([_look] * 8))
    assert len(store.callers) == 8


def test_callers_of_any_other_store_are_tasks() -> None:
    """On the loop of the bench."""
    tasks: set[asyncio.Task[Any] | None] = set()

    async def note(store: Store) -> None:
        tasks.add(asyncio.current_task())

    with Bench(lambda: ThreadedStore(MemoryStore())) as bench:
        bench.run(bench.race([note] * 8))
    assert len(tasks) == 8
    assert None not in tasks


@pytest.mark.parametrize("waits", [False, True], ids=["threads", "tasks"])
def test_outcomes_are_in_the_order_of_the_jobs(waits: bool) -> None:
    """Values, our errors, and errors that are not ours."""

    async def fail(store: Store) -> None:
        raise LookupError("driver")

    async def answer(store: Store) -> str:
        return "answer"

    ada = person("ada@example.com")
    jobs: list[Job] = [answer, commit(Add(person("ada@example.com"))), fail, answer]
    with Bench(lambda: ThreadedStore(MemoryStore()) if waits else MemoryStore()) as bench:
        bench.run(bench.store.commit(Add(ada)))
        outcomes = bench.run(bench.race(jobs))
        assert [outcome.value for outcome in outcomes] == ["answer", None, None, "answer"]
        assert isinstance(outcomes[1].error, DuplicateError)
        assert outcomes[2].foreign == "builtins.LookupError: driver"
        with pytest.raises(AssertionError, match="LookupError: driver"):
            bench.run(Race(bench, None)(jobs))


def test_a_race_has_one_winner_or_none_that_counts() -> None:
    """Two winners, and other errors than those expected, are told apart."""
    with Bench(MemoryStore) as bench:
        race = Race(bench, None)
        two = bench.run(race([commit(), commit()]))
        with pytest.raises(AssertionError, match="2 callers succeeded"):
            two.sole_winner()
        ada = person()
        one = bench.run(race([commit(Add(ada)), commit(Add(ada))]))
        with pytest.raises(AssertionError, match="other errors than expected"):
            one.sole_winner(StoreUnavailableError)
        assert one.sole_winner(DuplicateError) in (0, 1)


async def _look(store: Store) -> None:
    await store.get(Person, "nobody")
