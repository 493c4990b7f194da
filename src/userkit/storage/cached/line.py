"""The line from a process to its cache, and what the process owes the cache after a failure."""

import logging
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TypeVar

from userkit.errors import StoreUnavailableError
from userkit.ports.cache import Cache
from userkit.storage.breaker import Breaker

__all__ = ["Line"]

T = TypeVar("T")

_log = logging.getLogger("userkit.cache")


class Line:
    """Ask a cache while it answers, and leave it alone while it does not.

    A call that failed may have been a fence that is missing now. So after every failure, and after
    every change without fences, this process owes each space a new epoch, which is paid before it
    uses the space again.
    """

    def __init__(self, cache: Cache, *, moment: Callable[[], float]) -> None:
        """Begin with a line that counts as good."""
        self.cache = cache
        self._breaker = Breaker(moment)
        self._lock = threading.Lock()
        self._failures = 0
        self._owed: defaultdict[str, int] = defaultdict(int)
        self._paid: defaultdict[str, int] = defaultdict(int)

    async def ask(self, space: str, call: Callable[[], Awaitable[T]]) -> T:
        """Make a call to the cache about a space.

        Raises StoreUnavailableError when it fails, or when the cache is left alone.
        """
        ticket = self._breaker.admit()
        if ticket is None:
            raise StoreUnavailableError("The cache is left alone for a while.")
        try:
            await self._pay(space)
            result = await call()
        except StoreUnavailableError as error:
            self._failed(ticket, error)
            raise
        except Exception as error:
            # Whatever is wrong with a cache, the store answers. Its text may hold what is nobody's business.
            failure = StoreUnavailableError(f"The cache failed with {type(error).__name__}.")
            self._failed(ticket, failure)
            raise failure from error
        if self._breaker.succeeded(ticket):
            _log.info("the cache is used again")
        return result

    def owe(self, space: str) -> None:
        """Note that something has changed that the cache may not have been told of."""
        with self._lock:
            self._owed[space] += 1

    async def settle(self, space: str) -> None:
        """Begin the epoch that is owed to a space now, if the cache can be reached."""
        try:
            await self.ask(space, _nothing)
        except StoreUnavailableError:
            return

    async def _pay(self, space: str) -> None:
        due = self._due(space)
        if self._paid[space] < due:
            await self.cache.renew(space)
            with self._lock:
                # What came to be owed meanwhile is not paid by this.
                self._paid[space] = max(self._paid[space], due)

    def _due(self, space: str) -> int:
        with self._lock:
            return self._failures + self._owed[space]

    def _failed(self, ticket: int, error: StoreUnavailableError) -> None:
        with self._lock:
            self._failures += 1
        wait = self._breaker.failed(ticket)
        if wait is not None:
            _log.warning("the cache is left alone for %g seconds: %s", wait, error)


async def _nothing() -> None:
    """Ask for nothing but that what is owed be paid."""
