"""A coroutine that never waits needs no event loop; one that does is told which it is."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from userkit.errors import WouldWaitError
from userkit.sync import run, synced


class Pause:
    """Something to wait for."""

    def __await__(self) -> Any:
        """Wait."""
        yield


async def innermost() -> None:
    """Wait."""
    await Pause()


async def outer() -> None:
    """Wait for what waits."""
    await innermost()


async def cleaning_up() -> None:
    """Wait, and wait again while cleaning up."""
    try:
        await Pause()
    finally:
        await Pause()


async def double(number: int, *, plus: int = 0) -> int:
    """Return twice a number."""
    return 2 * number + plus


def test_a_coroutine_that_never_waits_is_run_to_its_end() -> None:
    """However deep it goes."""

    async def deeper() -> int:
        return await double(await double(5))

    assert run(deeper()) == 20
    assert run(double(0)) == 0


def test_an_error_comes_through_as_it_is() -> None:
    """With its traceback."""

    async def fail() -> None:
        raise LookupError("here")

    with pytest.raises(LookupError, match="here") as caught:
        run(fail())
    assert caught.traceback[-1].name == "fail"


@pytest.mark.parametrize(
    ("waiting", "culprit"),
    [(innermost, "innermost"), (outer, "outer -> innermost"), (cleaning_up, "cleaning_up")],
)
def test_what_waits_is_named(waiting: Callable[[], Coroutine[Any, Any, None]], culprit: str) -> None:
    """From the outermost to the innermost coroutine: one of them is to be changed."""
    coroutine = waiting()
    with pytest.raises(WouldWaitError, match=f"^{culprit} waited for an event loop"):
        run(coroutine)


def test_what_waits_for_a_future_is_named_too() -> None:
    """Also where a loop happens to run."""

    async def wait_for_ever() -> None:
        await asyncio.get_running_loop().create_future()

    async def application() -> None:
        with pytest.raises(WouldWaitError, match="wait_for_ever waited"):
            run(wait_for_ever())

    asyncio.run(application())


def test_the_synchronous_twin_takes_and_returns_the_same() -> None:
    """By place and by name."""
    twin = synced(double)
    assert twin(5) == 10
    assert twin(number=5, plus=1) == 11
    with pytest.raises(TypeError):
        twin(five=5)  # type: ignore[call-arg]  # the mistake under test
