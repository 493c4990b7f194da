"""Where connections come from: engines and sessions, blocking and asynchronous."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from sqlalchemy import URL, Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool, QueuePool
from sqlalchemy.util import greenlet_spawn

from userkit.backends.sqlalchemy.forks import survive_forks
from userkit.backends.sqlalchemy.links import CursorLink, HookedLink, Link, SessionLink
from userkit.backends.sqlalchemy.turns import Turns

if TYPE_CHECKING:
    # Importing it needs greenlet, which the SQLite extra does not bring.
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

__all__ = [
    "AsyncEngineRunner",
    "AsyncSessionRunner",
    "EngineRunner",
    "Lost",
    "Runner",
    "SessionRunner",
    "Work",
]

T = TypeVar("T")

_IN_MEMORY = (None, "", ":memory:")

Work = Callable[[Link], T]
"""The body of a verb: a plain function, the same for blocking and asynchronous drivers."""


# One writes at a time in SQLite, and while it waits for the disk others can read; more threads than
# these only fight for the interpreter.
_SQLITE_THREADS = 4


class Lost(Exception):  # noqa: N818  # it never leaves the store
    """The connection broke under a statement, so nobody knows what became of it."""

    def __init__(self, error: Exception) -> None:
        """Take the driver's error."""
        super().__init__()
        self.error = error
        self.waited_long = isinstance(error, TimeoutError)


class Runner(Protocol):
    """Runs the body of a verb on a connection."""

    @property
    def blocking(self) -> bool:
        """Tell whether run never waits for an event loop."""
        ...

    @property
    def joins(self) -> bool:
        """Tell whether the connection is in a transaction of the application."""
        ...

    @property
    def url(self) -> URL:
        """Return the address of the database."""
        ...

    @property
    def concurrency(self) -> int:
        """Return how many calls make sense at once."""
        ...

    async def run(self, work: Work[T], *, writes: bool = False) -> T:
        """Run the body. Raises Lost, and the driver's errors as they are."""
        ...

    async def pause(self, seconds: float) -> None:
        """Let time pass."""
        ...

    async def close(self) -> None:
        """Let go of the connections that are this store's own."""
        ...


class EngineRunner:
    """Take a connection from the pool of an engine for each verb."""

    blocking = True
    joins = False

    def __init__(self, engine: Engine, *, own: bool, turns: Turns | None = None) -> None:
        """Take an engine; ``own`` ones are in autocommit mode, are disposed of, and nobody watches them."""
        self.url = engine.url
        self._own = own
        self._link = CursorLink if own else HookedLink
        self._engine = engine if own else engine.execution_options(isolation_level="AUTOCOMMIT")
        self._turns: AbstractContextManager[None] = turns or nullcontext()
        self._inherited: list[Pool] = []
        if own:
            survive_forks(self)

    @property
    def engine(self) -> Engine:
        """Return where the connections come from."""
        return self._engine

    @property
    def concurrency(self) -> int:
        """See Runner.concurrency."""
        pool = self._engine.pool
        # A pool of 0 is one without a bound.
        size = max(1, pool.size()) if isinstance(pool, QueuePool) else 1
        if self._engine.dialect.name != "sqlite":
            return size
        # One of an application may be in memory, or wait for no lock.
        return min(size, _SQLITE_THREADS) if self._own else 1

    async def run(self, work: Work[T], *, writes: bool = False) -> T:
        """See Runner.run."""
        return self._run_writing(work) if writes else self._run(work)

    async def pause(self, seconds: float) -> None:
        """See Runner.pause."""
        time.sleep(seconds)  # noqa: ASYNC251  # over a blocking driver there is no event loop to hold up

    async def close(self) -> None:
        """See Runner.close."""
        if self._own:
            self._engine.dispose()

    def leave_behind(self) -> None:
        """See Forkable.leave_behind."""
        if self._engine.dialect.name == "sqlite" and self.url.database in _IN_MEMORY:
            return  # it was copied together with its only connection
        # Closing them would say so on the parent's connections; nobody may collect them either.
        self._inherited.append(self._engine.pool)
        self._engine.dispose(close=False)
        if isinstance(self._turns, Turns):
            self._turns = self._turns.anew()

    def _run_writing(self, work: Work[T]) -> T:
        # The turn comes first: who waits for it must not keep a connection from readers.
        with self._turns:
            return self._run(work)

    def _run(self, work: Work[T]) -> T:
        link = self._link(self._engine)
        try:
            return work(link)
        except Exception as error:
            if not link.has_lost(error):
                raise
            link.give_up(error)
            raise Lost(error) from error
        except BaseException as error:
            # Cancelled or interrupted in the middle of the driver's conversation.
            link.give_up(error)
            raise
        finally:
            link.close()


class AsyncEngineRunner(EngineRunner):
    """The same in a greenlet, entered once for each verb, so that the driver may wait."""

    blocking = False

    def __init__(self, engine: "AsyncEngine", *, own: bool, patience: float | None = None) -> None:
        """Take an engine; see EngineRunner. ``patience`` is how many seconds a verb may take."""
        super().__init__(engine.sync_engine, own=own)
        self._patience = patience

    async def run(self, work: Work[T], *, writes: bool = False) -> T:
        """See Runner.run."""
        limit = asyncio.timeout(self._patience)
        try:
            async with limit:
                return await greenlet_spawn(partial(self._run, work))
        except TimeoutError as error:
            # Drivers have time-outs of their own, such as for connecting.
            if limit.expired():
                raise Lost(error) from error
            raise

    async def pause(self, seconds: float) -> None:
        """See Runner.pause."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """See Runner.close."""
        if self._own:
            await greenlet_spawn(self._engine.dispose)


class SessionRunner:
    """Use the connection of a session, in the transaction of the application."""

    blocking = True
    joins = True
    concurrency = 1

    def __init__(self, session: Session) -> None:
        """Take a session, which stays the application's."""
        self._session = session

    @property
    def url(self) -> URL:
        """See Runner.url."""
        return self._session.get_bind().engine.url

    async def run(self, work: Work[T], *, writes: bool = False) -> T:
        """See Runner.run."""
        return self._run(self._session, work)

    async def pause(self, seconds: float) -> None:
        """Do nothing: a transaction that is not ours is never tried again."""

    async def close(self) -> None:
        """Do nothing: the session is the application's."""

    def _run(self, session: Session, work: Work[T]) -> T:
        link = SessionLink(session.connection())
        try:
            return work(link)
        except Exception as error:
            if not link.has_lost(error):
                raise
            raise Lost(error) from error


class AsyncSessionRunner(SessionRunner):
    """The same for an asynchronous session."""

    blocking = False

    def __init__(self, session: "AsyncSession") -> None:
        """Take a session, which stays the application's."""
        super().__init__(session.sync_session)
        self._outer = session

    async def run(self, work: Work[T], *, writes: bool = False) -> T:
        """See Runner.run."""
        return await self._outer.run_sync(self._run, work)
