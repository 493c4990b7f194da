"""X5: of two hundred who try at the same moment exactly as many are let in as the limit says.

They are threads or tasks of one process, and the same again in two, on every store that is there.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dynamodb import DynoxideServer
from tests.servers.mariadb import MariadbServer
from tests.servers.mongodb import MongoServer
from tests.servers.postgres import PostgresServer
from tests.servers.redis import ValkeyServer
from tests.storage.doubles import BareStore, WaitingStore
from tests.testing.unlocked import UnlockedFileStore
from userkit.backends.memory import MemoryStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.features.throttling import RATE_LIMITS, Attempts, StoreRateLimiter
from userkit.features.throttling.receipts import Refused
from userkit.kernel.clock import Clock
from userkit.plugins.opening import open_store
from userkit.ports.rate_limit import Limit, Verdict
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore
from userkit.testing import FrozenClock
from userkit.testing.bench import Bench, OpenStore
from userkit.testing.broken import ChecksThenWrites, LosesUpdates
from userkit.testing.crew import Crew
from userkit.testing.race import Race

CALLERS = 200
# A crowd on a busy machine may have to queue for longer than anybody wants to in production.
SQLITE = "busy_timeout=50&pool_timeout=50"
SERVER = "lock_timeout=50&pool_timeout=50"
LIMIT = Limit(name="password of an account", attempts=5, within=timedelta(minutes=15))
ADDRESS = Limit(name="passwords from an address", attempts=50, within=timedelta(minutes=15))
ALLOWED = Verdict(allowed=True)
BEGAN = Verdict(allowed=False, retry_after=60, began=True)
REFUSED = Verdict(allowed=False, retry_after=60)


class LimitsStore(BareStore):
    """Another store, which is also prepared for counts."""

    def __init__(self, behind: Store) -> None:
        super().__init__(behind)
        self.blocking = behind.blocking

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        await super().prepare([*collections, RATE_LIMITS], create=create)


def opened(url: str, *, blocking: bool) -> Store:
    """Open a database by its URL."""
    return LimitsStore(open_url(url, blocking=blocking))


def opened_in_threads(url: str) -> Store:
    """Open a database for an event loop, with its calls in threads."""
    return LimitsStore(ThreadedStore(open_url(url, blocking=True)))


def in_memory() -> Store:
    """Open a store that never waits."""
    return LimitsStore(MemoryStore())


def in_waiting_memory() -> Store:
    """Open a store that waits at every call."""
    return LimitsStore(WaitingStore(MemoryStore()))


async def take(now: Clock, store: Store) -> tuple[int, Verdict]:
    """Try once, and tell in which process."""
    return os.getpid(), await StoreRateLimiter(store=store, now=now).take(LIMIT, "ada")


async def race_for(race: Race, now: Clock) -> tuple[Counter[Verdict], int]:
    """Let everybody try at once, and count the verdicts and the processes."""
    result = await race([partial(take, now)] * CALLERS)
    assert not result.errors
    return Counter(verdict for _, verdict in result.values), len({process for process, _ in result.values})


async def take_both(now: Clock, number: int, store: Store) -> bool:
    """Try once under two keys, which every second one names the other way round."""
    attempts = [(ADDRESS, "192.0.2.1"), (LIMIT, "ada")]
    limiter = StoreRateLimiter(store=store, now=now)
    return not isinstance(await limiter.take_all(attempts[:: -1 if number % 2 else 1]), Refused)


def check_both(open_store: OpenStore, crew: Crew) -> None:
    """Race for the attempts of two keys in one commit; then read what is kept."""
    clock = FrozenClock()

    async def race(race: Race) -> int:
        result = await race([partial(take_both, clock, number) for number in range(16)])
        assert not result.errors
        return sum(result.values)

    with Bench(open_store) as bench:
        assert bench.run(race(Race(bench, crew))) == 5
        kept = {each.limit_name: each for each in bench.run(bench.store.find(Attempts)).items}
    assert kept[ADDRESS.name].count == 5
    assert (kept[LIMIT.name].count, kept[LIMIT.name].delays) == (0, 1)


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    """Two more processes."""
    crew = Crew()
    yield crew
    crew.close()


def check(open_store: OpenStore, crew: Crew | None = None) -> None:
    """Race for the attempts, and again for the one after the delay; then read what is kept."""
    clock = FrozenClock()
    with Bench(open_store) as bench:
        race = Race(bench, crew)
        processes = 1 if crew is None else 2
        assert bench.run(race_for(race, clock)) == (
            {ALLOWED: 5, BEGAN: 1, REFUSED: CALLERS - 6},
            processes,
        )
        clock.advance(seconds=60)
        longer = Verdict(allowed=False, retry_after=120, began=True)
        still = Verdict(allowed=False, retry_after=120)
        assert bench.run(race_for(race, clock)) == (
            {ALLOWED: 1, longer: 1, still: CALLERS - 2},
            processes,
        )
        (kept,) = bench.run(bench.store.find(Attempts)).items
        assert (kept.count, kept.delays) == (0, 2)
        assert kept.until == clock() + timedelta(seconds=120)


@pytest.mark.parametrize("open_store", [in_memory, in_waiting_memory])
def test_x5_in_memory(open_store: OpenStore) -> None:
    """As threads, and as tasks that take turns at every call."""
    check(open_store)


@pytest.mark.parametrize("open_url", [partial(opened, blocking=True), opened_in_threads])
def test_x5_on_sqlite(open_url: Callable[[str], Store], tmp_path: Path) -> None:
    """As threads, and as tasks whose calls are made in threads."""
    check(partial(open_url, f"sqlite:///{tmp_path}/limits.db?{SQLITE}"))


def test_x5_on_sqlite_in_two_processes(crew: Crew, tmp_path: Path) -> None:
    """One file."""
    check(partial(opened, f"sqlite:///{tmp_path}/limits.db?{SQLITE}", blocking=True), crew)


DRIVERS = [("psycopg", True), ("psycopg", False), ("asyncpg", False)]


@pytest.mark.parametrize(("driver", "blocking"), DRIVERS)
def test_x5_on_postgresql(postgres18: PostgresServer, driver: str, blocking: bool) -> None:
    """As threads, and as tasks."""
    url = postgres18.url(driver, database=postgres18.create_database())
    check(partial(opened, f"{url}?{SERVER}", blocking=blocking))


@pytest.mark.parametrize(("driver", "blocking"), DRIVERS)
def test_x5_on_postgresql_in_two_processes(
    crew: Crew, postgres18: PostgresServer, driver: str, blocking: bool
) -> None:
    """One database."""
    url = postgres18.url(driver, database=postgres18.create_database())
    check(partial(opened, f"{url}?{SERVER}", blocking=blocking), crew)


@pytest.mark.parametrize(("driver", "blocking"), [("pymysql", True), ("asyncmy", False)])
def test_x5_on_mariadb_in_two_processes(
    crew: Crew, mariadb: MariadbServer, driver: str, blocking: bool
) -> None:
    """Where a transaction may be the victim of a deadlock."""
    url = mariadb.url(driver, database=mariadb.create_database())
    check(partial(opened, f"{url}?{SERVER}", blocking=blocking), crew)


def test_x5_under_two_keys_on_postgresql_in_two_processes(crew: Crew, postgres18: PostgresServer) -> None:
    """Both are counted, or neither."""
    url = postgres18.url("psycopg", database=postgres18.create_database())
    check_both(partial(opened, f"{url}?{SERVER}", blocking=True), crew)


def test_x5_under_two_keys_on_mariadb_in_two_processes(crew: Crew, mariadb: MariadbServer) -> None:
    """Where commits that cross would lock each other out."""
    url = mariadb.url("pymysql", database=mariadb.create_database())
    check_both(partial(opened, f"{url}?{SERVER}", blocking=True), crew)


def opened_anywhere(url: str, *, blocking: bool) -> Store:
    """Open a store of any kind by its URL."""
    store = open_store(url, blocking=blocking)
    return LimitsStore(store if store.blocking is blocking else ThreadedStore(store))


@pytest.mark.parametrize("blocking", [True, False])
def test_x5_on_mongodb_in_two_processes(crew: Crew, mongo: MongoServer, blocking: bool) -> None:
    """As threads, and as tasks."""
    url = mongo.url(database=f"limits{blocking}", keep_expired=-1)  # ids are unique in a whole database
    check(partial(opened_anywhere, url, blocking=blocking), crew)


@pytest.mark.parametrize("blocking", [True, False])
def test_x5_on_dynamodb_in_two_processes(crew: Crew, dynoxide: DynoxideServer, blocking: bool) -> None:
    """As threads, and as tasks whose calls are made in threads."""
    url = dynoxide.url(database=dynoxide.create_database(), keep_expired=-1, shards=2)
    check(partial(opened_anywhere, url, blocking=blocking), crew)


@pytest.mark.parametrize("blocking", [True, False])
def test_x5_on_valkey_in_two_processes(crew: Crew, valkey: ValkeyServer, blocking: bool) -> None:
    """As threads, and as tasks; the limiter of Redis itself needs no tries."""
    url = f"{valkey.url()}?prefix=limits&keep_expired=-1&pool_timeout=30"
    check(partial(opened_anywhere, url, blocking=blocking), crew)


@pytest.mark.parametrize("broken", [LosesUpdates, ChecksThenWrites])
def test_x5_would_notice_a_store_whose_writes_are_not_conditional(broken: type[Store]) -> None:
    """There, many of them are let in."""
    with Bench(lambda: LimitsStore(broken())) as bench:
        verdicts, _ = bench.run(race_for(Race(bench, None), FrozenClock()))
    assert verdicts[ALLOWED] > 5


def unlocked(path: Path) -> Store:
    """Open a store in a file that each process locks for itself."""
    return LimitsStore(UnlockedFileStore(path))


def test_x5_would_notice_a_store_that_is_safe_in_one_process_only(crew: Crew, tmp_path: Path) -> None:
    """Two processes let in more than one would."""
    with Bench(partial(unlocked, tmp_path / "limits")) as bench:
        verdicts, processes = bench.run(race_for(Race(bench, crew), FrozenClock()))
    assert processes == 2
    assert verdicts[ALLOWED] > 5
