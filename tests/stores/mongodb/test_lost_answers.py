"""A wire that breaks under a commit, over each driver, whose own second attempt is switched off.

So it is the store that finds out what happened, which it must be able to: a driver tries again only once.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Literal

import pytest

from tests.servers.mongodb import MongoServer
from tests.servers.proxy import FaultProxy
from tests.stores.mongodb.clients import DRIVERS, store_over
from userkit.errors import DuplicateError, StaleError, StoreUnavailableError
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.testing.bench import Bench
from userkit.testing.specimens import Account, Person, account, person, ticket

Moment = Literal["before", "after", "answer"]
Commit = Callable[[], tuple[list[Change], list[Change]]]


@pytest.fixture
def proxy(mongo: MongoServer) -> Iterator[FaultProxy]:
    """What stands between a store and its server."""
    with FaultProxy(mongo.port) as proxy:
        yield proxy


@pytest.fixture(params=DRIVERS)
def bench(request: pytest.FixtureRequest, proxy: FaultProxy) -> Iterator[Bench]:
    """A prepared store behind the proxy, and a loop to run it on."""
    options = "directConnection=true&retryWrites=false&socketTimeoutMS=2000&serverSelectionTimeoutMS=1000"
    url = f"mongodb://127.0.0.1:{proxy.port}/?{options}"
    with Bench(partial(store_over, request.param, url, "lost_answers")) as bench:
        yield bench
        proxy.resume()


def two_purses() -> tuple[list[Change], list[Change]]:
    """A transfer: two saves in a transaction, after two adds."""
    rich, poor = account(10), account(0)
    return [Add(rich), Add(poor)], [Save(rich, rich.evolve(amount=7)), Save(poor, poor.evolve(amount=3))]


def new_person() -> tuple[list[Change], list[Change]]:
    """An addition."""
    return [], [Add(person(name="Ada Lovelace"))]


def one_purse() -> tuple[list[Change], list[Change]]:
    """One save, by itself."""
    purse = account(1)
    return [Add(purse)], [Save(purse, purse.evolve(amount=2))]


def gone_purse() -> tuple[list[Change], list[Change]]:
    """A removal."""
    purse = account(1)
    return [Add(purse)], [Remove(purse)]


@pytest.mark.parametrize("moment", ["before", "after", "answer"])
@pytest.mark.parametrize(
    ("commit", "command"),
    [
        (two_purses, b"commitTransaction"),
        (two_purses, b"update"),
        (new_person, b"insert"),
        (one_purse, b"update"),
        (gone_purse, b"delete"),
    ],
)
def test_x8_a_commit_that_loses_its_connection_happens_once(
    bench: Bench, proxy: FaultProxy, commit: Commit, command: bytes, moment: Moment
) -> None:
    """Wherever the wire is cut, the store finds out what happened, and does what did not."""
    before, changes = commit()
    bench.run(bench.store.commit(*before))
    trap = proxy.cut_at(command, moment)
    bench.run(bench.store.commit(*changes))
    assert trap.has_sprung
    for change in changes:
        assert stored(bench, change) == wanted(change)
        with pytest.raises((DuplicateError, StaleError)):
            bench.run(bench.store.commit(change))


def stored(bench: Bench, change: Change) -> object:
    """Return what is there of what a change is about."""
    entity = change.before if isinstance(change, Save) else change.entity
    return bench.run(bench.store.get(type(entity), entity.id))


def wanted(change: Change) -> object:
    """Return what is there after a change."""
    if isinstance(change, Remove):
        return None
    return change.after if isinstance(change, Save) else change.entity


def test_x8_a_refusal_stays_a_refusal(bench: Bench, proxy: FaultProxy) -> None:
    """What could not have been done is not taken for done when the answer is lost."""
    purse = account(1)
    newer = purse.evolve(amount=5)
    bench.run(bench.store.commit(Add(purse)))
    bench.run(bench.store.commit(Save(purse, newer)))
    proxy.cut_at(b"update", "answer")
    with pytest.raises(StaleError):
        bench.run(bench.store.commit(Save(purse, purse.evolve(amount=2))))
    proxy.cut_at(b"insert", "answer")
    with pytest.raises(DuplicateError):
        bench.run(bench.store.commit(Add(account(3)), Add(Account(id=purse.id, amount=4))))
    assert bench.run(bench.store.get(Account, purse.id)) == newer


def test_reads_go_on_with_connections_of_yesterday(bench: Bench, proxy: FaultProxy) -> None:
    """They are made again on new ones."""
    ada = person()
    bench.run(bench.store.commit(Add(ada)))
    proxy.cut()
    assert bench.run(bench.store.get(Person, ada.id)) == ada
    proxy.cut_at(b"find", "answer")
    assert bench.run(bench.store.find(Person)).items == (ada,)


def test_a_load_that_loses_its_connection_is_whole_batches(bench: Bench, proxy: FaultProxy) -> None:
    """Those before are there, and the next load works."""
    store = bulk_loadable(bench.store)
    proxy.cut_at(b"insert", "answer")
    try:
        bench.run(store.load((ticket() for _ in range(30)), batch=10))
    except StoreUnavailableError:
        bench.run(store.load((ticket() for _ in range(10)), batch=10))
    assert len(bench.run(bench.store.find(type(ticket()))).items) % 10 == 0
