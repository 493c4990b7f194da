"""Bulk load: rows per second against the driver's own batch insert of the same rows, and peak memory."""

import multiprocessing
import random
import sqlite3
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.measure import Contest, Count, Result, contest
from benchmarks.people import people
from benchmarks.servers import postgresql
from userkit import User
from userkit.features.users import USERS
from userkit.plugins.opening import open_store
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.port import Store
from userkit.sync import run as step

__all__ = ["run"]

ROWS = 10_000
BATCH = 1000
MANY = 1_000_000

Row = Sequence[Any]


def run() -> Iterator[Result]:
    """Compare on SQLite and PostgreSQL; then load a million users in a process of its own to see memory."""
    with tempfile.TemporaryDirectory() as folder:
        for name, everybody in (("as people come", _mixed(people(MANY))), ("all in order", people(MANY))):
            path = Path(folder) / name
            bare = BareSQLite(path.with_suffix(".ours"), path.with_suffix(".bare"))
            url = f"sqlite:///{path.with_suffix('.ours')}"
            yield _against(f"SQLite, {name}", "sqlite3 executemany", url, bare, everybody)
        yield from _memory(f"sqlite:///{Path(folder) / 'million.db'}")
    with postgresql() as url, postgresql() as other:
        name, everybody = "PostgreSQL, the client, as people come", _mixed(people(MANY))
        yield _against(name, "psycopg executemany", url, BarePsycopg(url, other), everybody)


def _mixed(some: Iterable[User]) -> Iterator[User]:
    """Give people names and addresses that follow no order, as another system has them, and few twice."""
    chance = random.Random(7)
    for person in some:
        given, family = (_name(chance, syllables) for syllables in (2, 3))
        address = f"{given}.{family}{chance.randrange(1_000_000)}@example.com".lower()
        yield replace(person, name=f"{given} {family}", email=address, email_key=address)


def _name(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choices(_SYLLABLES, k=syllables)).title()


_SYLLABLES = (
    "an",
    "bel",
    "cor",
    "da",
    "el",
    "fi",
    "gra",
    "ha",
    "is",
    "jo",
    "ka",
    "li",
    "mar",
    "mo",
    "ton",
    "vi",
    "we",
)


class Bare(ABC):
    """A driver with two databases: it reads what the store has written to one, and writes it to the other."""

    name: str
    mark: str

    @abstractmethod
    def rows(self, text: str, values: Sequence[Any]) -> list[Row]:
        """Return what the store has written, as it is inserted."""

    @abstractmethod
    def insert(self, *batch: list[Row]) -> None:
        """Insert a batch into the other, in a transaction."""

    @abstractmethod
    def close(self) -> None: ...

    def batch(self, ids: Sequence[str]) -> Sequence[list[Row]]:
        """Return the users with these ids, and the words that they are searched by."""
        text = f"SELECT * FROM {{}} WHERE id BETWEEN {self.mark} AND {self.mark} ORDER BY id"
        return [self.rows(text.format(table), (ids[0], ids[-1])) for table in _TABLES]

    def _statement(self, table: str, width: int) -> str:
        return f"INSERT INTO {table} VALUES ({', '.join([self.mark] * width)})"


class BareSQLite(Bare):
    """The standard library, set up as the store sets up its own connections."""

    mark = "?"

    def __init__(self, ours: Path, other: Path) -> None:
        _prepare(f"sqlite:///{ours}")
        _prepare(f"sqlite:///{other}")
        self.ours = sqlite3.connect(ours)
        self.other = sqlite3.connect(other, isolation_level=None)
        for pragma in ("synchronous = FULL", "foreign_keys = ON"):
            self.other.execute(f"PRAGMA {pragma}")

    def rows(self, text: str, values: Sequence[Any]) -> list[Row]:
        return self.ours.execute(text, values).fetchall()

    def insert(self, *batch: list[Row]) -> None:
        self.other.execute("BEGIN IMMEDIATE")
        for table, rows in zip(_TABLES, batch, strict=True):
            self.other.executemany(self._statement(table, len(rows[0])), rows)
        self.other.execute("COMMIT")

    def close(self) -> None:
        self.ours.close()
        self.other.close()


class BarePsycopg(Bare):
    """psycopg, whose batches are sent in pipelines."""

    mark = "%s"

    def __init__(self, ours: str, other: str) -> None:
        _prepare(ours)
        _prepare(other)
        self.ours, self.other = (psycopg.connect(url, autocommit=True) for url in (ours, other))

    def rows(self, text: str, values: Sequence[Any]) -> list[Row]:
        found = self.ours.execute(text, values).fetchall()
        return [[Jsonb(value) if isinstance(value, dict) else value for value in row] for row in found]

    def insert(self, *batch: list[Row]) -> None:
        with self.other.transaction(), self.other.cursor() as cursor:
            for table, rows in zip(_TABLES, batch, strict=True):
                cursor.executemany(self._statement(table, len(rows[0])), rows)

    def close(self) -> None:
        self.ours.close()
        self.other.close()


_TABLES = ("userkit_users", "userkit_users_words")


class _Stopwatch:
    """Counts only the CPU time of what is between its marks."""

    def __init__(self) -> None:
        self.spent = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        begin = time.process_time()
        yield
        self.spent += time.process_time() - begin

    @contextmanager
    def paused(self) -> Iterator[None]:
        begin = time.process_time()
        yield
        self.spent -= time.process_time() - begin


def _against(name: str, rival: str, url: str, bare: Bare, everybody: Iterator[User]) -> Contest:
    watch, store = _Stopwatch(), open_store(url, blocking=True)
    step(store.prepare([USERS]))
    written: list[list[str]] = []

    def drawn() -> Iterator[User]:
        for _ in range(ROWS // BATCH):
            with watch.paused():
                some = list(islice(everybody, BATCH))
                written.append([person.id for person in some])
            yield from some

    def ours() -> int:
        written.clear()
        with watch.running():
            step(bulk_loadable(store).load(drawn()))
        return ROWS

    def theirs() -> int:
        # The rows that the store has just written, so that both write the very same to tables of one size.
        for ids in written:
            users, words = bare.batch(ids)
            with watch.running():
                bare.insert(users, words)
        return ROWS

    result = contest(
        f"{name}: bulk load, per user",
        rival,
        ours,
        theirs,
        clock=lambda: watch.spent,
        goal="P10",
        at_most=1.25,
    )
    bare.close()
    step(store.close())
    return result


def _prepare(url: str) -> None:
    store = open_store(url, blocking=True)
    step(store.prepare([USERS]))
    step(store.close())


def _memory(url: str) -> Iterator[Count]:
    """Load a million users in a fresh process, and say what it took beyond what it has when idle."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_load_many, args=(url, theirs))
    process.start()
    idle, peak, seconds = ours.recv()
    process.join()
    name = f"SQLite: {MANY:,} users loaded"
    yield Count(name=f"{name}, making them included", value=MANY / seconds, unit="users/s", is_exact=False)
    yield Count(
        name=f"{name}, peak memory over idle",
        value=(peak - idle) / 1024,
        unit="MiB",
        goal="P10",
        at_most=64,
        is_exact=False,
    )


def _load_many(url: str, line: Connection) -> None:
    store: Store = open_store(url, blocking=True)
    step(store.prepare([USERS]))
    idle = _peak_memory()
    begin = time.perf_counter()
    step(bulk_loadable(store).load(people(MANY)))
    seconds = time.perf_counter() - begin
    step(store.close())
    line.send((idle, _peak_memory(), seconds))


def _peak_memory() -> int:
    """Return the most that this process has held so far, in KiB; getrusage would count its parent as well."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])
