"""Import: how fast a million accounts of Django come in, how much memory it takes, and doing it again."""

import csv
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from userkit import SyncUserKit
from userkit.importing import FORMATS, IMPORTING, Source

__all__ = ["run"]

ROWS = 1_000_000
AGAIN = 50_000
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


def run(rows: int = ROWS) -> Iterator[str]:
    """Import a table auth_user into SQLite, in a process of its own to see its memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "auth_user.csv"
        _write(path, rows)
        url = f"sqlite:///{Path(folder) / 'app.db'}"
        idle, peak, seconds = _in_a_process(url, path, rows)
        yield (
            f"Importing {rows:,} users of Django with their passwords into SQLite: "
            f"{rows / seconds:,.0f} rows/s; "
            f"memory {idle / 1024:.0f} MiB idle, {peak / 1024:.0f} MiB at its peak: "
            f"{(peak - idle) / 1024:.0f} MiB more."
        )
        _write(path, AGAIN)
        _, _, seconds = _in_a_process(url, path, AGAIN)
        yield f"\nImporting {AGAIN:,} of them again, which changes nothing: {AGAIN / seconds:,.0f} rows/s."


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
    idle, peak, seconds = ours.recv()
    process.join()
    return idle, peak, seconds


def _import(url: str, path: Path, rows: int, line: Connection) -> None:
    secret = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
    with SyncUserKit(url, secret=secret, relay=False, features=[IMPORTING]) as kit:
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
        print(told)
