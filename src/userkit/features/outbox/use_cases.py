"""What can be done with the outbox."""

import logging
from collections.abc import Awaitable, Callable, Container, Mapping
from dataclasses import dataclass

from userkit.errors import NotFoundError, StaleError, UsageError
from userkit.features.outbox.model import OutboxEntry, OutboxState
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.page import Page
from userkit.storage.changes import Remove, Save
from userkit.storage.paging import check_page
from userkit.storage.port import Store
from userkit.storage.rewriting import rewrite

__all__ = ["DeliverDue", "Delivery", "Handler", "ListFailed", "RetryFailed"]

_log = logging.getLogger("userkit.outbox")
_PAGE = 100

Handler = Callable[[OutboxEntry], Awaitable[None]]
"""Does what an entry says. It may be called again for one that was done; raising postpones the entry."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one pass did: entries that are done, and those that failed and stay."""

    done: int = 0
    failed: int = 0

    def __add__(self, other: "Delivery") -> "Delivery":
        """Return both passes together."""
        return Delivery(self.done + other.done, self.failed + other.failed)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverDue:
    """Do what is due in the outbox of one realm."""

    store: Store
    now: Clock
    handlers: Mapping[str, Handler]

    async def __call__(self, *, limit: int = 100, topics: Container[str] | None = None) -> Delivery:
        """Do at most ``limit`` entries that are due, oldest first, and say how many.

        With ``topics``, only entries of these. Several processes may do this at once: each entry is
        taken by one of them. An entry that fails is tried again after 10 seconds, then later and
        later, and given up after 20 attempts.
        """
        delivery, after = Delivery(), None
        while True:
            page = await self.store.find(
                OutboxEntry, "state", OutboxState.PENDING.value, after=after, limit=_PAGE
            )
            for entry in page.items:
                if delivery.done + delivery.failed >= limit:
                    return delivery
                if entry.is_due(self.now()) and (topics is None or entry.topic in topics):
                    delivery += await self.one(entry)
            if page.next is None:
                return delivery
            after = page.next

    async def one(self, entry: OutboxEntry) -> Delivery:
        """Take one entry and do it, unless somebody else was faster."""
        taken = entry.taken(self.now())
        try:
            await self.store.commit(Save(entry, taken))
        except StaleError:
            return Delivery()
        try:
            await self._handle(taken)
        except Exception as error:  # noqa: BLE001  # whatever a handler raises, the entry must stay
            facts = {"topic": taken.topic, "entry": taken.id, "attempt": taken.attempts}
            problem = type(error).__name__
            _log.warning("An entry of the outbox failed: %s", problem, extra=facts)
            await self._settle(Save(taken, taken.postponed(self.now(), problem)))
            return Delivery(failed=1)
        await self._settle(Remove(taken))
        return Delivery(done=1)

    async def _handle(self, entry: OutboxEntry) -> None:
        handler = self.handlers.get(entry.topic)
        if handler is None:
            raise UsageError(f"No feature of this kit handles {entry.topic}.")
        await handler(entry)

    async def _settle(self, change: Save[OutboxEntry] | Remove[OutboxEntry]) -> None:
        try:
            await self.store.commit(change)
        except StaleError:
            # It took longer than the lease, and somebody else does it now.
            _log.info("An entry of the outbox was taken over")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFailed:
    """List what was given up."""

    store: Store
    cursors: Cursors

    async def __call__(self, *, limit: int = 100, after: str | None = None) -> Page[OutboxEntry]:
        """Return a page of the entries that failed 20 times. Raises InvalidInputError, InvalidCursorError."""
        check_page(limit=limit)
        listing = "failed outbox entries"
        start = None if after is None else self.cursors.open(after, of=listing)
        page = await self.store.find(OutboxEntry, "state", OutboxState.FAILED.value, after=start, limit=limit)
        return self.cursors.sealed(page, of=listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryFailed:
    """Try again what was given up."""

    store: Store
    now: Clock

    async def __call__(self, entry_id: str) -> OutboxEntry:
        """Make an entry due at once. Raises NotFoundError."""
        done = await rewrite(self.store, OutboxEntry, entry_id, lambda entry: entry.renewed(self.now()))
        if done is None:
            raise NotFoundError
        return done[1]
