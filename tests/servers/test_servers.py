"""The private servers really start, keep what they should keep, and are gone afterwards."""

import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pymysql
import pytest

from tests.servers import availability, mariadb
from tests.servers.mariadb import MariadbServer
from tests.servers.ports import is_free
from tests.servers.postgres import PostgresServer, installed_programs
from tests.servers.server import Server, ServerError, is_reachable

pytestmark = pytest.mark.server

STARTS: dict[str, Callable[..., Server]] = {
    "postgres16": lambda **options: PostgresServer.of_version(16, **options),
    "postgres18": lambda **options: PostgresServer.of_version(18, **options),
    "mariadb": MariadbServer.installed,
}


@pytest.fixture(scope="module", params=STARTS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of this module, which a test may interrupt."""
    with STARTS[request.param](durable=True) as server:
        yield server


@pytest.mark.parametrize(("fixture", "version"), [("postgres16", "16."), ("postgres18", "18.")])
def test_postgres_answers_the_driver(request: pytest.FixtureRequest, fixture: str, version: str) -> None:
    """The URL of the session's server opens with psycopg, and it is the version that was asked for."""
    server: PostgresServer = request.getfixturevalue(fixture)
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW server_version").fetchone()[0].startswith(version)


def test_mariadb_answers_the_driver(mariadb: MariadbServer) -> None:
    """The session's server opens with PyMySQL, and it is a MariaDB."""
    with (
        pymysql.connect(
            host=mariadb.host,
            port=mariadb.port,
            user=mariadb.user,
            password=mariadb.password,
            database=mariadb.database,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT VERSION()")
        assert "MariaDB" in cursor.fetchone()[0]


def test_a_wrong_password_is_refused_by_postgres(postgres16: PostgresServer) -> None:
    """The password is really asked for."""
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres16.url(password="wrong"))


@pytest.mark.parametrize("user", ["root", "userkit", ""])
def test_nobody_enters_mariadb_without_the_password(mariadb: MariadbServer, user: str) -> None:
    """The password is really asked for, and the accounts that would need none are gone."""
    with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
        pymysql.connect(host=mariadb.host, port=mariadb.port, user=user, password="")


def test_a_url_names_driver_database_and_account(postgres16: PostgresServer) -> None:
    """Each part of the URL can be replaced, and what is special in a password is quoted."""
    url = postgres16.url("asyncpg", database="other", user="ada", password="p@ss/word")
    assert url == f"postgresql+asyncpg://ada:p%40ss%2Fword@127.0.0.1:{postgres16.port}/other"
    assert postgres16.url(scheme="postgres").startswith("postgres://userkit:")


def test_databases_are_apart(server: Server) -> None:
    """A new database has a name of its own and does not see the tables of another."""
    first, second = server.create_database(), server.create_database()
    server.execute("CREATE TABLE marks (mark int)", database=first)
    server.execute("CREATE TABLE marks (mark int)", database=second)
    server.execute("INSERT INTO marks VALUES (1)", database=first)
    assert server.execute("SELECT mark FROM marks", database=first) == [(1,)]
    assert server.execute("SELECT mark FROM marks", database=second) == []


def test_a_restart_keeps_port_and_data(server: Server) -> None:
    """What was committed is there after an orderly restart, on the same URL."""
    name = server.create_database()
    url = server.url(database=name)
    server.execute("CREATE TABLE marks (mark int)", database=name)
    server.restart()
    assert server.url(database=name) == url
    assert server.execute("SELECT mark FROM marks", database=name) == []


def test_a_killed_server_comes_back_with_every_commit(server: Server) -> None:
    """SIGKILL ends all processes of the server; a durable one has lost nothing afterwards."""
    name = server.create_database()
    server.execute("CREATE TABLE marks (mark int)", database=name)
    server.execute("INSERT INTO marks VALUES (7)", database=name)
    family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    server.kill()
    assert not server.is_running
    assert all(not process.is_running() or process.status() == "zombie" for process in family)
    server.start()
    assert server.execute("SELECT mark FROM marks", database=name) == [(7,)]


@pytest.mark.parametrize("name", STARTS)
def test_stopping_frees_the_port_and_closing_the_folder(name: str) -> None:
    """A stopped server listens no more, a closed one leaves nothing, and neither minds being told twice."""
    server = STARTS[name]()
    assert not is_free(server.port)
    server.stop()
    server.stop()
    assert is_free(server.port)
    assert server.folder.exists()
    server.close()
    server.close()
    server.kill()
    assert not server.folder.exists()


def test_servers_die_with_a_killed_test_run() -> None:
    """A run that ends by SIGKILL leaves neither a server nor its data."""
    program = (
        "from tests.servers.test_servers import STARTS\n"
        "server = STARTS['postgres18']()\n"
        "print(server.pid, server.folder, flush=True)\n"
        "input()\n"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with run:
        assert run.stdout is not None
        pid, folder = run.stdout.readline().split()
        run.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while (psutil.pid_exists(int(pid)) or Path(folder).exists()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(folder).exists()
    assert not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE


def test_a_server_that_cannot_start_shows_its_log(server: Server) -> None:
    """The reason is in the error, not in a file that is deleted."""
    server.stop()
    with (
        socket.create_server((server.host, server.port)),
        pytest.raises(ServerError, match=r"(?i)address.*in use"),
    ):
        server.start()
    assert not server.is_running
    server.start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its servers over to another user")
def test_programs_below_a_closed_home_are_copied(tmp_path: Path) -> None:
    """A virtual environment in a folder of mode 0700 is out of reach of the servers' user; a copy is not."""
    home = tmp_path / "home"
    home.mkdir(mode=stat.S_IRWXU)
    installed = installed_programs(18)
    for folder in (installed, installed.parent.with_name(f"{installed.parent.name}.libs")):
        shutil.copytree(folder, home / folder.relative_to(installed.parent.parent), symlinks=True)
    programs = home / installed.parent.name / installed.name
    assert not is_reachable(programs)
    with PostgresServer(programs) as server:
        assert server.execute("SELECT 1") == [(1,)]


def test_a_missing_server_is_a_skip_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a developer's machine the test is skipped, with the command in the reason."""
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(mariadb, "find_programs", lambda: None)
    with pytest.raises(pytest.skip.Exception, match="apt-get install mariadb-server-core"):
        MariadbServer.installed()


def test_a_missing_server_is_a_failure_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """A green run in CI means that every server was there."""
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"Valkey is missing; .* pip install valkey"):
        availability.missing("Valkey", install="pip install valkey")
