"""Writing down what is spent: exactly, whoever shares the store."""

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import datetime

from userkit.errors import DuplicateError, StaleError, StoreError
from userkit.features.spending.model import HourlySpending
from userkit.kernel.clock import Clock
from userkit.ports.turns import Turns
from userkit.storage.capabilities import Purgeable, supports
from userkit.storage.changes import Add, Save
from userkit.storage.port import LARGEST_PAGE, Store

__all__ = ["TRIES", "Ledger"]

_log = logging.getLogger("userkit.spending")

TRIES = 50
"""How often a write is tried while others are faster."""

Change = Callable[[HourlySpending], HourlySpending | None]
"""Takes what is stored of an hour and returns its successor, or None to leave it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """One record for each hour, written on condition that nobody else has in the meantime.

    Callers in this process take turns, so that those of other processes are all that can be faster.
    """

    store: Store
    realm: str
    now: Clock
    turns: Turns | None = None

    async def read(self, hour: datetime) -> HourlySpending:
        """Return what was spent within an hour."""
        begun = HourlySpending.begun(self.realm, hour)
        return await self.store.get(HourlySpending, begun.id) or begun

    async def change(self, hour: datetime, change: Change) -> bool:
        """Change what is written of an hour, and tell whether it is written now.

        It is not when ``change`` leaves it, nor when others were faster ``TRIES`` times.
        """
        async with self._turn(HourlySpending.id_for(self.realm, hour)):
            for _ in range(TRIES):
                before = await self.read(hour)
                after = change(before)
                if after is None:
                    return False
                if await self._write(before, after):
                    return True
        _log.warning("Too many calls of language models were counted at the same moment")
        return False

    def _turn(self, id: str) -> AbstractAsyncContextManager[None]:
        return nullcontext() if self.turns is None else self.turns.of(id)

    async def _write(self, before: HourlySpending, after: HourlySpending) -> bool:
        first = before.version == 0
        try:
            await self.store.commit(Add(after) if first else Save(before, after))
        except (DuplicateError, StaleError):
            return False
        if first:
            await self._tidy()
        return True

    async def _tidy(self) -> None:
        if isinstance(self.store, Purgeable) and supports(self.store, Purgeable):
            # It is nothing that the call depends on.
            with suppress(StoreError):
                await self.store.purge(HourlySpending, before=self.now(), limit=LARGEST_PAGE)
