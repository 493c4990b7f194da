"""A generator that never waits is stepped without an event loop, and closed in any case."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from userkit.errors import WouldWaitError
from userkit.sync import iterate, run


class Pause:
    """Something to wait for."""

    def __await__(self) -> Any:
        """Wait."""
        yield


class Counting:
    """Counts; ``closed`` is how often its cleanup ran."""

    def __init__(self, to: int = 3, *, waits_at: int = -1, fails_at: int = -1, waits_at_end: int = 0) -> None:
        self.to, self.waits_at, self.fails_at, self.waits_at_end = to, waits_at, fails_at, waits_at_end
        self.closed = 0

    async def __call__(self) -> AsyncGenerator[int, None]:
        """Count."""
        try:
            for number in range(self.to):
                if number == self.waits_at:
                    await Pause()
                if number == self.fails_at:
                    raise LookupError("here")
                yield number
        finally:
            for _ in range(self.waits_at_end):
                await Pause()
            self.closed += 1


async def doubled(numbers: AsyncGenerator[int, None]) -> AsyncGenerator[int, None]:
    """Double what is counted, as one generator over another does."""
    try:
        async for number in numbers:
            yield 2 * number
    finally:
        await numbers.aclose()


def test_every_piece_comes_in_its_turn() -> None:
    """Then the generator is over, and stays so."""
    counting = Counting()
    pieces = iterate(doubled(counting()))
    assert list(pieces) == [0, 2, 4]
    assert (list(pieces), counting.closed) == ([], 1)


def test_there_may_be_no_pieces() -> None:
    """Which is no error."""
    counting = Counting(0)
    assert (list(iterate(counting())), counting.closed) == ([], 1)


def test_nothing_is_made_before_it_is_asked_for() -> None:
    """The generator stands still until then."""
    steps: list[int] = []

    async def count() -> AsyncGenerator[int, None]:
        for number in range(3):
            steps.append(number)
            yield number

    pieces = iterate(count())
    assert steps == []
    assert (next(pieces), steps) == (0, [0])
    assert (next(pieces), steps) == (1, [0, 1])
    pieces.close()


@pytest.mark.parametrize("taken", [1, 2, 3])
def test_closing_closes_the_generator(taken: int) -> None:
    """Once, however often it is closed."""
    counting = Counting()
    pieces = iterate(doubled(counting()))
    for _ in range(taken):
        next(pieces)
    assert counting.closed == 0
    pieces.close()
    pieces.close()
    assert (list(pieces), counting.closed) == ([], 1)


def test_closing_before_the_first_piece_closes_the_generator() -> None:
    """Also one that somebody else has begun."""
    counting = Counting()
    begun = counting()
    assert run(anext(begun)) == 0
    iterate(begun).close()
    assert counting.closed == 1


def test_leaving_a_loop_closes_the_generator() -> None:
    """When nobody holds it any more."""
    counting = Counting()
    for number in iterate(counting()):
        if number == 1:
            break
    assert counting.closed == 1


@pytest.mark.parametrize("fails_at", [0, 2])
def test_an_error_comes_through_as_it_is(fails_at: int) -> None:
    """With its traceback, after the pieces before it."""
    counting = Counting(fails_at=fails_at)
    pieces = iterate(doubled(counting()))
    assert [next(pieces) for _ in range(fails_at)] == [0, 2][:fails_at]
    with pytest.raises(LookupError, match="here") as caught:
        next(pieces)
    assert (list(pieces), counting.closed) == ([], 1)
    assert caught.traceback[-1].name == "__call__"


def test_an_error_in_the_cleanup_comes_through() -> None:
    """Whoever closes it hears of it."""

    async def fail() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            raise LookupError("here")

    pieces = iterate(fail())
    next(pieces)
    with pytest.raises(LookupError, match="here"):
        pieces.close()


@pytest.mark.parametrize("waits_at", [0, 2])
def test_what_waits_is_named(waits_at: int) -> None:
    """From the outermost to the innermost, and its cleanup runs."""
    counting = Counting(waits_at=waits_at)
    pieces = iterate(doubled(counting()))
    for number in range(waits_at):
        assert next(pieces) == 2 * number
    with pytest.raises(WouldWaitError, match=r"^doubled -> Counting\.__call__ waited for an event loop"):
        next(pieces)
    assert (list(pieces), counting.closed) == ([], 1)


@pytest.mark.parametrize("waits_at_end", [1, 5])
def test_what_waits_while_it_is_closed_is_named(waits_at_end: int) -> None:
    """It cannot clean up, and whoever closes it hears of it."""
    pieces = iterate(Counting(waits_at_end=waits_at_end)())
    next(pieces)
    with pytest.raises(WouldWaitError, match=r"^Counting\.__call__ waited for an event loop"):
        pieces.close()


def test_what_waits_and_waits_again_while_it_cleans_up_is_named() -> None:
    """As a coroutine is."""
    with pytest.raises(WouldWaitError, match=r"^Counting\.__call__ waited for an event loop"):
        list(iterate(Counting(waits_at=1, waits_at_end=1)()))


def test_what_waits_for_a_future_is_named_too() -> None:
    """Also where a loop happens to run."""

    async def wait_for_ever() -> AsyncGenerator[int, None]:
        await asyncio.get_running_loop().create_future()
        yield 1

    async def application() -> None:
        with pytest.raises(WouldWaitError, match="wait_for_ever waited"):
            next(iterate(wait_for_ever()))

    asyncio.run(application())
