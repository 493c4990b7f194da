"""What a follower lacks of its leader: recorded in the leader, and given to the follower."""

import logging
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from userkit.errors import StaleError, StoreError, StoreUnavailableError
from userkit.kernel.clock import Clock
from userkit.kernel.entity import Entity
from userkit.kernel.ids import NewId
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.levelling import MARKS, Key, Leveller
from userkit.storage.port import LARGEST_PAGE, Store

__all__ = ["PENDING", "Following", "Pending"]

_log = logging.getLogger("userkit.storage")

_MOST_KEYS = 1000
# Whoever announces a change and is not done after so long is not there any more.
_PATIENCE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending(Entity):
    """Names records of the leader that the follower is to be given, as ``collection/id``.

    It is ``settled`` when the change is made; else it was announced before, by somebody who may
    still be at it.
    """

    names: tuple[str, ...]
    settled: bool
    created_at: datetime

    @property
    def keys(self) -> tuple[Key, ...]:
        """Return the records that are named."""
        return tuple(Key(*name.split("/", 1)) for name in self.names)

    def is_due(self, now: datetime) -> bool:
        """Tell whether anybody may see to it, not only who makes the change."""
        return self.settled or self.created_at + _PATIENCE < now


PENDING = Collection("pending_changes", Pending)
"""Where a leader keeps what its follower lacks. It is empty when the two are level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """Give a follower what was committed to its leader, in one realm; ``at`` gives the same in another."""

    leader: Store
    follower: Store
    realm: str
    now: Clock
    new_id: NewId
    catalogue: Catalogue = field(default_factory=Catalogue)
    unprepared: list[tuple[Sequence[Collection[Any]], bool]] = field(default_factory=list)

    def at(self, realm: str) -> "Following":
        """Return the same for another realm; what is known of the stores is shared."""
        return replace(
            self, leader=self.leader.realm(realm), follower=self.follower.realm(realm), realm=realm
        )

    def key(self, entity: Entity) -> Key:
        """Return what names an entity, or raise UsageError when its collection is not known."""
        return Key(self.catalogue.records(type(entity)).collection.name, entity.id)

    def pending(self, keys: Iterable[Key], *, settled: bool = True) -> Pending:
        """Return what records, within the commit of a change, that these are to be levelled."""
        names = tuple(f"{key.collection}/{key.id}" for key in keys)
        return Pending(id=self.new_id(), names=names, settled=settled, created_at=self.now())

    async def announce(self, keys: Sequence[Key]) -> list[Pending]:
        """Record that these are to be levelled, before a change that leaves no room for it."""
        parts = [keys[start : start + _MOST_KEYS] for start in range(0, len(keys), _MOST_KEYS)]
        announced = [self.pending(part, settled=False) for part in parts]
        for pending in announced:
            await self.leader.commit(Add(pending))
        return announced

    async def deliver(self, *several: Pending) -> None:
        """Level what was committed a moment ago, or leave it to ``catch_up``; no failure is passed on."""
        for pending in several:
            with self.failing_quietly():
                await self._level(pending)
                continue
            if not pending.settled:
                with suppress(StoreError):  # in an hour anybody may see to it all the same
                    await self.leader.commit(Save(pending, pending.evolve(settled=True)))

    async def catch_up(self) -> int:
        """Level what is pending, and return how many records of it were seen to."""
        done = 0
        after: str | None = None
        while True:
            page = await self.leader.find(Pending, after=after)
            for pending in page.items:
                if pending.is_due(self.now()):
                    done += await self._caught_up(pending)
            after = page.next
            if after is None:
                return done

    async def count(self) -> int:
        """Return how much is pending."""
        count = 0
        after: str | None = None
        while True:
            page = await self.leader.find(Pending, after=after, limit=LARGEST_PAGE)
            count += len(page.items)
            after = page.next
            if after is None:
                return count

    async def prepare(self) -> None:
        """Prepare the follower for what it does not know yet."""
        for each in list(self.unprepared):
            collections, create = each
            await self.follower.prepare(collections, create=create)
            await self.follower.prepare([MARKS])
            with suppress(ValueError):  # another thread may have done the same, which does no harm
                self.unprepared.remove(each)

    @contextmanager
    def failing_quietly(self, kind: type[Exception] = Exception) -> Generator[None, None, None]:
        """Log what goes wrong inside, and go on: the leader has done its part."""
        try:
            yield
        except kind as error:
            _log_failure(self.realm, error)

    async def _caught_up(self, pending: Pending) -> bool:
        try:
            await self._level(pending)
        except StoreUnavailableError:
            raise
        except StoreError as error:
            _log_failure(self.realm, error)
            return False
        return True

    async def _level(self, pending: Pending) -> None:
        await self.prepare()
        done = [pending]

        async def keep_in_mind(key: Key) -> None:
            more = self.pending([key])
            await self.leader.commit(Add(more))
            done.append(more)

        leveller = Leveller(
            leader=self.leader,
            follower=self.follower,
            catalogue=self.catalogue,
            realm=self.realm,
            before_taking_out=keep_in_mind,
        )
        await leveller.level(*pending.keys)
        for each in done:
            with suppress(StaleError):  # somebody else has seen to it as well
                await self.leader.commit(Remove(each))


def _log_failure(realm: str, error: Exception) -> None:
    # Nobody knows what the text of an error of others repeats.
    sentence = error.detail if isinstance(error, StoreError) else type(error).__name__
    _log.warning(
        "A follower could not be levelled: %s",
        sentence,
        extra={"userkit_realm": realm, "userkit_error": type(error).__name__},
    )
