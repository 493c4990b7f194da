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
from benchmarks.measure import Contest, contest
from benchmarks.rivals.ours import fill_url
from benchmarks.served.token_checked import token as sign
from benchmarks.servers import postgresql
from tests.servers.ports import free_port
from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME, Argon2id

__all__ = ["run"]

EMAIL, PASSWORD = "person0@example.com", "mauve otters juggle teapots"
REQUESTS, ROUNDS = 1500, 7
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
    if not all(map(find_spec, ("fastapi_users", "flask_security", "uvloop", "httptools", "gunicorn"))):
        yield "The rivals are not installed here."
        return
    encoded = Argon2id(memory_cost=LEAST_MEMORY, time_cost=LEAST_TIME, parallelism=LEAST_PARALLELISM).hash(
        PASSWORD
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        yield from _fastapi("SQLite", f"sqlite:///{folder / 'ours.db'}", _aiosqlite(folder), encoded)
        with postgresql() as url, postgresql() as other:
            theirs = other.replace("postgresql://", "postgresql+asyncpg://", 1)
            ours = url.replace("postgresql://", "postgresql+asyncpg://", 1)
            yield from _fastapi("PostgreSQL", ours, theirs, encoded)
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
        bounds = (None, 1 / 7)
        yield from _both(told, "fastapi-users", token, there, (mine, other), goal="P2", at_most=bounds)
        anybody = mine.asked("/anybody")
        for path, what in (
            ("/signed-in", "user read"),
            ("/token", "token alone"),
            ("/api/v1/users/me", "own route"),
        ):
            told = f"FastAPI, {system}, {what}"
            yield from _both(told, "no sign-in at all", mine.asked(path), anybody, (mine,))


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
        yield from _both(
            "Flask, SQLite, user read", "no sign-in at all", here, mine.asked("/anybody"), (mine,)
        )


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
    places: tuple[Place, ...],
    *,
    goal: str = "",
    at_most: tuple[float | None, float | None] = (None, None),
) -> Iterator[Contest]:
    def spent() -> float:
        # The one that is not asked spends next to nothing.
        return sum(place.spent() for place in places)

    clocks = ((spent, "CPU µs of the server"), (time.perf_counter, "µs by the clock"))
    for (clock, unit), most in zip(clocks, at_most, strict=True):
        told = goal if most is not None else ""
        yield contest(
            name, rival, ours, theirs, rounds=ROUNDS, clock=clock, unit=unit, goal=told, at_most=most
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
    body = {"email": EMAIL, "password": PASSWORD}
    return _bearer(httpx.post(f"{url}/api/v1/auth/login", json=body, timeout=30))


def _by_hand(_: str) -> dict[str, str]:
    now = int(time.time())
    claims = {"sub": "019a0c4e-7b5f-7c3a-9d1e-2f4a6b8c0d2e", "iat": now, "exp": now + 3600}
    return {"Authorization": f"Bearer {sign(claims)}"}


def _fastapi_users(url: str) -> dict[str, str]:
    form = {"username": EMAIL, "password": PASSWORD}
    return _bearer(httpx.post(f"{url}/auth/jwt/login", data=form, timeout=30))


def _bearer(answer: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}


def _flask_security(url: str) -> dict[str, str]:
    body = {"email": EMAIL, "password": PASSWORD}
    answer = httpx.post(f"{url}/login?include_auth_token", json=body, timeout=30).raise_for_status()
    return {"Authentication-Token": answer.json()["response"]["user"]["authentication_token"]}


def _aiosqlite(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / f'theirs-{secrets.token_hex(4)}.db'}"


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
