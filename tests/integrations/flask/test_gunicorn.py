"""Under gunicorn: processes that are forked, threads, and workers that die."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.integrations.conftest import place_params
from tests.integrations.worlds import PASSWORD, SECRET, Place, bearer
from tests.servers.postgres import PostgresServer
from tests.servers.reaper import reaper
from userkit import SyncUserKit
from userkit.testing.bench import PATIENCE

ROOT = Path(__file__).parents[3]
SYNC = ("--workers=2",)
THREADS = ("--workers=2", "--worker-class=gthread", "--threads=8")
PRELOADED = (*THREADS, "--preload")
KINDS = {"sync": SYNC, "threads": THREADS, "preload": PRELOADED}


@dataclass(frozen=True)
class Served:
    """An application that is served, and the process that watches its workers."""

    url: str
    master: int

    def ask(self, method: str, path: str, *, token: str | None = None, **options: Any) -> httpx.Response:
        """Send a request on a connection of its own, so that any worker may get it."""
        headers = bearer(token) if token else {}
        return httpx.request(method, f"{self.url}{path}", headers=headers, timeout=PATIENCE, **options)

    def register(self, name: str) -> httpx.Response:
        """Open an account."""
        body = {"email": f"{name}@example.com", "name": name.title(), "password": PASSWORD}
        return self.ask("POST", "/api/v1/users", json=body)

    def sign_in(self, name: str) -> httpx.Response:
        """Sign in to an account."""
        body = {"email": f"{name}@example.com", "password": PASSWORD}
        return self.ask("POST", "/api/v1/auth/login", json=body)

    def refresh(self, token: str) -> httpx.Response:
        """Exchange a refresh token."""
        return self.ask("POST", "/api/v1/auth/refresh", json={"refresh_token": token})

    def live(self, name: str) -> list[int]:
        """Register, sign in, look at a protected view and refresh; return the statuses."""
        registered, signed_in = self.register(name), self.sign_in(name)
        tokens = signed_in.json()
        seen = self.ask("GET", "/protected", token=tokens["access_token"])
        refreshed = self.refresh(tokens["refresh_token"])
        return [each.status_code for each in (registered, signed_in, seen, refreshed)]


@contextmanager
def gunicorn(*options: str, folder: Path, environment: Mapping[str, str]) -> Generator[Served]:
    """Serve the application; the socket is ours, so that nobody takes the port before."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener, ExitStack() as stack:
        log = stack.enter_context((folder / "gunicorn.log").open("wb"))
        command = [sys.executable, "-m", "gunicorn", *options, f"--bind=fd://{listener.fileno()}"]
        server = subprocess.Popen(
            [*command, "tests.integrations.flask.served:app"],
            cwd=ROOT,
            # Its control socket and its heartbeats have no business elsewhere.
            env={**os.environ, "HOME": str(folder), "TMPDIR": str(folder), **environment},
            pass_fds=[listener.fileno()],
            stdout=log,
            stderr=log,
        )
        reaper().watch_process(server.pid, signal_number=signal.SIGTERM)
        try:
            yield Served(f"http://127.0.0.1:{listener.getsockname()[1]}", server.pid)
        finally:
            _end(server)
            reaper().forget_process(server.pid)


def _end(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(params=place_params(*(Place("flask", "socket", store) for store in ("sqlite", "postgresql"))))
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param.store == "sqlite":
        return f"sqlite:///{tmp_path / 'app.db'}"
    server: PostgresServer = request.getfixturevalue("postgres18")
    return server.url(database=server.create_database())


@pytest.fixture
def serve(database: str, tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Return what starts gunicorn with options; it is gone when the test is over."""
    with ExitStack() as stack:
        yield lambda *options, **environment: stack.enter_context(
            gunicorn(
                *options, folder=tmp_path, environment={"DATABASE": database, "SECRET": SECRET, **environment}
            )
        )


def at_once(callers: int, call: Callable[[int], Any]) -> list[Any]:
    """Let threads begin at the same moment, and return what each got."""
    gate = threading.Barrier(callers)

    def begin(number: int) -> Any:
        gate.wait(PATIENCE)
        return call(number)

    with ThreadPoolExecutor(callers) as pool:
        return list(pool.map(begin, range(callers)))


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS.keys())
def test_many_people_live_at_once(
    serve: Callable[..., Served], database: str, options: tuple[str, ...]
) -> None:
    """Each registers, signs in, is let in and refreshes, whichever process and thread answers."""
    served = serve(*options)
    assert at_once(8, lambda number: served.live(f"user{number}")) == [[201, 200, 200, 200]] * 8
    with SyncUserKit(database, secret=SECRET) as kit:
        assert kit.users.count() == 8


@pytest.mark.parametrize("options", [SYNC, PRELOADED], ids=["sync", "preload"])
def test_se_1_a_refresh_token_has_one_successor(
    serve: Callable[..., Served], database: str, options: tuple[str, ...]
) -> None:
    """Of 16 who present it at once in two processes one gets the next, and the session goes on."""
    served = serve(*options)
    user_id = served.register("ada").json()["id"]
    first = served.sign_in("ada").json()["refresh_token"]
    answers = at_once(16, lambda _: served.refresh(first))
    assert Counter(each.status_code for each in answers) == {200: 1, 401: 15}
    (successor,) = (each.json()["refresh_token"] for each in answers if each.status_code == 200)
    assert served.refresh(successor).status_code == 200
    with SyncUserKit(database, secret=SECRET) as kit:
        assert len(kit.sessions.list(user_id).items) == 1


@pytest.mark.parametrize("options", [SYNC, PRELOADED], ids=["sync", "preload"])
def test_a_worker_that_is_killed_is_replaced(
    serve: Callable[..., Served], database: str, options: tuple[str, ...]
) -> None:
    """What was acknowledged is there, and the next requests work."""
    served = serve(*options)
    assert served.register("ada").status_code == 201
    for number in range(2):
        os.kill(served.ask("GET", "/process").json()["id"], signal.SIGKILL)
        assert served.sign_in("ada").status_code == 200
        assert served.live(f"user{number}") == [201, 200, 200, 200]


def test_whoever_was_told_that_it_is_done_finds_it_done(serve: Callable[..., Served], database: str) -> None:
    """A worker is killed while it answers; whom it told nothing may ask again."""
    served = serve(*PRELOADED)
    victim = served.ask("GET", "/process").json()["id"]

    def register(number: int) -> str | None:
        if number == 0:
            os.kill(victim, signal.SIGKILL)
            return None
        try:
            answer = served.register(f"user{number}")
        except httpx.TransportError:
            return None
        assert answer.status_code == 201
        return str(answer.json()["id"])

    told = [each for each in at_once(12, register) if each is not None]
    assert served.live("after") == [201, 200, 200, 200]
    with SyncUserKit(database, secret=SECRET) as kit:
        assert {kit.users.get(each).id for each in told} == set(told)


def test_a_kit_that_was_opened_before_the_fork_serves(serve: Callable[..., Served]) -> None:
    """Every process has connections of its own, and none of those that were there before."""
    served = serve(*PRELOADED, OPENED="1")
    assert at_once(16, lambda number: served.live(f"user{number}")) == [[201, 200, 200, 200]] * 16


def test_nothing_is_opened_before_the_fork(serve: Callable[..., Served], tmp_path: Path) -> None:
    """The process that watches the workers has no connection, and the workers begin from nothing."""
    served = serve(*PRELOADED)
    process = served.ask("GET", "/process").json()
    assert process["parent"] == served.master
    assert served.register("ada").status_code == 201
    own = {each.path for each in psutil.Process(served.master).open_files()}
    assert str(tmp_path / "app.db") not in own
    assert not [
        each for each in psutil.Process(served.master).net_connections() if each.status == "ESTABLISHED"
    ]
