"""X10: many sign in at once at what hashing costs in production; the event loop stays free."""

import asyncio
import multiprocessing
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from tests.load.watching import LoopWatch, Watched, arrive, peak_memory
from tests.passwords.gated import Gated
from userkit import UserKit
from userkit.backends.passwords.argon2id import LEAST_MEMORY, Argon2id
from userkit.backends.passwords.threaded import ThreadedHasher
from userkit.errors import OverloadedError
from userkit.features.passwords.use_cases import ImportHash
from userkit.features.sessions import TokenPair
from userkit.kernel.origin import coming_from
from userkit.ports.passwords import PasswordHasher, Verification

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "mauve otters juggle teapots"
WORKERS = 2
HELD_UP = 0.050
"""How long 99 of 100 ticks of an event loop may be held up, in seconds."""


@asynccontextmanager
async def kit_with(url: str, hasher: PasswordHasher, people: int, encoded: str) -> AsyncIterator[UserKit]:
    """Open a kit in which so many people have the same password, kept as it is hashed already."""
    async with UserKit(url, secret=SECRET, hasher=hasher, auth=["jwt", "session"]) as kit:
        offered: Any = kit._offered["passwords"]
        keep: ImportHash = offered.import_hash
        for number in range(people):
            user = await kit.users.register(email=address_of(number), name=f"Person {number}")
            await keep(user.id, encoded)
        yield kit


def address_of(number: int) -> str:
    """Return somebody's address."""
    return f"person{number}@example.com"


async def sign_in(kit: UserKit, number: int, password: str = PASSWORD) -> TokenPair:
    """Sign somebody in, each from an address of their own."""
    with coming_from(address=f"203.0.{number // 250}.{number % 250}"):
        return await kit.sessions.sign_in(email=address_of(number), password=password)


class OnTheLoop:
    """A hasher as it must not be: it hashes where it is called."""

    blocking = False

    def __init__(self, plain: Any) -> None:
        self._plain = plain

    async def hash(self, password: str) -> str:
        return str(self._plain.hash(password))

    async def verify(self, password: str, encoded: str | None) -> Verification:
        result: Verification = self._plain.verify(password, encoded)
        return result

    def recognises(self, encoded: str) -> bool:
        return bool(self._plain.recognises(encoded))

    async def close(self) -> None:
        pass


async def load(url: str, hasher: PasswordHasher, callers: int) -> tuple[list[Any], LoopWatch]:
    """Sign so many people in at once, at production cost."""
    async with kit_with(url, hasher, callers, Argon2id().hash(PASSWORD)) as kit:
        async with LoopWatch() as watch:
            outcomes = await arrive([sign_in(kit, number) for number in range(callers)])
        return outcomes, watch


@pytest.mark.parametrize(("engine", "callers"), [("memory", 20), ("sqlite", 200)])
def test_x10_the_event_loop_stays_free_while_many_sign_in(engine: str, callers: int, tmp_path: Path) -> None:
    """Everybody gets in; no hash runs on the loop's thread, and never more at once than there are workers."""
    url = "memory://" if engine == "memory" else f"sqlite:///{tmp_path / 'load.db'}"
    plain = Watched(Argon2id())
    outcomes, watch = asyncio.run(load(url, ThreadedHasher(plain, workers=WORKERS), callers))
    assert [each for each in outcomes if not isinstance(each, TokenPair)] == []
    assert plain.runs == callers
    assert 1 <= plain.most <= WORKERS
    assert len(plain.threads) <= WORKERS
    assert threading.get_ident() not in plain.threads
    assert watch.p99(watch.worked) < HELD_UP


def test_x10_the_test_would_notice_hashing_on_the_event_loop() -> None:
    """Ten sign-ins are enough to hold it up."""
    plain = Watched(Argon2id())
    _, watch = asyncio.run(load("memory://", OnTheLoop(plain), 10))
    assert plain.threads == {threading.get_ident()}
    assert max(watch.worked) > HELD_UP


def test_x10_beyond_the_queue_the_answer_comes_at_once_and_the_rest_succeed() -> None:
    """Who is turned away hears it while nobody's hash is done, and nothing is held against them."""
    callers, queue = 200, 50

    async def scene() -> None:
        plain = Gated()
        hasher = ThreadedHasher(plain, workers=WORKERS, queue=queue)
        async with kit_with("memory://", hasher, callers, f"hash of {PASSWORD}") as kit:
            calls = [asyncio.create_task(sign_in(kit, number)) for number in range(callers)]
            turned_away: set[asyncio.Task[TokenPair]] = set()
            while len(turned_away) < callers - WORKERS - queue:
                done, _ = await asyncio.wait(calls, return_when=asyncio.FIRST_COMPLETED)
                turned_away |= done
                calls = [call for call in calls if call not in done]
            assert {type(call.exception()) for call in turned_away} == {OverloadedError}
            plain.gate.set()
            assert all(isinstance(pair, TokenPair) for pair in await asyncio.gather(*calls))
            assert plain.most == WORKERS
            for number in range(callers):
                assert await sign_in(kit, number)

    asyncio.run(scene())


def test_x10_memory_stays_within_what_the_workers_take() -> None:
    """It grows by as many hashes as there are workers, and by a little for each call that waits."""
    callers, mebibyte = 60, 1024
    room = 48 * mebibyte  # for calls that wait; without a bound the hashes would take 1,140 MiB
    idle, peak = in_a_fresh_process(callers)
    assert peak - idle < WORKERS * LEAST_MEMORY + room


def in_a_fresh_process(callers: int) -> tuple[int, int]:
    """Return the peak of the memory of a process before and after a load, in KiB."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=measure, args=(theirs, callers))
    process.start()
    theirs.close()
    idle, peak = ours.recv()
    process.join()
    return idle, peak


def measure(line: Connection, callers: int) -> None:
    """Send the peak before the first hash and after the load."""

    async def scene() -> tuple[int, int]:
        encoded = f"$argon2id$v=19$m={LEAST_MEMORY},t=2,p=1${'A' * 22}${'A' * 43}"
        hasher = ThreadedHasher(Argon2id(), workers=WORKERS)
        async with kit_with("memory://", hasher, callers, encoded) as kit:
            idle = peak_memory()
            await arrive([sign_in(kit, number) for number in range(callers)])
            return idle, peak_memory()

    line.send(asyncio.run(scene()))
