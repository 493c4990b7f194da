"""Requests that come at fixed times while others sign in: how long they take, against others.

Requests leave when they are due, whatever has become of those before, and what they take is counted from
then on: a server that stands still makes all of them late, and not only the one that it is working on.
"""

import asyncio
import json
import selectors
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.asking import Line, form, get, post
from benchmarks.measure import Count, Result, compared
from benchmarks.processes import QUIET, UVICORN, Server, serving
from benchmarks.served.serve_people import EMAILS, PASSWORD, known_to_fastapi_users, known_to_userkit
from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME, Argon2id

__all__ = ["run"]

EVERY = 1 / 50
CLIENTS = 4
ROUNDS = 5
WITHOUT, WITH = 2.5, 3.5
LEAST = {"memory_cost": LEAST_MEMORY, "time_cost": LEAST_TIME, "parallelism": LEAST_PARALLELISM}
PWDLIB = {"memory_cost": 65536, "time_cost": 3, "parallelism": 4}
UNIT = "µs by the clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A server, and how people sign in there."""

    server: Server
    sign_ins: Sequence[bytes]
    guarded: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What came of some seconds: how long answers took, and how many signed in."""

    seconds: float
    waits: Sequence[float]
    sign_ins: int

    def percentile(self, share: float) -> float:
        """Return what so many of the answers stay below, in microseconds."""
        return sorted(self.waits)[int(len(self.waits) * share)] * 1e6


Rounds = Sequence[tuple[Round, Round]]
"""Without and with sign-ins, in turn."""


def run() -> Iterator[Result]:
    """Compare with fastapi-users at our cost of a hash and at its own."""
    if not all(map(find_spec, ("fastapi_users", "uvloop", "httptools"))):
        yield "fastapi-users, uvloop and httptools are not installed here: nobody to compare with."
        return
    yield from _at(LEAST, ", argon2 19 MiB t=2 p=1")
    yield from _at(PWDLIB, ", argon2 64 MiB t=3 p=4", saturating=True)


def _at(costs: dict[str, int], told: str, *, saturating: bool = False) -> Iterator[Result]:
    """Compare at one cost. Where it saturates a server that hashes on its loop, a fortieth is promised."""
    encoded = Argon2id(**costs).hash(PASSWORD)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        ours = Desk(
            server=stack.enter_context(_userkit(Path(name), encoded, costs)),
            sign_ins=[post("/api/v1/auth/login", _credentials(email)) for email in EMAILS],
            guarded="/signed-in",
        )
        theirs = Desk(
            server=stack.enter_context(_fastapi_users(Path(name), encoded, costs)),
            sign_ins=[form("/auth/jwt/login", _fields(email)) for email in EMAILS],
            guarded="/signed-in",
        )
        pairs = [(_round(ours), _round(theirs)) for _ in range(ROUNDS)]
    fortieth = 1 / 40 if saturating else None
    yield from _compared([mine for mine, _ in pairs], [other for _, other in pairs], told, fortieth)


def _compared(ours: Rounds, theirs: Rounds, told: str, fortieth: float | None) -> Iterator[Result]:
    for share, name, bound in ((0.5, "p50", None), (0.99, "p99", fortieth)):
        mine = [busy.percentile(share) for _, busy in ours]
        other = [busy.percentile(share) for _, busy in theirs]
        bare = [idle.percentile(share) for idle, _ in ours]
        what = f"signed-in GETs at 50/s while {CLIENTS} sign in{told}: {name}"
        yield compared(what, "fastapi-users", mine, other, unit=UNIT, goal="P3", at_most=bound)
        four = 4 if share > 0.5 else None
        yield compared(what, "without sign-ins", mine, bare, unit=UNIT, goal="P3", at_most=four)
        idle = [idle.percentile(share) for idle, _ in theirs]
        yield Count(
            name=f"fastapi-users: {name} while {CLIENTS} sign in over {name} without{told}",
            value=statistics.median(busy / calm for busy, calm in zip(other, idle, strict=True)),
            unit="x",
            is_exact=False,
        )
    yield compared(f"a sign-in meanwhile{told}", "fastapi-users", _paces(ours), _paces(theirs), unit=UNIT)


def _paces(rounds: Rounds) -> list[float]:
    return [busy.seconds / busy.sign_ins * 1e6 for _, busy in rounds]


def _round(desk: Desk) -> tuple[Round, Round]:
    # Waiting in select() is exact to the microsecond; epoll rounds up to milliseconds.
    def loop() -> asyncio.AbstractEventLoop:
        return asyncio.SelectorEventLoop(selectors.SelectSelector())

    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_without(desk)), runner.run(_with(desk))


async def _without(desk: Desk) -> Round:
    waits = await _planned(desk, WITHOUT)
    return Round(seconds=WITHOUT, waits=waits, sign_ins=0)


async def _with(desk: Desk) -> Round:
    stop = asyncio.Event()
    begin = asyncio.get_running_loop().time()
    clients = [asyncio.create_task(_client(desk, number, stop)) for number in range(CLIENTS)]
    waits = await _planned(desk, WITH)
    stop.set()
    signed_in = sum(await asyncio.gather(*clients))
    return Round(seconds=asyncio.get_running_loop().time() - begin, waits=waits, sign_ins=signed_in)


async def _client(desk: Desk, number: int, stop: asyncio.Event) -> int:
    """Sign in as fast as it is answered."""
    line, done = await Line.open(desk.server.port), 0
    while not stop.is_set():
        status, body = await line.ask(desk.sign_ins[number])
        assert status == 200, body
        done += 1
    line.close()
    return done


async def _planned(desk: Desk, seconds: float) -> list[float]:
    """Ask at fixed times, and return how long each answer took from when the request was due."""
    loop = asyncio.get_running_loop()
    request = await _guarded(desk)
    idle = [await Line.open(desk.server.port) for _ in range(CLIENTS)]

    async def one(due: float) -> float:
        await asyncio.sleep(due - loop.time())
        line = idle.pop() if idle else await Line.open(desk.server.port)
        status, body = await line.ask(request)
        assert status == 200, body
        idle.append(line)
        return loop.time() - due

    begin = loop.time() + EVERY
    waits = await asyncio.gather(*(one(begin + number * EVERY) for number in range(int(seconds / EVERY))))
    for line in idle:
        line.close()
    return waits


async def _guarded(desk: Desk) -> bytes:
    line = await Line.open(desk.server.port)
    status, body = await line.ask(desk.sign_ins[-1])
    assert status == 200, body
    line.close()
    return get(desk.guarded, Authorization=f"Bearer {json.loads(body)['access_token']}")


def _userkit(folder: Path, encoded: str, costs: dict[str, int]) -> AbstractContextManager[Server]:
    settings = {f"USERKIT_ARGON2_{name.upper()}": str(cost) for name, cost in costs.items()}
    database = known_to_userkit(folder / "ours.db", encoded)
    return serving(
        *UVICORN,
        *QUIET,
        "benchmarks.served.userkit_fastapi:app",
        environment={"BENCH_DATABASE": database, **settings},
    )


def _fastapi_users(folder: Path, encoded: str, costs: dict[str, int]) -> AbstractContextManager[Server]:
    database = known_to_fastapi_users(folder / "theirs.db", encoded)
    return serving(
        *UVICORN,
        *QUIET,
        "benchmarks.served.serve_fastapi_users:app",
        environment={"BENCH_DATABASE": database, "BENCH_COSTS": json.dumps(costs)},
    )


def _credentials(email: str) -> dict[str, str]:
    return {"email": email, "password": PASSWORD}


def _fields(email: str) -> dict[str, str]:
    return {"username": email, "password": PASSWORD}
