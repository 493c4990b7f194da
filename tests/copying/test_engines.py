"""From one engine to another and back: the end is the beginning, also when a copy is killed in between."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.copying.people import COLLECTIONS, fill
from tests.servers.postgres import PostgresServer
from userkit.copying import Bookmark, Copying, Verified, scope_of, verify
from userkit.plugins.opening import open_store
from userkit.storage.port import Store
from userkit.sync import run

REALMS = ("default", "acme", "tenant-3")


def opened(url: str) -> Store:
    store = open_store(url, blocking=True)
    run(store.prepare(COLLECTIONS))
    return store


def filled(path: Path, users: int) -> str:
    url = f"sqlite:///{path}"
    store = opened(url)
    run(fill(store, users, realms=REALMS))
    run(store.close())
    return url


def copy(source_url: str, target_url: str) -> None:
    source, target = opened(source_url), opened(target_url)
    done = run(Copying(source=source, target=target, scope=run(scope_of([source], COLLECTIONS)))())
    assert not any(each.conflicts for each in done)
    run(source.close())
    run(target.close())


def compare(source_url: str, target_url: str) -> list[Verified]:
    source, target = opened(source_url), opened(target_url)
    found = list(run(verify(source, target, run(scope_of([source, target], COLLECTIONS)))))
    run(source.close())
    run(target.close())
    return found


def assert_equal(source_url: str, target_url: str) -> None:
    found = compare(source_url, target_url)
    assert {each.place.realm for each in found} == set(REALMS)
    assert all(each.ok and each.source_digest == each.target_digest for each in found)
    assert sum(each.source_count for each in found) == sum(each.target_count for each in found) > 0


def test_from_sqlite_to_postgresql_and_back(tmp_path: Path, postgres16: PostgresServer) -> None:
    """Two thousand users of three realms, with all that belongs to them, to the last byte."""
    first = filled(tmp_path / "first.db", 2000)
    middle = postgres16.url(database=postgres16.create_database())
    last = f"sqlite:///{tmp_path}/last.db"
    copy(first, middle)
    assert_equal(first, middle)
    copy(middle, last)
    assert_equal(first, last)


@pytest.mark.parametrize("moment", [1, 4, 9], ids=["early", "between", "late"])
def test_a_copy_that_is_killed_goes_on(tmp_path: Path, moment: int) -> None:
    """SIGKILL in the middle of a batch, with none, a part, or all of it in the target."""
    source = filled(tmp_path / "source.db", 300)
    target, bookmark = f"sqlite:///{tmp_path}/target.db", tmp_path / "bookmark"
    command = (sys.executable, "-m", "tests.copying.doomed", source, target, str(bookmark), str(moment))
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert bookmark.exists()
    environment = {**os.environ, "USERKIT_COPY_FROM": source, "USERKIT_COPY_TO": target}
    again = (
        sys.executable,
        "-m",
        "userkit.cli",
        "copy",
        "--resume",
        str(bookmark),
        "--batch",
        "50",
        "--verify",
    )
    result = subprocess.run(again, check=False, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "The two are equal." in result.stdout
    assert_equal(source, target)


def test_a_bookmark_is_never_half_written(tmp_path: Path) -> None:
    """A new file takes the place of the old one, and nothing is left beside it."""
    source = filled(tmp_path / "source.db", 20)
    store, target = opened(source), opened(f"sqlite:///{tmp_path}/target.db")
    scope = run(scope_of([store], COLLECTIONS))
    run(Copying(source=store, target=target, scope=scope, bookmark=Bookmark(tmp_path / "mark"), batch=3)())
    run(store.close())
    run(target.close())
    assert {each.name for each in tmp_path.iterdir() if "mark" in each.name} == {"mark"}
