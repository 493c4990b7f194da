"""A store that is open when its process forks is used by parent and children alike."""

import subprocess
import sys
from pathlib import Path

from tests.servers.mariadb import MariadbServer
from tests.servers.postgres import PostgresServer
from tests.stores.sqlalchemy.forking import CALLS, CHILDREN
from userkit import SyncUserKit
from userkit.backends.sqlalchemy.forks import leave_all_behind

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


def check(url: str) -> None:
    command = [sys.executable, "-m", "tests.stores.sqlalchemy.forking", url]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    with SyncUserKit(url, secret=SECRET) as kit:
        assert kit.users.count() == 1 + CALLS * (CHILDREN + 1)


def test_sqlite_survives_a_fork(tmp_path: Path) -> None:
    """SQLite forbids to carry a connection across a fork."""
    check(f"sqlite:///{tmp_path / 'app.db'}")


def test_postgresql_survives_a_fork(postgres18: PostgresServer) -> None:
    """Two processes that speak on one connection garble each other's answers."""
    check(postgres18.url(database=postgres18.create_database()))


def test_mariadb_survives_a_fork(mariadb: MariadbServer) -> None:
    """The same."""
    check(mariadb.url(database=mariadb.create_database()))


def test_a_database_in_memory_stays_what_it_was() -> None:
    """The child has a copy of it, which would be lost with its connection."""
    with SyncUserKit("sqlite://", secret=SECRET) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada Lovelace")
        leave_all_behind()
        assert kit.users.get(user.id) == user


def test_a_file_is_opened_anew(tmp_path: Path) -> None:
    """What the child does is done on connections of its own."""
    with SyncUserKit(f"sqlite:///{tmp_path / 'app.db'}", secret=SECRET) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada Lovelace")
        leave_all_behind()
        kit.users.update(user.id, name="Ada King")
        assert kit.users.get(user.id).name == "Ada King"
