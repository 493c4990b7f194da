"""Signing in at one hash cost: what it takes, and how long it holds the event loop up, against others."""

import asyncio
import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import Contest, Count, Result, contest
from benchmarks.rivals.asked import asked
from benchmarks.rivals.ours import SignInNumber as SignIn
from benchmarks.rivals.ours import fill, fill_many, use_case
from tests.load.test_x10 import in_a_fresh_process
from tests.load.watching import LoopWatch, arrive
from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME, Argon2id
from userkit.ports.passwords import Verification
from userkit.testing import InstantHasher

__all__ = ["run"]

COSTS = {"memory_cost": LEAST_MEMORY, "time_cost": LEAST_TIME, "parallelism": LEAST_PARALLELISM}
PASSWORD = "mauve otters juggle teapots"
PEOPLE, CLIENTS, ROUNDS = 100, 4, 7
EMAILS = [f"person{number}@example.com" for number in range(PEOPLE)]
CROWD, CROWDS = 100, 5
FEW, MANY = 10_000, 1_000_000
CLOCKS = ((time.process_time, "CPU µs"), (time.perf_counter, "µs by the clock"))
RIVALS = ("fastapi_users", "flask_security")


def run() -> Iterator[Result]:
    """Compare with the bare hash, with fastapi-users and with Flask-Security, where they are installed."""
    yield from asked()
    encoded = Argon2id(**COSTS).hash(PASSWORD)
    with tempfile.TemporaryDirectory() as name, asyncio.Runner() as runner:
        folder = Path(name)
        stack = AsyncExitStack()
        url = fill(folder, EMAILS, encoded)
        bare = runner.run(stack.enter_async_context(use_case(url, EMAILS, PASSWORD)))
        desk = Desk(runner)
        yield from _against_the_hash(desk, bare, encoded)
        yield from _beside_the_hash(desk, stack, runner, url)
        yield from _among_many(desk, stack, runner, folder, encoded)
        yield from _held_up(desk, bare)
        if all(map(find_spec, RIVALS)):
            from benchmarks.rivals.over_a_route import behind_a_route
            from benchmarks.rivals.over_fastapi_users import fastapi_users

            route = runner.run(stack.enter_async_context(behind_a_route(url, EMAILS, PASSWORD)))
            rival = fastapi_users(folder, EMAILS, PASSWORD, encoded, COSTS)
            yield from _against_fastapi_users(desk, bare, route, runner.run(stack.enter_async_context(rival)))
            yield from _against_flask_security(desk, bare, route, folder)
        else:
            yield f"{' and '.join(RIVALS)} are not installed here: nobody else to compare with."
        runner.run(stack.aclose())


class Desk:
    """Where people sign in: a few clients that take turns, or many at the same time."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self.worked = self.waited = 0.0
        """The worst stalls of all crowds so far, added up: what the loop's thread did, and what passed."""

    def clients(self, sign_in: SignIn) -> Callable[[], int]:
        """Return what signs everybody's turn in, by so many clients at once."""

        async def client(first: int) -> None:
            for number in range(first, PEOPLE // 4, CLIENTS):
                await sign_in(number)

        async def all_clients() -> None:
            await asyncio.gather(*map(client, range(CLIENTS)))

        def work() -> int:
            self._runner.run(all_clients())
            return PEOPLE // 4

        return work

    def crowd(self, sign_in: SignIn, callers: int) -> Callable[[], int]:
        """Return what signs so many in at the same time, and adds what the loop suffers."""

        async def crowd() -> None:
            async with LoopWatch() as watch:
                outcomes = await arrive([_coroutine(sign_in, number) for number in range(callers)])
            assert outcomes == [None] * callers, outcomes
            self.worked += max(watch.worked)
            self.waited += max(watch.waited)

        def work() -> int:
            self._runner.run(crowd())
            return 1

        return work


class Believing(InstantHasher):
    """Hash nothing, and let everybody in."""

    async def verify(self, password: str, encoded: str | None) -> Verification:
        return Verification(matches=True)


async def _coroutine(sign_in: SignIn, number: int) -> None:
    await sign_in(number)


def _against_the_hash(desk: Desk, bare: SignIn, encoded: str) -> Iterator[Contest]:
    plain = Argon2id(**COSTS)

    def hashes() -> int:
        for _ in range(PEOPLE // 4):
            assert plain.verify(PASSWORD, encoded).matches
        return PEOPLE // 4

    for clock, unit in CLOCKS:
        yield contest(
            "sign-in, the use case",
            "the bare hash",
            desk.clients(bare),
            hashes,
            rounds=ROUNDS,
            clock=clock,
            unit=unit,
            goal="P5" if clock is time.process_time else "",
            at_most=1.15 if clock is time.process_time else None,
        )


def _beside_the_hash(
    desk: Desk, stack: AsyncExitStack, runner: asyncio.Runner, url: str
) -> Iterator[Contest]:
    """Measure what a sign-in costs when hashing costs nothing."""
    free = runner.run(stack.enter_async_context(use_case(url, EMAILS, PASSWORD, hasher=Believing())))
    plain = Argon2id(**COSTS)

    def hashes() -> int:
        for _ in range(PEOPLE // 4):
            plain.verify(PASSWORD, None)
        return PEOPLE // 4

    yield contest("sign-in without its hash", "the bare hash", desk.clients(free), hashes, rounds=ROUNDS)


def _among_many(
    desk: Desk, stack: AsyncExitStack, runner: asyncio.Runner, folder: Path, encoded: str
) -> Iterator[Contest]:
    """Sign people in who are a few of many, without the hash, which would hide what looking them up costs."""
    crowds = []
    for size in (MANY, FEW):
        place = folder / str(size)
        place.mkdir()
        url, emails = fill_many(place, size, encoded, chosen=PEOPLE // 4)
        kit = use_case(url, emails, PASSWORD, hasher=Believing())
        crowds.append(desk.clients(runner.run(stack.enter_async_context(kit))))
    yield contest(
        f"sign-in without its hash, of {MANY:,}",
        f"of {FEW:,}",
        *crowds,
        rounds=3 * ROUNDS,
        goal="P5",
        at_most=1.15,
    )


def _held_up(desk: Desk, bare: SignIn) -> Iterator[Count]:
    """Let many arrive at once, several times, and tell the worst that the loop and the memory came to."""
    worked, waited = [], []
    # To look through what this suite has loaded for garbage takes 70 ms; no server has that.
    gc.collect()
    gc.freeze()
    for _ in range(CROWDS):
        desk.worked = desk.waited = 0.0
        desk.crowd(bare, CROWD)()
        worked.append(desk.worked)
        waited.append(desk.waited)
    told = f"worst stall of the loop, {CROWD} at once"
    for how, times in (("its own work", worked), ("by the clock", waited)):
        worst = max(times) * 1000
        yield Count(name=f"{told}, {how}", value=worst, unit="ms", goal="P4", at_most=50, is_exact=False)
    idle, peak = in_a_fresh_process(CROWD)
    yield Count(
        name=f"memory over idle, {CROWD} at once, 2 workers of {LEAST_MEMORY // 1024} MiB",
        value=(peak - idle) / 1024,
        unit="MiB",
        goal="P4",
        at_most=(2 * LEAST_MEMORY) / 1024 + 48,
        is_exact=False,
    )


def _against_fastapi_users(desk: Desk, bare: SignIn, route: SignIn, rival: SignIn) -> Iterator[Contest]:
    for name, ours, clocks in (("behind a route", route, CLOCKS), ("the use case", bare, CLOCKS[:1])):
        for clock, unit in clocks:
            yield contest(
                f"sign-in, {name}",
                "fastapi-users",
                desk.clients(ours),
                desk.clients(rival),
                rounds=ROUNDS,
                clock=clock,
                unit=unit,
            )
    for callers in (20, 100):
        for told, clock in (("its CPU", lambda: desk.worked), ("by the clock", lambda: desk.waited)):
            yield contest(
                f"worst stall of the loop, {callers} at once, behind a route",
                "fastapi-users",
                desk.crowd(route, callers),
                desk.crowd(rival, callers),
                rounds=ROUNDS,
                clock=clock,
                unit=f"µs, {told}",
            )


def _against_flask_security(desk: Desk, bare: SignIn, route: SignIn, folder: Path) -> Iterator[Contest]:
    from benchmarks.rivals.over_flask_security import flask_security

    with flask_security(folder, EMAILS, PASSWORD, COSTS) as sign_in, ThreadPoolExecutor(CLIENTS) as threads:

        def rival() -> int:
            return len(list(threads.map(sign_in, range(PEOPLE // 4))))

        for name, ours, clocks in (("behind a route", route, CLOCKS), ("the use case", bare, CLOCKS[:1])):
            for clock, unit in clocks:
                yield contest(
                    f"sign-in, {name}",
                    "Flask-Security",
                    desk.clients(ours),
                    rival,
                    rounds=ROUNDS,
                    clock=clock,
                    unit=unit,
                )
