"""Under one key it is one caller's turn at a time; other keys do not wait, and nothing is kept."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from userkit.sync import run
from userkit.turns import TaskTurns, ThreadTurns


class Room:
    """Notices when two are in it."""

    def __init__(self) -> None:
        """Begin empty."""
        self.inside = 0
        self.most = 0
        self.visits = 0

    def enter(self) -> None:
        """Go in."""
        self.inside += 1
        self.visits += 1
        self.most = max(self.most, self.inside)

    def leave(self) -> None:
        """Go out."""
        self.inside -= 1


def test_threads_take_turns() -> None:
    """Each key has its own queue."""
    turns, rooms = ThreadTurns(), {"a": Room(), "b": Room()}
    gate = Barrier(16)

    async def visit(key: str) -> None:
        async with turns.of(key):
            rooms[key].enter()
            rooms[key].leave()

    def enter(number: int) -> None:
        gate.wait()
        for _ in range(50):
            run(visit("ab"[number % 2]))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(enter, range(16)))
    assert [(room.most, room.visits) for room in rooms.values()] == [(1, 400), (1, 400)]
    assert len(turns.locks) == 0


def test_tasks_take_turns() -> None:
    """Also on one event loop after another."""
    turns = TaskTurns()

    async def main() -> None:
        rooms = {"a": Room(), "b": Room()}

        async def visit(key: str) -> None:
            async with turns.of(key):
                rooms[key].enter()
                await asyncio.sleep(0)
                rooms[key].leave()

        await asyncio.gather(*(visit("ab"[number % 2]) for number in range(100)))
        assert [(room.most, room.visits) for room in rooms.values()] == [(1, 50), (1, 50)]

    for _ in range(2):
        asyncio.run(main())
    assert len(turns.locks) == 0


def test_a_turn_ends_however_it_ends() -> None:
    """By an error, or by a caller who waits no more."""
    threads, tasks = ThreadTurns(), TaskTurns()

    async def fail() -> None:
        async with threads.of("a"):
            raise LookupError

    with pytest.raises(LookupError):
        run(fail())
    assert len(threads.locks) == 0

    async def main() -> None:
        async with tasks.of("a"):
            waiting = asyncio.ensure_future(tasks.of("a").__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert len(tasks.locks) == 0

    asyncio.run(main())
