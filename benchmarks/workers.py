"""Two workers against one: how many more requests they answer, and what one request then costs.

``wrk`` asks where it is installed, for it takes a fiftieth of what the server does; else a process of
Python. What two workers of a route that does nothing gain on the same machine is the limit.
"""

import multiprocessing
import re
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import httpx

from benchmarks.clients import hammer
from benchmarks.measure import Contest, Count, Result, compared
from benchmarks.processes import QUIET, SERVE, UVICORN, Server, serving
from benchmarks.rivals.ours import SECRET
from benchmarks.served.serve_people import EMAILS, PASSWORD, known_to_userkit
from userkit.backends.passwords.argon2id import Argon2id

__all__ = ["run"]

ROUNDS, SECONDS, CONNECTIONS = 5, 2, 16
_REQUESTS = 3000
_ANSWERED = re.compile(r"(\d+) requests in")
_WRONG = re.compile(r"Non-2xx or 3xx responses|Socket errors")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The same server with one worker and with two, and what it is asked."""

    one: Server
    two: Server
    path: str
    headers: dict[str, str]

    def asked(self) -> "tuple[Pace, Pace]":
        """Ask one and the other."""
        return _asked(self.one, self.path, self.headers), _asked(self.two, self.path, self.headers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What came of some seconds, for each request: µs by the clock, CPU of the server and of the client."""

    passed: float
    spent: float
    client: float


def run() -> Iterator[Result]:
    """Compare on SQLite, and with the same of a route that does nothing."""
    if not all(map(find_spec, ("uvloop", "httptools"))):
        yield "uvloop and httptools are not installed here."
        return
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        ours = _userkit(Path(name), stack)
        bare = _nothing(stack)
        rounds = [(ours.asked(), bare.asked()) for _ in range(ROUNDS + 1)][1:]  # one to warm up
    mine, other = [mine for mine, _ in rounds], [other for _, other in rounds]
    yield _scaled("userkit serve, signed-in GETs, two workers", "one worker", mine, at_most=1 / 1.8)
    yield _scaled("FastAPI, a route that does nothing, two workers", "one worker", other)
    yield _against_the_machine(mine, other)
    yield _costs("userkit serve, a signed-in GET, two workers", "one worker", mine)
    yield _costs("FastAPI, a route that does nothing, two workers", "one worker", other)
    yield _share("the client's share of a processor with two workers of userkit", mine)
    yield _share("the client's share of a processor with two workers that do nothing", other)


def _userkit(folder: Path, stack: ExitStack) -> Pair:
    url = known_to_userkit(folder / "ours.db", Argon2id().hash(PASSWORD))
    options = ("--database", url, "--mail-dir", str(folder / "mail"), *QUIET)
    environment = {"USERKIT_SECRET": SECRET}
    one, two = (
        stack.enter_context(serving(*SERVE, *options, "--workers", workers, environment=environment))
        for workers in ("1", "2")
    )
    body = {"email": EMAILS[0], "password": PASSWORD}
    answer = httpx.post(f"{one.url}/api/v1/auth/login", json=body, timeout=30).raise_for_status()
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return Pair(one=one, two=two, path="/api/v1/users/me", headers=headers)


def _nothing(stack: ExitStack) -> Pair:
    app = "benchmarks.served.serve_nothing:app"
    one, two = (
        stack.enter_context(serving(*UVICORN, *QUIET, app, "--workers", workers)) for workers in ("1", "2")
    )
    return Pair(one=one, two=two, path="/anybody", headers={})


def _asked(server: Server, path: str, headers: dict[str, str]) -> Pace:
    before, client, begin = server.spent(), _of_children(), time.perf_counter()
    ask = _wrk if shutil.which("wrk") else _python
    answered = ask(server, path, headers)
    passed, spent = time.perf_counter() - begin, server.spent() - before
    each = 1e6 / answered
    return Pace(passed=passed * each, spent=spent * each, client=(_of_children() - client) * each)


def _wrk(server: Server, path: str, headers: dict[str, str]) -> int:
    told = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *told, f"{server.url}{path}"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert not _WRONG.search(said), said
    found = _ANSWERED.search(said)
    assert found is not None, said
    return int(found[1])


def _python(server: Server, path: str, headers: dict[str, str]) -> int:
    process = multiprocessing.get_context("spawn").Process(
        target=hammer,
        args=(server.port, path, headers),
        kwargs={"connections": CONNECTIONS, "requests": _REQUESTS},
    )
    process.start()
    process.join()
    assert process.exitcode == 0
    return _REQUESTS


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


Rounds = list[tuple[Pace, Pace]]


def _scaled(name: str, rival: str, rounds: Rounds, *, at_most: float | None = None) -> Contest:
    one, two = [one.passed for one, _ in rounds], [two.passed for _, two in rounds]
    goal = "P15" if at_most else ""
    return compared(name, rival, two, one, unit="µs by the clock", goal=goal, at_most=at_most)


def _against_the_machine(ours: Rounds, bare: Rounds) -> Contest:
    mine, machine = ([one.passed / two.passed for one, two in each] for each in (ours, bare))
    return compared("times as many", "the route that does nothing", mine, machine, unit="x")


def _costs(name: str, rival: str, rounds: Rounds) -> Contest:
    one, two = [one.spent for one, _ in rounds], [two.spent for _, two in rounds]
    return compared(name, rival, two, one, unit="CPU µs of the server")


def _share(name: str, rounds: Rounds) -> Count:
    shares = [two.client / two.passed * 100 for _, two in rounds]
    return Count(name=name, value=statistics.median(shares), unit="%", is_exact=False)
