"""A set of three servers: which of them is spoken to, and what happens while most of them stand still."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.servers.mongodb import MongoReplicaSet
from userkit.backends.mongodb import MongoStore
from userkit.backends.mongodb.opening import open_url
from userkit.errors import StoreUnavailableError, UnsupportedStoreError
from userkit.storage.changes import Add, Save
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Person, person

pytestmark = pytest.mark.server

QUICK = {"selection_timeout": 2, "operation_timeout": 2, "connect_timeout": 1, "keep_expired": -1}


@pytest.fixture(scope="module")
def servers() -> Iterator[MongoReplicaSet]:
    """The same three for all tests of this module."""
    with MongoReplicaSet() as servers:
        yield servers


@pytest.fixture
def store(servers: MongoReplicaSet) -> Iterator[MongoStore]:
    """A store on all three."""
    servers.primary()
    opened = open_url(servers.url(**QUICK), blocking=True)
    run(opened.prepare(COLLECTIONS))
    yield opened
    run(opened.close())


def test_one_of_several_servers_is_refused(servers: MongoReplicaSet) -> None:
    """It may be a secondary now or tomorrow, and what is read there may be old."""
    for server in servers.servers:
        opened = open_url(f"mongodb://{server.address}/?directConnection=true", blocking=True)
        with pytest.raises(UnsupportedStoreError, match="directConnection"):
            run(opened.prepare(COLLECTIONS))
        run(opened.close())


def test_any_of_the_servers_leads_to_the_others(servers: MongoReplicaSet) -> None:
    """The set itself says who is in it, and who leads."""
    for server in servers.servers:
        opened = open_url(f"mongodb://{server.address}/?keep_expired=-1", blocking=True)
        run(opened.prepare(COLLECTIONS))
        run(opened.commit(Add(ada := person())))
        assert run(opened.get(Person, ada.id)) == ada
        run(opened.close())


def test_linearizable_reads_see_what_was_committed(servers: MongoReplicaSet, store: MongoStore) -> None:
    """By id and by unique value; lists are read as ever."""
    surest = open_url(servers.url(read_concern="linearizable", **QUICK), blocking=True)
    run(surest.prepare(COLLECTIONS))
    ada = person(team="red")
    run(store.commit(Add(ada)))
    assert run(surest.get(Person, ada.id)) == ada
    assert run(surest.find(Person, "address", ada.address)).items == (ada,)
    assert ada in run(surest.find(Person, "team", "red")).items
    run(surest.close())


def test_x8_without_a_majority_nothing_is_acknowledged(servers: MongoReplicaSet, store: MongoStore) -> None:
    """The caller is told so in the end, and what was tried happened once or never, when they are back."""
    ada, grace, joan = person(), person(), person()
    run(store.commit(Add(ada)))
    newer = ada.evolve(name="Ada King")
    primary = servers.primary()
    others = [each for each in servers.servers if each is not primary]
    for each in others:
        os.kill(each.pid, signal.SIGSTOP)
    try:
        with pytest.raises(StoreUnavailableError):
            run(store.commit(Save(ada, newer)))
        with pytest.raises(StoreUnavailableError):
            run(store.commit(Add(grace), Add(joan)))
    finally:
        for each in others:
            os.kill(each.pid, signal.SIGCONT)
    servers.primary()
    surest = open_url(
        servers.url(read_concern="linearizable", **{**QUICK, "selection_timeout": 20}), blocking=True
    )
    run(surest.prepare(COLLECTIONS))
    assert run(surest.get(Person, ada.id)) in (ada, newer)
    both = [run(surest.get(Person, each.id)) for each in (grace, joan)]
    assert both in ([None, None], [grace, joan])
    run(surest.commit(Add(person())))
    run(surest.close())
