"""A wire that breaks under a commit: it happens once, whoever sends it again."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import pytest
import redis

from tests.servers.proxy import FaultProxy
from tests.servers.redis import ValkeyServer
from userkit.backends.redis import RedisStore
from userkit.backends.redis.opening import open_url
from userkit.backends.redis.scripts import COMMIT
from userkit.errors import DuplicateError, StaleError, StoreUnavailableError
from userkit.storage.capabilities import bulk_loadable, countable
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.bench import Bench
from userkit.testing.specimens import COLLECTIONS, Account, Person, Ticket, account, person, ticket

Moment = Literal["before", "after", "answer"]
Commit = Callable[[], tuple[list[Change], list[Change]]]

# What a commit is sent as, once the server knows the script.
SCRIPT = COMMIT.digest.encode()


@pytest.fixture
def proxy(valkey: ValkeyServer) -> Iterator[FaultProxy]:
    """What stands between a store and its server."""
    with FaultProxy(valkey.port) as proxy:
        yield proxy


@pytest.fixture(params=["blocking", "asynchronous"])
def bench(request: pytest.FixtureRequest, valkey: ValkeyServer, proxy: FaultProxy) -> Iterator[Bench]:
    """A prepared store behind the proxy, whose server knows the scripts."""
    url = f"{proxy.url(valkey.url())}?keep_expired=-1&operation_timeout=5"
    with Bench(partial(open_url, url, blocking=request.param == "blocking")) as bench:
        bench.run(bench.store.commit(Add(account())))
        yield bench
        proxy.resume()


def two_purses() -> tuple[list[Change], list[Change]]:
    """A transfer: two saves, after two additions."""
    rich, poor = account(10), account(0)
    return [Add(rich), Add(poor)], [Save(rich, rich.evolve(amount=7)), Save(poor, poor.evolve(amount=3))]


def new_person() -> tuple[list[Change], list[Change]]:
    """An addition."""
    return [], [Add(person(name="Ada Lovelace"))]


def gone_purse() -> tuple[list[Change], list[Change]]:
    """A removal, which leaves nothing behind by which to tell whose it was."""
    purse = account(1)
    return [Add(purse)], [Remove(purse)]


@pytest.mark.parametrize("moment", ["before", "after", "answer"])
@pytest.mark.parametrize("commit", [two_purses, new_person, gone_purse])
def test_x8_a_commit_that_loses_its_connection_happens_once(
    bench: Bench, proxy: FaultProxy, commit: Commit, moment: Moment
) -> None:
    """Wherever the wire is cut; the same commit from somebody else is refused."""
    before, changes = commit()
    bench.run(bench.store.commit(*before))
    trap = proxy.cut_at(SCRIPT, moment)
    bench.run(bench.store.commit(*changes))
    assert trap.has_sprung
    for change in changes:
        with pytest.raises((DuplicateError, StaleError)):
            bench.run(bench.store.commit(change))


def test_x8_a_commit_whose_answer_is_lost_stays_done_when_others_go_on(
    bench: Bench, proxy: FaultProxy, valkey: ValkeyServer
) -> None:
    """Somebody saves on top of it before it is sent again: it is done, and not done again."""
    purse = account(1)
    bench.run(bench.store.commit(Add(purse)))
    mine, theirs = purse.evolve(amount=2), purse.evolve(amount=2).evolve(amount=3)
    other = open_url(f"{valkey.url()}?keep_expired=-1", blocking=True)
    run(other.prepare(COLLECTIONS))

    def meanwhile() -> None:
        run(other.realm(bench.realm).commit(Save(mine, theirs)))

    sends = Interrupted(bench.root, meanwhile)
    trap = proxy.cut_at(SCRIPT, "answer")
    bench.run(bench.store.commit(Save(purse, mine)))
    assert trap.has_sprung
    assert sends.count == 2
    assert bench.run(bench.store.get(Account, purse.id)) == theirs
    run(other.close())


class Interrupted:
    """Lets something happen before a commit is sent for the second time."""

    def __init__(self, store: Store, meanwhile: Callable[[], None]) -> None:
        assert isinstance(store, RedisStore)
        self.count, self._meanwhile = 0, meanwhile
        self._run = store._link.run
        store._link.run = self  # type: ignore[method-assign,assignment]  # a fake in its place

    async def __call__(self, script: object, key: str, *arguments: object) -> object:
        self.count += 1
        if self.count == 2:
            self._meanwhile()
        return await self._run(script, key, *arguments)  # type: ignore[arg-type]  # what it was given


def test_x8_of_two_who_spend_one_thing_only_one_has_it(
    bench: Bench, proxy: FaultProxy, valkey: ValkeyServer
) -> None:
    """Also when the request of one is lost, and the other removes it meanwhile."""
    purse = account(1)
    bench.run(bench.store.commit(Add(purse)))
    other = open_url(f"{valkey.url()}?keep_expired=-1", blocking=True)
    run(other.prepare(COLLECTIONS))
    Interrupted(bench.root, lambda: run(other.realm(bench.realm).commit(Remove(purse))))
    proxy.cut_at(SCRIPT, "before")
    with pytest.raises(StaleError):
        bench.run(bench.store.commit(Remove(purse)))
    run(other.close())


@pytest.mark.parametrize("moment", ["before", "answer"])
def test_x8_a_client_that_tries_again_by_itself_does_no_harm(
    proxy: FaultProxy, valkey: ValkeyServer, moment: Moment
) -> None:
    """As those of an application do, unless they are told not to."""
    with redis.Redis(port=proxy.port, password=valkey.password) as client:
        store = RedisStore.from_client(client, prefix="again", keep_expired=-1)
        run(store.prepare(COLLECTIONS))
        purse = account(1)
        run(store.commit(Add(purse)))
        trap = proxy.cut_at(SCRIPT, moment)
        run(store.commit(Save(purse, purse.evolve(amount=2))))
        assert trap.has_sprung
        found = run(store.get(Account, purse.id))
        assert found is not None
        assert (found.amount, found.version) == (2, 2)


def test_x8_a_load_that_loses_its_answers_is_whole(bench: Bench, proxy: FaultProxy) -> None:
    """Each batch is there once."""
    trap = proxy.cut_at(SCRIPT, "answer")
    assert bench.run(bulk_loadable(bench.store).load((ticket() for _ in range(30)), batch=10)) == 30
    assert trap.has_sprung
    assert bench.run(countable(bench.store).count(Ticket)) == 30


def test_x8_a_server_that_stays_away_is_an_error_of_ours(bench: Bench, proxy: FaultProxy) -> None:
    """And when it is back, the same store works."""
    ada = person()
    proxy.refuse()
    proxy.cut()
    for call in (lambda: bench.store.commit(Add(ada)), lambda: bench.store.get(Person, ada.id)):
        with pytest.raises(StoreUnavailableError, match="cannot be reached"):
            bench.run(call())
    proxy.resume()
    bench.run(bench.store.commit(Add(ada)))
    assert bench.run(bench.store.get(Person, ada.id)) == ada


def test_reads_go_on_with_connections_of_yesterday(bench: Bench, proxy: FaultProxy) -> None:
    """They are made again on new ones."""
    ada = person()
    bench.run(bench.store.commit(Add(ada)))
    proxy.cut()
    assert bench.run(bench.store.get(Person, ada.id)) == ada
    for match in (b"HGET", b"EVAL"):
        trap = proxy.cut_at(match, "answer")
        assert bench.run(bench.store.get(Person, ada.id)) == ada
        assert bench.run(bench.store.find(Person)).items == (ada,)
        assert bench.run(bench.store.find(Person, "address", ada.address)).items == (ada,)
        assert trap.has_sprung
