"""One body for PyMongo's two clients and Motor's: await what is awaitable."""

import asyncio
import inspect
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pymongo import ReadPreference, WriteConcern
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from userkit.backends.mongodb.errors import is_again, is_unknown

__all__ = ["MAJORITY", "Calls", "done"]

MAJORITY = WriteConcern("majority")

_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.25


async def done(call: Any) -> Any:
    """Return the result of a call, which an asynchronous client is waited for."""
    return await call if inspect.isawaitable(call) else call


class Calls:
    """What differs between the clients: how long to pause, and the way of a transaction."""

    def __init__(self, *, blocking: bool, patience: float) -> None:
        """Say whether the client blocks, and for how many seconds a transaction is begun anew."""
        self.blocking = blocking
        self._patience = patience

    async def pause(self, seconds: float) -> None:
        """Wait, and let others go on."""
        if self.blocking:
            time.sleep(seconds)  # noqa: ASYNC251  # there is no event loop
        else:
            await asyncio.sleep(seconds)

    async def transaction(self, client: Any, work: Callable[[Any], Awaitable[None]]) -> None:
        """Do work in a transaction, again while it loses against others, until patience ends.

        An error that leaves the outcome unknown passes through, once confirming it again did not help.
        """
        session = await done(client.start_session())
        pauses, deadline = _Pauses(), time.monotonic() + self._patience
        try:
            while True:
                try:
                    await self._once(session, work, deadline)
                except PyMongoError as error:
                    if not is_again(error) or time.monotonic() > deadline:
                        raise
                else:
                    return
                await self.pause(pauses.next())
        finally:
            await done(session.end_session())

    async def _once(self, session: Any, work: Callable[[Any], Awaitable[None]], deadline: float) -> None:
        await done(
            session.start_transaction(
                read_concern=ReadConcern("snapshot"),
                write_concern=MAJORITY,
                read_preference=ReadPreference.PRIMARY,
            )
        )
        try:
            await work(session)
        except BaseException:
            # A call that is cancelled must not leave its locks to others either.
            await self._give_up(session)
            raise
        await self._confirm(session, deadline)

    async def _confirm(self, session: Any, deadline: float) -> None:
        pauses = _Pauses()
        while True:
            try:
                await done(session.commit_transaction())
            except PyMongoError as error:
                if is_again(error) or not is_unknown(error) or time.monotonic() > deadline:
                    raise
            else:
                return
            await self.pause(pauses.next())

    @staticmethod
    async def _give_up(session: Any) -> None:
        if session.in_transaction:
            try:
                await done(session.abort_transaction())
            except PyMongoError:  # the server forgets it by itself
                return


class _Pauses:
    """Growing pauses of random length, so that those who met do not meet again."""

    def __init__(self) -> None:
        self._longest = _FIRST_PAUSE

    def next(self) -> float:
        pause = random.uniform(0, self._longest)  # noqa: S311  # only to keep out of step
        self._longest = min(self._longest * 2, _LONGEST_PAUSE)
        return pause
