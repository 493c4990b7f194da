"""Import: how fast accounts of Django come in, how much memory it takes, and doing it again.

``python -m benchmarks.importing 1000000`` does the same with a million.
"""

import csv
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.measure import Count
from benchmarks.rivals.ours import SECRET
from userkit import SyncUserKit
from userkit.importing import FORMATS, IMPORTING, Source

__all__ = ["run"]

ROWS = 50_000
AGAIN = 10_000
# Nobody signs in, so that one hash does for all.
_HASH = "pbkdf2_sha256$1000000$IYY5xpJVMIVYYtPEeq7NOf$kawbq9Q8Qm7zWqBE06ZCysxFn5qT95+ZfBXhi4m/CR0="
_COLUMNS = (
    "id",
    "password",
    "last_login",
    "is_superuser",
    "username",
    "last_name",
    "email",
    "is_staff",
    "is_active",
    "date_joined",
    "first_name",
)


def run(rows: int = ROWS) -> Iterator[Count]:
    """Import a table auth_user into SQLite, in a process of its own to see its memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "auth_user.csv"
        _write(path, rows)
        url = f"sqlite:///{Path(folder) / 'app.db'}"
        idle, peak, seconds = _in_a_process(url, path, rows)
        told = f"importing {rows:,} users of Django with their passwords into SQLite"
        yield _count(told, rows / seconds, "rows/s")
        yield _count(f"{told}: memory at its peak beyond idle", (peak - idle) / 1024, "MiB")
        _write(path, AGAIN)
        _, _, seconds = _in_a_process(url, path, AGAIN)
        yield _count(f"importing {AGAIN:,} of them again, which changes nothing", AGAIN / seconds, "rows/s")


def _count(name: str, value: float, unit: str) -> Count:
    return Count(name=name, value=value, unit=unit, is_exact=False)


def _write(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for number in range(1, rows + 1):
            name, joined = f"person{number}", f"2024-05-{number % 28 + 1:02} 12:30:00.{number % 1000:03}"
            address = f"{name}@example.com"
            writer.writerow((number, _HASH, "", 0, name, "Lovelace", address, 0, 1, joined, "Ada"))


def _in_a_process(url: str, path: Path, rows: int) -> tuple[int, int, float]:
    ours, theirs = multiprocessing.Pipe()
    arguments = (url, path, rows, theirs)
    process = multiprocessing.get_context("spawn").Process(target=_import, args=arguments)
    process.start()
    theirs.close()  # so that a process that dies is not waited for
    idle, peak, seconds = ours.recv()
    process.join()
    return idle, peak, seconds


def _import(url: str, path: Path, rows: int, line: Connection) -> None:
    with SyncUserKit(url, secret=SECRET, relay=False, features=[IMPORTING]) as kit:
        idle = _peak_memory()
        begin = time.perf_counter()
        report = kit[IMPORTING](FORMATS["django"](Source(path=path)))
        seconds = time.perf_counter() - begin
    done = report.outcomes["imported"] + report.outcomes["unchanged"]
    assert done == rows, report.state()
    line.send((idle, _peak_memory(), seconds))


def _peak_memory() -> int:
    """Return the most that this process has held so far, in KiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    for told in run(*map(int, sys.argv[1:])):
        print(told.row())
