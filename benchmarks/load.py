"""Bulk load: rows per second against the driver's own batch insert of the same rows, and peak memory."""

import multiprocessing
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.measure import Contest, contest
from benchmarks.people import people
from userkit.features.users import USERS
from userkit.plugins.opening import open_store
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.port import Store
from userkit.sync import run as step

__all__ = ["run"]

ROWS = 20_000
MANY = 1_000_000
TABLES = ("userkit_users", "userkit_users_words")


def run() -> Iterator[Contest | str]:
    """Compare on SQLite, then load a million users in a process of its own to see its memory."""
    with tempfile.TemporaryDirectory() as folder:
        yield _against_executemany(Path(folder))
        yield _memory(f"sqlite:///{Path(folder) / 'million.db'}")


class _Stopwatch:
    """Counts only the CPU time of what is between its marks."""

    def __init__(self) -> None:
        self.spent = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        begin = time.process_time()
        yield
        self.spent += time.process_time() - begin


def _against_executemany(folder: Path) -> Contest:
    watch, rounds = _Stopwatch(), iter(range(1000))
    path = folder / "ours.db"
    store = open_store(f"sqlite:///{path}", blocking=True)
    step(store.prepare([USERS]))
    mine = sqlite3.connect(path)
    bare = _like(mine, folder / "bare.db")

    def ours() -> int:
        some = list(people(ROWS, prefix=f"p{next(rounds)}-"))
        with watch.running():
            step(bulk_loadable(store).load(some))
        return ROWS

    def theirs() -> int:
        # The rows that the store has just written, so that both write the very same.
        rows = {table: _last(mine, table) for table in TABLES}
        for table in reversed(TABLES):
            bare.execute(f"DELETE FROM {table}")
        with watch.running():
            _executemany(bare, rows)
        return len(rows[TABLES[0]])

    result = contest("bulk load, per row", "sqlite3 executemany", ours, theirs, clock=lambda: watch.spent)
    bare.close()
    mine.close()
    step(store.close())
    return result


def _like(model: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Open another file with the same tables and settings."""
    bare = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        bare.execute(f"PRAGMA {pragma}")
    for (text,) in model.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"):
        bare.execute(text)
    return bare


def _last(mine: sqlite3.Connection, table: str) -> list[Any]:
    newest = f"SELECT id FROM {TABLES[0]} ORDER BY id DESC LIMIT {ROWS}"
    return mine.execute(f"SELECT * FROM {table} WHERE id IN ({newest}) ORDER BY id").fetchall()


def _executemany(bare: sqlite3.Connection, rows: dict[str, list[Any]]) -> None:
    batch = 1000
    users, words = rows[TABLES[0]], rows[TABLES[1]]
    share = len(words) * batch // len(users)
    for number in range(len(users) // batch):
        bare.execute("BEGIN IMMEDIATE")
        for table, some in (
            (TABLES[0], users[number * batch : (number + 1) * batch]),
            (TABLES[1], words[number * share : (number + 1) * share]),
        ):
            bare.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(some[0]))})", some)
        bare.execute("COMMIT")


def _memory(url: str) -> str:
    """Load a million users in a fresh process, and say what it took beyond what it has when idle."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_load_many, args=(url, theirs))
    process.start()
    idle, peak, seconds = ours.recv()
    process.join()
    return (
        f"Loading {MANY:,} users into SQLite: {MANY / seconds:,.0f} rows/s, making them included; "
        f"memory {idle / 1024:.0f} MiB idle, {peak / 1024:.0f} MiB at its peak: "
        f"{(peak - idle) / 1024:.0f} MiB more."
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
