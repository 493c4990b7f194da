"""Of many who reserve at once as many may ask as the limit of the hour allows, and the sums are exact."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.features.parts import parts_over
from tests.storage.doubles import BareStore, WaitingStore
from tests.testing.unlocked import UnlockedFileStore
from userkit.backends.memory import MemoryStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.features.spending import SPENDING, HourlySpending, Spending, spending
from userkit.ports.language_model import Usage
from userkit.ports.turns import Turns
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore
from userkit.testing.bench import Bench, OpenStore
from userkit.testing.broken import ChecksThenWrites, LosesUpdates
from userkit.testing.crew import Crew
from userkit.testing.race import Race
from userkit.turns import TaskTurns, ThreadTurns

CALLERS = 40
ALLOWED = 20
SQLITE = "busy_timeout=50&pool_timeout=50"


class SpendingStore(BareStore):
    """Another store, which is also prepared for what is spent."""

    def __init__(self, behind: Store) -> None:
        super().__init__(behind)
        self.blocking = behind.blocking

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        await super().prepare([*collections, SPENDING], create=create)


def in_memory() -> Store:
    """Open a store that never waits."""
    return SpendingStore(MemoryStore())


def in_waiting_memory() -> Store:
    """Open a store that waits at every call."""
    return SpendingStore(WaitingStore(MemoryStore()))


def in_file(path: str) -> Store:
    """Open a database for threads."""
    return SpendingStore(open_url(f"sqlite:///{path}?{SQLITE}", blocking=True))


def in_file_of_tasks(path: str) -> Store:
    """Open a database for an event loop, with its calls in threads."""
    return SpendingStore(ThreadedStore(open_url(f"sqlite:///{path}?{SQLITE}", blocking=True)))


def unlocked(path: Path) -> Store:
    """Open a store in a file that each process locks for itself."""
    return SpendingStore(UnlockedFileStore(path))


# Those of this process, as a kit has them.
_TURNS: dict[bool, Turns] = {True: ThreadTurns(), False: TaskTurns()}


def money_in(store: Store, realm: str, turns: Turns | None = None) -> Spending:
    """Build the feature over a view of a realm: there is enough for twenty calls of ten millionths."""
    feature = spending(per_hour=0.0002, input_price=1, output_price=1)
    return feature.build(replace(parts_over(store, realm=realm), turns=turns))


async def reserve_anyhow(realm: str, store: Store) -> tuple[int, bool]:
    """Set something aside, without turns, so that only the store decides; tell in which process."""
    return os.getpid(), await money_in(store, realm).reserve("screening", 10, 0) is not None


async def reserve(realm: str, store: Store) -> tuple[int, bool]:
    """Set something aside, and leave it there."""
    money = money_in(store, realm, _TURNS[store.blocking])
    return os.getpid(), await money.reserve("screening", 10, 0) is not None


async def call(realm: str, store: Store) -> tuple[int, bool]:
    """Set something aside, and settle it for half as much."""
    money = money_in(store, realm, _TURNS[store.blocking])
    reservation = await money.reserve("screening", 10, 0)
    if reservation is not None:
        await money.settle(reservation, Usage(input_tokens=5))
    return os.getpid(), reservation is not None


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Two more processes."""
    crew = Crew()
    yield crew
    crew.close()


def raced(
    bench: Bench, job: Callable[[str, Store], Any], crew: Crew | None
) -> tuple[int, int, list[HourlySpending]]:
    """Let everybody act at once; return how many might, in how many processes, and what is kept."""
    result = bench.run(Race(bench, crew)([partial(job, bench.realm)] * CALLERS))
    assert not result.errors
    allowed = sum(each for _, each in result.values)
    processes = len({process for process, _ in result.values})
    return allowed, processes, list(bench.run(bench.store.find(HourlySpending)).items)


def check(open_store: OpenStore, crew: Crew | None = None) -> None:
    """Reserve more than there is; then, in another realm, call and give back."""
    processes = 1 if crew is None else 2
    with Bench(open_store) as bench:
        allowed, seen, (hour,) = raced(bench, reserve, crew)
        assert (allowed, seen, hour.counted, hour.is_exhausted) == (ALLOWED, processes, 200, True)
    with Bench(open_store) as bench:
        allowed, seen, (hour,) = raced(bench, call, crew)
        assert seen == processes
        assert hour.counted == allowed * 5
        assert hour.purposes == {
            "screening": {
                "calls": allowed,
                "reserved": 0,
                "spent": allowed * 5,
                "input_tokens": allowed * 5,
                "output_tokens": 0,
            }
        }


@pytest.mark.parametrize("open_store", [in_memory, in_waiting_memory])
def test_x5_what_is_reserved_at_once_in_memory_is_counted_exactly(open_store: OpenStore) -> None:
    """By threads, and by tasks that take turns at every call; also where only the store decides."""
    check(open_store)
    with Bench(open_store) as bench:
        allowed, _, (hour,) = raced(bench, reserve_anyhow, None)
    assert (allowed, hour.counted) == (ALLOWED, 200)


@pytest.mark.parametrize("opened", [in_file, in_file_of_tasks])
def test_x5_what_is_reserved_at_once_on_sqlite_is_counted_exactly(
    opened: Callable[[str], Store], tmp_path: Path
) -> None:
    """By threads, and by tasks whose calls are made in threads."""
    check(partial(opened, f"{tmp_path}/spending.db"))


def test_x5_two_processes_share_a_limit(crew: Crew, tmp_path: Path) -> None:
    """One file."""
    check(partial(in_file, f"{tmp_path}/spending.db"), crew)


@pytest.mark.parametrize("broken", [LosesUpdates, ChecksThenWrites])
def test_x5_would_notice_a_store_whose_writes_are_not_conditional(broken: type[Store]) -> None:
    """There, more is spent than the limit allows."""
    with Bench(lambda: SpendingStore(broken())) as bench:
        allowed, _, _ = raced(bench, reserve_anyhow, None)
    assert allowed > ALLOWED


def test_x5_would_notice_a_store_that_is_safe_in_one_process_only(crew: Crew, tmp_path: Path) -> None:
    """Two processes spend more than one would."""
    with Bench(partial(unlocked, tmp_path / "spending")) as bench:
        allowed, processes, _ = raced(bench, reserve_anyhow, crew)
    assert processes == 2
    assert allowed > ALLOWED
