"""What goes wrong with a MongoDB, and what is said and kept then."""

import contextlib
import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.servers.mongodb import MongoReplicaSet, MongoServer
from tests.servers.ports import free_port
from tests.servers.proxy import FaultProxy
from tests.stores.sqlalchemy.forking import CALLS, CHILDREN
from userkit import SyncUserKit, User, UserKit
from userkit.backends.mongodb.opening import open_url
from userkit.errors import (
    DuplicateError,
    StaleError,
    StoreError,
    StoreUnavailableError,
    UnsupportedStoreError,
)
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Person, person

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
QUICK = {"selection_timeout": 1, "connect_timeout": 1, "operation_timeout": 2, "keep_expired": -1}


def says(url: str) -> str:
    """Return what a kit says that cannot be opened."""
    with (
        pytest.raises((StoreUnavailableError, UnsupportedStoreError)) as caught,
        SyncUserKit(url, secret=SECRET),
    ):
        pass
    return str(caught.value)


@pytest.mark.server
def test_a_server_that_stands_alone_is_refused() -> None:
    """It has no transactions; the sentence says how to mend it."""
    with MongoServer(replicates=False) as alone, pytest.raises(UnsupportedStoreError, match="--replSet"):
        SyncUserKit(alone.url(), secret=SECRET).open()


@pytest.mark.server
def test_a_wrong_password_and_missing_rights_are_said() -> None:
    """Without either of them in the sentence."""
    with MongoServer(guarded=True) as guarded:
        with SyncUserKit(guarded.url(), secret=SECRET) as kit:
            kit.users.register(email="ada@example.com", name="Ada Lovelace")
        told = says(guarded.url(password="wrong-but-hidden"))
        assert "user name or the password" in told
        assert "hidden" not in told
        assert "readWrite" in says(guarded.url(database="elsewhere"))


@pytest.mark.server
def test_who_may_read_and_write_may_prepare() -> None:
    """Also when another process makes a collection at the same moment; no more rights are needed."""
    with MongoServer(guarded=True) as guarded:
        roles = [{"role": "readWrite", "db": "app"}]
        guarded.command("createUser", "plain", pwd=guarded.password, roles=roles, as_root=True)
        url = guarded.url(database="app").replace(f"//{guarded.user}:", "//plain:")
        stores = [open_url(url, blocking=True) for _ in range(4)]
        with ThreadPoolExecutor(4) as threads:
            for done in [threads.submit(run, each.prepare(COLLECTIONS)) for each in stores]:
                done.result()
        run(stores[0].commit(Add(ada := person())))
        assert run(stores[1].get(Person, ada.id)) == ada
        for each in stores:
            run(each.close())


def test_a_server_that_is_not_there_is_said() -> None:
    """After the time that the URL gives it."""
    assert "cannot be reached" in says(f"mongodb://127.0.0.1:{free_port()}/?selection_timeout=0.2")


def test_tls_that_the_server_does_not_speak_is_said(mongo: MongoServer) -> None:
    """It is no reason to speak without."""
    assert "cannot be reached" in says(mongo.url(tls="true", selection_timeout=1))


@pytest.fixture
def cut_off(mongo: MongoServer) -> Iterator[tuple[FaultProxy, Store]]:
    """A store behind a wire that can be cut."""
    with FaultProxy(mongo.port) as proxy:
        # Named directly, since the set would tell the driver the server's own address.
        options = "&".join(f"{name}={value}" for name, value in QUICK.items())
        url = f"mongodb://127.0.0.1:{proxy.port}/faults?directConnection=true&{options}"
        store = open_url(url, blocking=True)
        run(store.prepare(COLLECTIONS))
        yield proxy, store
        proxy.resume()
        run(store.close())


@pytest.mark.parametrize("moment", ["before", "answer"])
def test_x8_a_change_whose_answer_is_lost_happens_once(
    cut_off: tuple[FaultProxy, Store], moment: str
) -> None:
    """One operation, cut before the server has it, and after."""
    proxy, store = cut_off
    ada = person()
    for change, match in (
        (Add(ada), b"insert"),
        (Save(ada, ada.evolve(name="Ada King")), b"update"),
        (Remove(ada.evolve(name="Ada King")), b"delete"),
    ):
        trap = proxy.cut_at(match, moment)  # type: ignore[arg-type]  # one of the three
        run(store.commit(change))
        assert trap.has_sprung
    assert run(store.get(Person, ada.id)) is None


@pytest.mark.parametrize("moment", ["before", "answer"])
def test_x8_a_transaction_whose_answer_is_lost_happens_once(
    cut_off: tuple[FaultProxy, Store], moment: str
) -> None:
    """Cut at its commit, before the server has it and after."""
    proxy, store = cut_off
    ada, grace = person(), person()
    trap = proxy.cut_at(b"commitTransaction", moment)  # type: ignore[arg-type]  # one of the three
    run(store.commit(Add(ada), Add(grace)))
    assert trap.has_sprung
    assert run(store.get(Person, ada.id)) == ada
    assert run(store.get(Person, grace.id)) == grace


def test_x8_a_server_that_stays_away_is_an_error_of_ours(cut_off: tuple[FaultProxy, Store]) -> None:
    """And when it is back, the same store works."""
    proxy, store = cut_off
    ada = person()
    proxy.refuse()
    proxy.cut()
    with pytest.raises(StoreUnavailableError):
        run(store.commit(Add(ada)))
    with pytest.raises(StoreUnavailableError):
        run(store.get(Person, ada.id))
    proxy.resume()
    run(store.commit(Add(ada)))
    assert run(store.get(Person, ada.id)) == ada


def test_x8_a_refusal_stays_a_refusal_when_its_answer_is_lost(cut_off: tuple[FaultProxy, Store]) -> None:
    """Somebody else was faster."""
    proxy, store = cut_off
    ada = person()
    run(store.commit(Add(ada)))
    newer = ada.evolve(name="Ada King")
    run(store.commit(Save(ada, newer)))
    for change, match, refusal in (
        (Save(ada, ada.evolve(name="Augusta")), b"update", StaleError),
        (Add(person(ada.address)), b"insert", DuplicateError),
    ):
        proxy.cut_at(match, "answer")
        with pytest.raises(refusal):
            run(store.commit(change))
    assert run(store.get(Person, ada.id)) == newer


@pytest.mark.server
def test_x4_a_primary_that_is_killed_takes_nothing_with_it_that_was_acknowledged() -> None:
    """Three servers; writers go on, and everything they were told is there, once, afterwards."""
    with MongoReplicaSet() as servers:
        options = {"selection_timeout": 20, "operation_timeout": 10, "keep_expired": -1}
        with SyncUserKit(servers.url(**options), secret=SECRET, relay=False) as kit:
            done: list[User] = []
            enough, stop = threading.Event(), threading.Event()

            def register(name: str) -> None:
                number = 0
                while not stop.is_set():
                    number += 1
                    with contextlib.suppress(StoreError):
                        done.append(kit.users.register(email=f"{name}{number}@example.com", name=name))
                    if len(done) > 20:
                        enough.set()

            writers = [threading.Thread(target=register, args=(f"writer{each}",)) for each in range(4)]
            for writer in writers:
                writer.start()
            assert enough.wait(30)
            servers.primary().kill()
            before = len(done)
            kit.users.register(email="after@example.com", name="After")
            servers.primary()
            stop.set()
            for writer in writers:
                writer.join(60)
            assert before >= 20
            assert [kit.users.get(user.id) for user in done] == done
            everybody = kit.users.count()
            assert everybody >= len(done) + 1
            addresses = {user.email for user in kit.users.list(limit=1000).items}
            assert len(addresses) == min(everybody, 1000)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_mongodb_survives_a_fork(mongo: MongoServer) -> None:
    """A client from before belongs to the parent; each process registers what it should, once."""
    url = mongo.url(database=f"forks_{secrets.token_hex(6)}")
    command = [sys.executable, "-m", "tests.stores.sqlalchemy.forking", url]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    with SyncUserKit(url, secret=SECRET) as kit:
        assert kit.users.count() == 1 + CALLS * (CHILDREN + 1)


@pytest.mark.server
def test_both_kits_use_a_url(mongo: MongoServer) -> None:
    """What one has written the other reads."""
    import asyncio

    url = mongo.url(database="both")
    with SyncUserKit(url, secret=SECRET) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada Lovelace")

    async def read() -> User:
        async with UserKit(url, secret=SECRET) as kit:
            return await kit.users.get(user.id)

    assert asyncio.run(read()) == user
