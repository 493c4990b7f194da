"""What can be done with the trail: it is read, handed out, and purged of what has expired."""

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass

from userkit.features.audit.model import AuditEntry
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.ids import is_id
from userkit.kernel.page import Page
from userkit.storage.capabilities import purgeable
from userkit.storage.paging import check_page
from userkit.storage.port import LARGEST_PAGE, Store

__all__ = ["ExportAudit", "ListAudit", "PurgeAudit", "Write"]

_PAGE = 500

Write = Callable[[str], object]
"""Takes a line; where the kit is asynchronous it may return something to await."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAudit:
    """List what has happened, of one user or of all."""

    store: Store
    cursors: Cursors

    async def __call__(
        self,
        *,
        user_id: str | None = None,
        limit: int = 100,
        after: str | None = None,
        newest_first: bool = True,
    ) -> Page[AuditEntry]:
        """Return a page of at most ``limit`` entries (1 to 1,000).

        ``user_id`` is whom they are about, also when that user is gone. ``after`` is the ``next``
        of the page before. Raises InvalidInputError and InvalidCursorError.
        """
        check_page(limit=limit)
        listing = f"audit of {user_id or 'all'}{', newest first' if newest_first else ''}"
        start = None if after is None else self.cursors.open(after, of=listing)
        page = await _page(self.store, user_id, after=start, limit=limit, newest_first=newest_first)
        return self.cursors.sealed(page, of=listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAudit:
    """Hand out the trail, line by line."""

    store: Store

    async def __call__(self, write: Write, *, user_id: str | None = None) -> int:
        """Call ``write`` with every entry, oldest first, and return how many there are.

        Each is one JSON object in ASCII and a line feed (JSON Lines), with the fields of AuditEntry
        and times as RFC 3339. It takes the memory of one page, however long the trail is.
        """
        written, after = 0, None
        while True:
            page = await _page(self.store, user_id, after=after, limit=_PAGE)
            for entry in page.items:
                pending = write(json.dumps(entry.document()) + "\n")
                if inspect.isawaitable(pending):
                    await pending
            written += len(page.items)
            if page.next is None:
                return written
            after = page.next


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeAudit:
    """Take out what has expired."""

    store: Store
    now: Clock

    async def __call__(self, *, watch: Callable[[int], object] | None = None) -> int:
        """Take out every entry that was to be kept until now, and return how many.

        ``watch`` is told how many went each time. Raises UnsupportedStoreError when the store cannot
        purge.
        """
        store, before, purged = purgeable(self.store), self.now(), 0
        while True:
            gone = await store.purge(AuditEntry, before=before, limit=LARGEST_PAGE)
            purged += gone
            if watch is not None:
                watch(gone)
            if gone < LARGEST_PAGE:
                return purged


async def _page(
    store: Store, user_id: str | None, *, after: str | None, limit: int, newest_first: bool = False
) -> Page[AuditEntry]:
    if user_id is None:
        return await store.find(AuditEntry, after=after, limit=limit, newest_first=newest_first)
    if not is_id(user_id):
        return Page(())
    return await store.find(
        AuditEntry, "user_id", user_id, after=after, limit=limit, newest_first=newest_first
    )
