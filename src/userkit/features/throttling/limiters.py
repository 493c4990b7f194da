"""Counting attempts in the store."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from types import MappingProxyType

from userkit.errors import DuplicateError, StaleError, StoreError
from userkit.features.throttling.counting import Draft, Ending, Place, drafted
from userkit.features.throttling.model import Attempts
from userkit.features.throttling.receipts import Counted, Refused
from userkit.kernel.clock import Clock
from userkit.ports.rate_limit import Limit, Verdict
from userkit.ports.turns import Turns
from userkit.storage.capabilities import Purgeable, supports
from userkit.storage.changes import Add, Change, Save
from userkit.storage.port import LARGEST_PAGE, Store

__all__ = ["TRIES", "StoreRateLimiter", "StoreReceipt"]

_log = logging.getLogger("userkit.throttling")

TRIES = 50
"""How often a write is tried while others are faster."""

# Ids are derived from digests, so that one new key in 256 has such an id, whatever the keys are.
_TIDIES = "00"

_Ended = tuple[Place, Ending]
_Known = Mapping[str, Attempts]
_NOTHING: _Known = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreRateLimiter:
    """Count attempts in a store: exactly, whoever shares it.

    Each key is one small entity, written on condition that nobody else has in the meantime. An attempt
    under several keys is one commit. When others were faster ``TRIES`` times, an attempt is refused for
    a second: it fails closed. Callers in this process take turns, so that those of other processes are
    all that can be faster.

    Now and then a new key clears away what has expired, so that strangers cannot fill a table.

    ``is_kits_own``: its store is the one that the kit commits to, so that counts can ride along there.
    """

    store: Store
    now: Clock
    turns: Turns | None = None
    is_kits_own: bool = False

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        return self.store.blocking

    async def take(self, limit: Limit, key: str) -> Verdict:
        """See RateLimiter.take."""
        taken = await self.take_all([(limit, key)])
        return taken.verdict if isinstance(taken, Refused) else Verdict(allowed=True)

    async def take_all(self, attempts: Sequence[Counted]) -> "StoreReceipt | Refused":
        """Count one attempt under each key, or under none; of several that refuse, the first is asked."""
        places = [Place.of(limit, key) for limit, key in attempts]
        async with AsyncExitStack() as stack:
            await self._queue(stack, places)
            for _ in range(TRIES):
                refused, drafts = await self._taken(places)
                changes = drafted(drafts)
                if await self._write(changes):
                    return refused or StoreReceipt(self, tuple(places), _written(changes))
        _log.warning("Too many attempts were made at the same moment", extra={"limit": places[-1].limit.name})
        return Refused(len(places) - 1, Verdict(allowed=False, retry_after=1.0))

    async def release(self, limit: Limit, key: str) -> None:
        """See RateLimiter.release."""
        await self.end([(Place.of(limit, key), Ending.RELEASED)])

    async def forget(self, limit: Limit, key: str) -> None:
        """See RateLimiter.forget."""
        await self.end([(Place.of(limit, key), Ending.FORGOTTEN)])

    async def close(self) -> None:
        """See RateLimiter.close; the store is the kit's."""

    async def end(self, endings: Sequence[_Ended]) -> None:
        """Give attempts back in one commit; where that cannot be done they stay counted."""
        async with AsyncExitStack() as stack:
            await self._queue(stack, [place for place, _ in endings])
            for _ in range(TRIES):
                if await self._write(await self.ended(endings)):
                    return
        _log.warning(
            "An attempt could not be given back and stays counted",
            extra={"limit": endings[-1][0].limit.name},
        )

    async def ended(
        self, endings: Sequence[_Ended], known: _Known = _NOTHING
    ) -> list[Add[Attempts] | Save[Attempts]]:
        """Return what gives attempts back; what is not ``known`` to be stored is read."""
        drafts: dict[str, Draft] = {}
        for place, ending in endings:
            draft = await self._draft(place, drafts, known)
            if draft.stored is not None:
                draft.tally = ending.of(draft.tally, place.limit, self.now())
        return drafted(drafts.values())

    async def _taken(self, places: Sequence[Place]) -> tuple[Refused | None, Iterable[Draft]]:
        drafts: dict[str, Draft] = {}
        for number, place in enumerate(places):
            draft = await self._draft(place, drafts)
            draft.tally, verdict = draft.tally.taken(place.limit, self.now())
            if not verdict.allowed:
                # The others are left as they are, so that nobody need give anything back.
                return Refused(number, verdict), [draft]
        return None, drafts.values()

    async def _draft(self, place: Place, drafts: dict[str, Draft], known: _Known = _NOTHING) -> Draft:
        if place.id not in drafts:
            stored = known.get(place.id) or await self.store.get(Attempts, place.id)
            drafts[place.id] = Draft.over(place, stored, self.now())
        return drafts[place.id]

    async def _queue(self, stack: AsyncExitStack, places: Sequence[Place]) -> None:
        if self.turns is not None:
            # In one order everywhere, so that nobody waits in a circle.
            for id in sorted({place.id for place in places}):
                await stack.enter_async_context(self.turns.of(id))

    async def _write(self, changes: Sequence[Add[Attempts] | Save[Attempts]]) -> bool:
        """Write counts in the place of what was read; tell whether that was still there."""
        if not changes:
            return True
        try:
            await self.store.commit(*changes)
        except (DuplicateError, StaleError):
            return False
        if any(isinstance(each, Add) and each.entity.id.startswith(_TIDIES) for each in changes):
            await self._tidy()
        return True

    async def _tidy(self) -> None:
        if isinstance(self.store, Purgeable) and supports(self.store, Purgeable):
            # It is nothing that the attempt depends on.
            with suppress(StoreError):
                await self.store.purge(Attempts, before=self.now(), limit=LARGEST_PAGE)


@dataclass(frozen=True, slots=True)
class StoreReceipt:
    """A receipt of what was counted in the store; ``written`` is what was stored by then, by id."""

    limiter: StoreRateLimiter
    places: tuple[Place, ...]
    written: _Known

    async def release(self) -> None:
        """See Receipt.release."""
        if self.places:
            await self.limiter.end([(place, Ending.RELEASED) for place in self.places])

    async def forget(self) -> None:
        """See Receipt.forget."""
        if self.places:
            await self.limiter.end(self._success())

    async def changes(self, *, anew: bool) -> Sequence[Change] | None:
        """See Rider.changes: at first it is taken that nobody has counted under these keys since."""
        if not self.limiter.is_kits_own:
            return None
        return await self.limiter.ended(self._success(), _NOTHING if anew else self.written)

    async def alone(self) -> None:
        """See Rider.alone."""
        await self.forget()

    def _success(self) -> list[_Ended]:
        endings = [(place, Ending.RELEASED) for place in self.places[:-1]]
        return endings + [(place, Ending.FORGOTTEN) for place in self.places[-1:]]


def _written(changes: Sequence[Add[Attempts] | Save[Attempts]]) -> _Known:
    entities = (each.entity if isinstance(each, Add) else each.after for each in changes)
    return {each.id: each for each in entities}
