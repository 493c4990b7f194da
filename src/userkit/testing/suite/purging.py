"""``purge``: what has expired is taken out, and nothing else."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from userkit.errors import UsageError
from userkit.storage.capabilities import Purgeable, purgeable
from userkit.storage.changes import Add, Save
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.testing.bench import Bench, new_realm
from userkit.testing.specimens import Person, Stranger, Ticket, ticket
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Purging"]

_NOON = datetime(2026, 7, 31, 12, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Purging(Standard, needs=Purgeable):
    """What goes, and what stays."""

    async def test_only_what_has_expired_is_purged(self, store: Store) -> None:
        """To the millisecond: what expires at the given time itself has not expired before it."""
        gone = [ticket(expires_at=at) for at in (_NOON - timedelta(days=900), _NOON - _MILLISECOND)]
        kept = [ticket(expires_at=at) for at in (_NOON, _NOON + _MILLISECOND, _NOON + timedelta(days=900))]
        await store.commit(*map(Add, gone + kept))
        assert await read_all(store, Ticket) == gone + kept
        assert await purgeable(store).purge(Ticket, before=_NOON) == 2
        assert await read_all(store, Ticket) == kept
        assert await purgeable(store).purge(Ticket, before=_NOON) == 0

    async def test_what_has_no_time_never_expires(self, store: Store) -> None:
        """None is not a time long ago."""
        forever = ticket(expires_at=None)
        await store.commit(Add(forever))
        assert await purgeable(store).purge(Ticket, before=_NOON) == 0
        assert await store.get(Ticket, forever.id) == forever

    async def test_a_time_of_another_zone_is_the_same_time(self, store: Store) -> None:
        """Whichever clock the caller reads."""
        gone, kept = ticket(expires_at=_NOON - _MILLISECOND), ticket(expires_at=_NOON)
        await store.commit(Add(gone), Add(kept))
        elsewhere = _NOON.astimezone(timezone(timedelta(hours=5, minutes=45)))
        assert await purgeable(store).purge(Ticket, before=elsewhere) == 1
        assert await read_all(store, Ticket) == [kept]

    async def test_the_newest_revision_says_when(self, store: Store) -> None:
        """Who was given more time, or any, stays; who was given less goes."""
        longer, ever = (ticket(expires_at=_NOON - _MILLISECOND) for _ in range(2))
        shorter = ticket(expires_at=_NOON + timedelta(days=1))
        await store.commit(Add(longer), Add(ever), Add(shorter))
        kept = [longer.evolve(expires_at=_NOON + timedelta(days=1)), ever.evolve(expires_at=None)]
        await store.commit(
            Save(longer, kept[0]),
            Save(ever, kept[1]),
            Save(shorter, shorter.evolve(expires_at=_NOON - _MILLISECOND)),
        )
        assert await purgeable(store).purge(Ticket, before=_NOON) == 1
        assert await read_all(store, Ticket) == kept

    async def test_no_more_than_the_limit_goes_at_once(self, store: Store) -> None:
        """Again and again, until nothing is left."""
        await store.commit(*(Add(ticket(expires_at=_NOON - timedelta(days=day))) for day in range(1, 11)))
        counts = [await purgeable(store).purge(Ticket, before=_NOON, limit=4) for _ in range(4)]
        assert counts == [4, 4, 2, 0]
        assert await read_all(store, Ticket) == []

    async def test_purged_values_are_free(self, store: Store) -> None:
        """Neither id nor unique value is remembered, and lookups find nothing."""
        old = ticket("code", holder="ada", expires_at=_NOON - _MILLISECOND)
        await store.commit(Add(old))
        await purgeable(store).purge(Ticket, before=_NOON)
        assert await read_all(store, Ticket, "holder", "ada") == []
        new = ticket("code", id=old.id, holder="grace")
        await store.commit(Add(new))
        assert await read_all(store, Ticket, "code", "code") == [new]

    async def test_a_realm_is_purged_by_itself(self, bench: Bench) -> None:
        """Tenants expire separately."""
        rival = bench.root.realm(new_realm())
        mine, theirs = (ticket("code", expires_at=_NOON - _MILLISECOND) for _ in range(2))
        await bench.store.commit(Add(mine))
        await rival.commit(Add(theirs))
        assert await purgeable(bench.store).purge(Ticket, before=_NOON) == 1
        assert await read_all(bench.store, Ticket) == []
        assert await read_all(rival, Ticket) == [theirs]

    async def test_a_limit_of_a_purge_out_of_bounds_is_refused(self, store: Store) -> None:
        """1 to 1,000, as for pages."""
        for limit in (0, -1, LARGEST_PAGE + 1):
            with pytest.raises(UsageError):
                await purgeable(store).purge(Ticket, before=_NOON, limit=limit)

    async def test_a_time_without_a_zone_is_refused(self, store: Store) -> None:
        """Nobody knows when it is."""
        await store.commit(Add(ticket("code", expires_at=_NOON - _MILLISECOND)))
        with pytest.raises(UsageError):
            await purgeable(store).purge(Ticket, before=_NOON.replace(tzinfo=None))

    async def test_what_never_expires_cannot_be_purged(self, store: Store) -> None:
        """A kind without a time of expiry, or one that the store does not know, is a mistake."""
        with pytest.raises(UsageError):
            await purgeable(store).purge(Person, before=_NOON)
        with pytest.raises(UsageError):
            await purgeable(store).purge(Stranger, before=_NOON)
