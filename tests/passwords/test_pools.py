"""The pools: who runs, who waits, who is turned away, and what happens at the end."""

import asyncio
import os
import queue
import subprocess
import sys
import threading
from typing import Any

import pytest

from tests.passwords.gated import PATIENCE, Failing, Gated
from userkit.backends.passwords.blocking import BlockingHasher
from userkit.backends.passwords.threaded import ThreadedHasher
from userkit.errors import ConfigurationError, OverloadedError
from userkit.ports.passwords import PasswordHasher, Verification
from userkit.sync import run

KINDS = [ThreadedHasher, BlockingHasher]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_password_hasher(kind: type[ThreadedHasher | BlockingHasher]) -> None:
    """Hash, verify, recognise, from several event loops one after another; close twice, and go on."""
    plain = Gated()
    plain.gate.set()
    hasher: PasswordHasher = kind(plain)
    assert hasher.blocking is (kind is BlockingHasher)
    for word in ("one", "two"):
        encoded = asyncio.run(hasher.hash(word))
        assert asyncio.run(hasher.verify(word, encoded)) == Verification(matches=True)
        assert asyncio.run(hasher.verify("three", encoded)) == Verification(matches=False)
        assert asyncio.run(hasher.verify("three", None)) == Verification(matches=False)
        assert hasher.recognises(encoded)
    assert not hasher.recognises("!")
    asyncio.run(hasher.close())
    asyncio.run(hasher.close())
    assert asyncio.run(hasher.hash("four")) == asyncio.run(hasher.hash("four"))
    asyncio.run(hasher.close())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "sizes",
    [{"workers": 0}, {"workers": -1}, {"workers": 1.5}, {"workers": True}, {"queue": -1}, {"queue": "9"}],
)
def test_sizes_that_make_no_sense_stop_the_start(kind: Any, sizes: dict[str, Any]) -> None:
    """No workers, or less than nobody waiting."""
    with pytest.raises(ConfigurationError, match=f"{next(iter(sizes))} is a number of"):
        kind(Gated(), **sizes)


@pytest.mark.parametrize("kind", KINDS)
def test_half_of_the_processors_hash(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """At least one, also where nobody knows how many there are."""
    for processors, workers in ((None, 1), (1, 1), (2, 1), (16, 8)):
        monkeypatch.setattr(os, "cpu_count", lambda count=processors: count)
        assert kind(Gated())._workers == workers


@pytest.mark.parametrize("kind", KINDS)
def test_what_fails_gives_its_place_back(kind: Any) -> None:
    """Otherwise errors would fill the queue for ever."""
    hasher = kind(Failing(), workers=1, queue=0)
    for _ in range(5):
        with pytest.raises(RuntimeError, match="no memory"):
            asyncio.run(hasher.hash("password"))


def test_a_thread_that_cannot_start_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the system has no more of them."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    plain = Gated()
    plain.gate.set()
    hasher = ThreadedHasher(plain, workers=1, queue=0)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(3):
            with pytest.raises(RuntimeError, match="can't start"):
                asyncio.run(hasher.hash("password"))
    assert asyncio.run(hasher.hash("password")) == "hash of password"
    asyncio.run(hasher.close())


def test_the_asynchronous_one_needs_an_event_loop() -> None:
    """Without one nothing is begun."""
    plain = Gated()
    with pytest.raises(RuntimeError, match="no running event loop"):
        run(ThreadedHasher(plain).hash("password"))
    assert plain.seen == []


def test_threads_start_with_the_first_call_and_end_with_close() -> None:
    """A kit that hashes nothing has none; one that is closed leaves none behind."""

    async def scene() -> None:
        plain = Gated()
        hasher = ThreadedHasher(plain, workers=2)
        before = set(threading.enumerate())
        calls = [asyncio.create_task(hasher.hash(str(number))) for number in range(5)]
        assert set(threading.enumerate()) == before
        await asyncio.sleep(0)
        await asyncio.to_thread(plain.wait_until_started, 2)
        await hasher.close()
        plain.gate.set()
        # Those who came before are still answered.
        assert await asyncio.gather(*calls) == [f"hash of {number}" for number in range(5)]
        for thread in plain.threads:
            await asyncio.to_thread(thread.join, PATIENCE)
            assert not thread.is_alive()

    asyncio.run(scene())


def test_closing_what_was_never_used() -> None:
    """There is nothing to end."""
    asyncio.run(ThreadedHasher(Gated()).close())
    run(BlockingHasher(Gated()).close())


def test_a_cancelled_waiter_leaves_the_queue() -> None:
    """Its place goes to the next, and its password is never hashed."""

    async def scene() -> None:
        plain = Gated()
        hasher = ThreadedHasher(plain, workers=1, queue=1)
        first = asyncio.create_task(hasher.hash("first"))
        await asyncio.sleep(0)
        await asyncio.to_thread(plain.wait_until_started, 1)
        second = asyncio.create_task(hasher.hash("second"))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await hasher.hash("third")
        second.cancel()
        await asyncio.wait([second])
        fourth = asyncio.create_task(hasher.hash("fourth"))
        await asyncio.sleep(0)
        plain.gate.set()
        assert [await first, await fourth] == ["hash of first", "hash of fourth"]
        assert plain.seen == ["first", "fourth"]
        await hasher.close()

    asyncio.run(scene())


def test_a_cancelled_run_keeps_its_thread_to_the_end() -> None:
    """No more hashes are in memory than there are workers, however often clients hang up."""

    async def scene() -> None:
        plain = Gated()
        hasher = ThreadedHasher(plain, workers=1, queue=1)
        for number in range(3):
            call = asyncio.create_task(hasher.hash(str(number)))
            await asyncio.sleep(0)
            if number == 0:
                await asyncio.to_thread(plain.wait_until_started, 1)
            call.cancel()
            await asyncio.wait([call])
        last = asyncio.create_task(hasher.hash("last"))
        await asyncio.sleep(0)
        with pytest.raises(OverloadedError):
            await hasher.hash("too many")
        plain.gate.set()
        assert await last == "hash of last"
        assert plain.seen == ["0", "last"]
        assert plain.most == 1
        await hasher.close()

    asyncio.run(scene())


def test_threads_of_a_synchronous_kit_take_turns() -> None:
    """The calling thread hashes, at most so many at once; the others wait for their turn."""
    plain = Gated()
    hasher = BlockingHasher(plain, workers=2, queue=6)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda number=number: answers.append(run(hasher.hash(str(number)))))
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    plain.wait_until_started(2)
    plain.gate.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(answers) == [f"hash of {number}" for number in range(8)]
    assert plain.most <= 2
    assert plain.threads == set(threads)


def test_a_synchronous_kit_turns_away_whom_it_cannot_seat() -> None:
    """One hashes, one waits, and the third is told at once, while nothing moves."""
    plain = Gated()
    hasher = BlockingHasher(plain, workers=1, queue=1)
    answers: queue.Queue[object] = queue.Queue()

    def call(number: int) -> None:
        try:
            answers.put(run(hasher.hash(str(number))))
        except OverloadedError as error:
            answers.put(error)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    turned_away = answers.get(timeout=PATIENCE)
    assert isinstance(turned_away, OverloadedError)
    assert turned_away.retry_after > 0
    plain.gate.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert plain.most == 1
    assert len(plain.seen) == 2


FORK = """
import asyncio, os, sys, threading, warnings
warnings.simplefilter("ignore")
from userkit.backends.passwords.argon2id import Argon2id
from userkit.backends.passwords.blocking import BlockingHasher
from userkit.backends.passwords.threaded import ThreadedHasher

for kind in (ThreadedHasher, BlockingHasher):
    hasher = kind(Argon2id(), workers=1, queue=2)
    encoded = asyncio.run(hasher.hash("password"))
    # The parent is forked while a thread of it hashes and others wait, as a server would be.
    busy = [threading.Thread(target=lambda: asyncio.run(hasher.hash("other"))) for _ in range(3)]
    for thread in busy:
        thread.start()
    child = os.fork()
    if not child:
        done = asyncio.run(hasher.verify("password", encoded)).matches
        os._exit(0 if done else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    for thread in busy:
        thread.join()
    assert asyncio.run(hasher.verify("password", encoded)).matches
"""

END = """
import asyncio
from userkit.backends.passwords.argon2id import Argon2id
from userkit.backends.passwords.threaded import ThreadedHasher

hasher = ThreadedHasher(Argon2id(), workers=2)

async def leave():
    for number in range(20):
        asyncio.create_task(hasher.hash(str(number)))
    await hasher.hash("one")

asyncio.run(leave())
"""


@pytest.mark.parametrize("program", [FORK, END], ids=["after a fork", "at the end of Python"])
def test_nothing_hangs(program: str) -> None:
    """A forked process hashes with threads of its own, and Python ends though nobody closed the hasher."""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True, timeout=PATIENCE
    )
    assert (done.returncode, done.stderr) == (0, "")
