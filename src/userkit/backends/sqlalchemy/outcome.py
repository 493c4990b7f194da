"""What becomes of a commit: tried again after a conflict, looked up when nobody knows."""

import random
import time
from collections.abc import Sequence
from functools import partial
from typing import TypeVar

from userkit.backends.sqlalchemy import reading, writing
from userkit.backends.sqlalchemy.codes import is_conflict
from userkit.backends.sqlalchemy.links import Link
from userkit.backends.sqlalchemy.runners import Lost, Runner, Work
from userkit.errors import DuplicateError, StaleError
from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Write
from userkit.storage.outcome import has_happened

__all__ = ["carry_out", "retrying"]

T = TypeVar("T")

_ATTEMPTS = 10
_PATIENCE = 10.0
_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.5


async def carry_out(runner: Runner, realm: str, writes: Sequence[Write], *, cascades: bool) -> None:
    """Commit these writes, so that they happen once or not at all.

    When the connection is lost under it, what is stored decides: ids and revisions are chosen by
    us, so a commit that happened is recognised, and one that did not is tried once more. Raises
    DuplicateError and StaleError, the driver's errors as they are, and Lost when the outcome
    stays unknown.
    """
    work = partial(writing.apply, realm=realm, writes=writes, cascades=cascades)
    try:
        return await retrying(runner, work)
    except Lost as lost:
        if runner.joins:
            raise
        if await _has_happened(runner, realm, writes, lost):
            return None
        # A server that did not answer for so long may still be at it.
        if lost.waited_long:
            raise
    try:
        return await retrying(runner, work)
    except (DuplicateError, StaleError) as refusal:
        # The first attempt may have come through after the look.
        if not await _has_happened(runner, realm, writes, refusal):
            raise
    return None


async def retrying(runner: Runner, work: Work[T]) -> T:
    """Run a transaction, again after deadlocks and the like, with growing pauses of random length."""
    start, pause = time.monotonic(), _FIRST_PAUSE
    for _ in range(_ATTEMPTS - 1):
        try:
            return await runner.run(work, writes=True)
        except Exception as error:
            if runner.joins or not is_conflict(error) or time.monotonic() - start > _PATIENCE:
                raise
        await runner.pause(random.uniform(0, pause))  # noqa: S311  # only to keep out of step
        pause = min(pause * 2, _LONGEST_PAUSE)
    return await runner.run(work, writes=True)


async def _has_happened(runner: Runner, realm: str, writes: Sequence[Write], cause: Exception) -> bool:
    try:
        stored = await runner.run(partial(_read_all, realm=realm, writes=writes))
    except Exception:  # noqa: BLE001  # what went wrong first is what to tell
        raise cause from None
    return has_happened(stored, writes)


def _read_all(link: Link, realm: str, writes: Sequence[Write]) -> Sequence[Entity | None]:
    return [reading.get(link, write.records.collection, realm, write.id) for write in writes]
