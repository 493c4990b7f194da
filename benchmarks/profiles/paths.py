"""The paths that are profiled, by name: each starts what it needs, and gives the process to look at."""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import psutil

from benchmarks.clients import hammer
from benchmarks.profiles.work import EMAIL, PASSWORD, READY
from benchmarks.rivals.ours import fill_url
from benchmarks.servers import postgresql
from tests.servers.mongodb import MongoServer
from tests.servers.ports import free_port
from tests.servers.redis import ValkeyServer
from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME, Argon2id

__all__ = ["PATHS", "Opened"]

Opened = Callable[[], AbstractContextManager[int]]
"""Starts a path and gives the id of the process that is busy with it."""

Place = Callable[[], AbstractContextManager[str]]

QUIET = ("--log-level", "error")
UVICORN = ("uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log", *QUIET)
GUNICORN = ("gunicorn", "--workers", "1", "--threads", "4", *QUIET)


@contextmanager
def _nowhere() -> Iterator[str]:
    yield ""


@contextmanager
def _sqlite() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{Path(folder) / 'profile.db'}"


@contextmanager
def _asyncpg() -> Iterator[str]:
    with postgresql() as url:
        yield url.replace("postgresql:", "postgresql+asyncpg:", 1)


@contextmanager
def _valkey() -> Iterator[str]:
    with ValkeyServer() as server:
        yield f"{server.url()}?keep_expired=-1"


@contextmanager
def _mongodb() -> Iterator[str]:
    with MongoServer() as server:
        yield server.url(database="profile", keep_expired=-1)


@contextmanager
def _working(work: str, place: Place) -> Iterator[int]:
    """Have a process of its own do one thing over and over."""
    with place() as url, _started("benchmarks.profiles.work", work, url) as process:
        assert process.stdout is not None
        if process.stdout.readline().strip() != READY:
            raise ChildProcessError(f"{work} did not begin.")
        yield process.pid


@contextmanager
def _asked(command: tuple[str, ...], place: Place) -> Iterator[int]:
    """Have a server answer somebody who has signed in, sixteen requests at a time."""
    port = free_port()
    with place() as url:
        fill_url(url.replace("+asyncpg", "", 1), [EMAIL], _hashed())
        where = ("--bind", f"127.0.0.1:{port}") if command[0] == "gunicorn" else ("--port", str(port))
        with _started(*command, *where, BENCH_DATABASE=url) as process:
            header = {"Authorization": f"Bearer {_token(port)}"}
            with _asking(partial(hammer, port, "/signed-in", header, connections=16, requests=500)):
                yield _busiest(process.pid)


@contextmanager
def _started(module: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    with ExitStack() as stack:
        stack.enter_context(process)
        stack.callback(process.terminate)
        yield process


@contextmanager
def _asking(ask: Callable[[], object]) -> Iterator[None]:
    """Ask in a thread for as long as somebody looks."""
    enough = threading.Event()

    def go_on() -> None:
        while not enough.is_set():
            ask()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


def _hashed() -> str:
    """Hash at the least cost that is allowed: it is done once."""
    hasher = Argon2id(memory_cost=LEAST_MEMORY, time_cost=LEAST_TIME, parallelism=LEAST_PARALLELISM)
    return hasher.hash(PASSWORD)


def _token(port: int) -> str:
    """Sign in as soon as the server listens."""
    again = httpx.HTTPTransport(retries=8)  # waits longer from time to time
    with httpx.Client(transport=again, base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        answer = client.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
        return str(answer.raise_for_status().json()["access_token"])


def _busiest(pid: int) -> int:
    """Return the worker, where a server has one beside itself."""
    return max((each.pid for each in psutil.Process(pid).children()), default=pid)


PATHS: dict[str, Opened] = {
    "sqlite-get": partial(_working, "get", _sqlite),
    "sqlite-find": partial(_working, "find", _sqlite),
    "sqlite-get-async": partial(_working, "get_async", _sqlite),
    "sqlite-save": partial(_working, "save", _sqlite),
    "postgresql-get-psycopg": partial(_working, "get", postgresql),
    "postgresql-get-asyncpg": partial(_working, "get_async", _asyncpg),
    "postgresql-save-psycopg": partial(_working, "save", postgresql),
    "redis-get": partial(_working, "get", _valkey),
    "redis-save": partial(_working, "save", _valkey),
    "mongodb-get": partial(_working, "get", _mongodb),
    "bulk-load": partial(_working, "bulk_load", _sqlite),
    "register": partial(_working, "register", _sqlite),
    "sign-in": partial(_working, "sign_in", _sqlite),
    "rotation": partial(_working, "rotation", _sqlite),
    "token-verify": partial(_working, "token_verify", _nowhere),
    "token-issue": partial(_working, "token_issue", _nowhere),
    "signed-in-fastapi-sqlite": partial(_asked, (*UVICORN, "benchmarks.served.userkit_fastapi:app"), _sqlite),
    "signed-in-fastapi-postgresql": partial(
        _asked, (*UVICORN, "benchmarks.served.userkit_fastapi:app"), _asyncpg
    ),
    "signed-in-flask": partial(_asked, (*GUNICORN, "benchmarks.served.userkit_flask:app"), _sqlite),
}
