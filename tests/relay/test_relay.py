"""The relay looks again and again, survives what goes wrong, and ends when it is told to."""

import asyncio
import logging
import multiprocessing
import threading
from multiprocessing.connection import Connection

import pytest

from userkit.errors import StoreUnavailableError
from userkit.relay import TaskRelay, ThreadRelay, respawn_relays


def test_a_task_looks_again_and_again_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    """Until it is stopped; stopping twice does no harm."""
    caplog.set_level(logging.WARNING, "userkit.relay")

    async def main() -> int:
        looks = 0
        enough = asyncio.Event()

        async def deliver() -> None:
            nonlocal looks
            looks += 1
            if looks == 1:
                raise StoreUnavailableError
            if looks == 2:
                raise LookupError
            enough.set()

        relay = TaskRelay(deliver, pause=0.001)
        await relay.start()
        await enough.wait()
        await relay.stop()
        await relay.stop()
        return looks

    assert asyncio.run(main()) >= 3
    assert "unavailable" in caplog.text
    assert "LookupError" in caplog.text


def test_a_thread_looks_again_and_again_whatever_goes_wrong(caplog: pytest.LogCaptureFixture) -> None:
    """Until it is stopped; stopping twice does no harm."""
    caplog.set_level(logging.WARNING, "userkit.relay")
    enough = threading.Event()
    looks: list[int] = []

    def deliver() -> None:
        looks.append(1)
        if len(looks) == 1:
            raise StoreUnavailableError
        if len(looks) == 2:
            raise LookupError
        enough.set()

    relay = ThreadRelay(deliver, pause=0.001)
    relay.start()
    assert enough.wait(30)
    relay.stop()
    relay.stop()
    seen = len(looks)
    assert seen >= 3
    assert "unavailable" in caplog.text
    assert "LookupError" in caplog.text
    assert not [thread for thread in threading.enumerate() if thread.name == "userkit-relay"]


def count_relays(answer: Connection) -> None:
    """Say how many threads of relays there are in this process."""
    answer.send(sum(thread.name == "userkit-relay" for thread in threading.enumerate()))


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@pytest.mark.parametrize("stopped", [False, True])
def test_a_forked_process_has_a_relay_of_its_own(stopped: bool) -> None:
    """As servers that load the application before they fork need it; unless it was stopped."""
    relay = ThreadRelay(lambda: None, pause=0.001)
    relay.start()
    if stopped:
        relay.stop()
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=count_relays, args=(theirs,))
    child.start()
    assert ours.recv() == (0 if stopped else 1)
    child.join()
    relay.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_begins_again_where_its_thread_was_left_behind() -> None:
    """And not once it was stopped."""
    looked: list[int] = []
    both = threading.Event()

    def deliver() -> None:
        looked.append(threading.get_ident())
        if len(set(looked)) == 2:
            both.set()

    relay = ThreadRelay(deliver, pause=0.001)
    relay.start()
    first = relay._stopped
    respawn_relays()
    assert both.wait(30)
    first.set()  # here nothing was forked, so that the first thread must be ended, too
    relay.stop()
    relay.respawn()
    assert relay.is_stopped
