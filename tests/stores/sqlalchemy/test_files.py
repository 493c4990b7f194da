"""SQLite files: how they are set up, and who may write when."""

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.backends.sqlalchemy.turns import Turns
from userkit.errors import StoreUnavailableError
from userkit.storage.changes import Add, Save
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Account, account


def opened(url: str) -> SQLAlchemyStore:
    store = open_url(url, blocking=True)
    run(store.prepare(COLLECTIONS))
    return store


def pragma(store: SQLAlchemyStore, name: str) -> object:
    with store._runner.engine.connect() as connection:  # type: ignore[attr-defined]  # not on sessions
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 2), ("busy_timeout", 5000)],
)
def test_a_file_is_set_up_for_safe_writing(tmp_path: Path, name: str, value: object) -> None:
    """WAL, foreign keys, FULL (2), and waiting for others."""
    store = opened(f"sqlite:///{tmp_path}/app.db")
    assert pragma(store, name) == value
    run(store.close())


def test_options_say_otherwise(tmp_path: Path) -> None:
    """As far as safety is a matter of taste."""
    store = opened(f"sqlite:///{tmp_path}/app.db?synchronous=NORMAL&busy_timeout=1.5")
    assert (pragma(store, "synchronous"), pragma(store, "busy_timeout")) == (1, 1500)
    run(store.close())


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_memory_is_one_connection(url: str) -> None:
    """Threads share it in turn, and each store has a memory of its own."""
    store, other = opened(url), opened(url)
    threads = [threading.Thread(target=lambda: run(store.commit(Add(account(1))))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (run(store.count(Account)), run(other.count(Account))) == (8, 0)
    run(store.close())
    run(other.close())


@pytest.mark.parametrize(
    "name", ["plain.db", "with space.db", "per%cent.db", "question?.db", "hash#.db", "üñí.db"]
)
def test_any_name_of_a_file_will_do(tmp_path: Path, name: str) -> None:
    """Written as in every URL: percent-encoded where it must be."""
    from urllib.parse import quote

    store = opened(f"sqlite:///{quote(str(tmp_path / name))}")
    run(store.commit(Add(account(1))))
    run(store.close())
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_relative_path_begins_where_the_process_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the store is made, and not where it has gone later."""
    monkeypatch.chdir(tmp_path)
    store = open_url("sqlite:///app.db", blocking=True)
    monkeypatch.chdir("/")
    run(store.prepare(COLLECTIONS))
    run(store.close())
    assert (tmp_path / "app.db").exists()


def test_what_was_acknowledged_is_in_the_file(tmp_path: Path) -> None:
    """Other programs see it at once."""
    store = opened(f"sqlite:///{tmp_path}/app.db")
    purse = account(7)
    run(store.commit(Add(purse)))
    with closing(sqlite3.connect(tmp_path / "app.db")) as other:
        found = other.execute("SELECT id, realm, amount, version FROM userkit_specimen_accounts").fetchall()
    assert found == [(purse.id, "default", 7, 1)]
    run(store.close())


def test_many_writers_of_one_process_wait_for_each_other(tmp_path: Path) -> None:
    """Nobody is turned away for others being busy, even with less patience than all need together."""
    store = opened(f"sqlite:///{tmp_path}/app.db?busy_timeout=2")
    purses = [account(0) for _ in range(12)]
    run(store.commit(*map(Add, purses)))
    failures: list[BaseException] = []

    def spend(purse: Account) -> None:
        try:
            for amount in range(1, 11):
                run(store.commit(Save(purse, richer := purse.evolve(amount=amount))))
                purse = richer
        except BaseException as error:  # noqa: BLE001  # it is shown below
            failures.append(error)

    threads = [threading.Thread(target=spend, args=(purse,)) for purse in purses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [each.amount for each in run(store.find(Account)).items] == [10] * 12
    run(store.close())


def test_turns_are_given_in_the_order_they_were_asked_for() -> None:
    """Who releases and asks again is the last in the queue."""
    turns, order = Turns(10), list[int]()
    asked = threading.Event()

    def take(number: int) -> None:
        asked.set()
        with turns:
            order.append(number)

    with turns:
        threads = []
        for number in range(5):
            threads.append(threading.Thread(target=take, args=(number,)))
            asked.clear()
            threads[-1].start()
            asked.wait()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_a_turn_that_does_not_come_is_given_up() -> None:
    """And the queue goes on without whoever left it."""
    turns, met = Turns(0.05), list[BaseException]()

    def take() -> None:
        try:
            with turns:
                pass
        except StoreUnavailableError as error:
            met.append(error)

    with turns:
        waiting = threading.Thread(target=take)
        waiting.start()
        waiting.join()
    assert len(met) == 1
    with turns:
        assert not turns._waiting
