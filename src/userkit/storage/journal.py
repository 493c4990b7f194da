"""Committing changes together with what is recorded of them, and telling of them afterwards."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from userkit.errors import StaleError, UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.events import Event, Publish
from userkit.storage.changes import Change
from userkit.storage.port import LARGEST_COMMIT, Store
from userkit.storage.rewriting import ATTEMPTS, discard, rewrite

__all__ = ["Journal", "Participant", "Participants", "Rider"]

E = TypeVar("E", bound=Entity)
EventT = TypeVar("EventT", bound=Event)

Participant = Callable[[EventT], Awaitable[Iterable[Change]]]
"""Is asked before a commit: returns changes to make in the same commit, or vetoes it by raising."""


class Rider(Protocol):
    """What rides along with a commit to spare one of its own, and which no commit depends on."""

    async def changes(self, *, anew: bool) -> Sequence[Change] | None:
        """Return what is to be changed; None where it is not in the store of the journal.

        ``anew``: somebody has changed it since it was last known, so it is to be read.
        """
        ...

    async def alone(self) -> None:
        """Make the same changes by themselves."""
        ...


@dataclass(frozen=True, slots=True)
class Participants:
    """Who takes part in the commits of one realm."""

    by_type: dict[type[Event], list[Participant[Any]]] = field(default_factory=dict)

    def add(self, kind: type[EventT], participant: Participant[EventT]) -> None:
        """Ask ``participant`` before every event of this kind or of a kind below it."""
        self.by_type.setdefault(kind, []).append(participant)

    def to(self, event: type[Event]) -> list[Participant[Any]]:
        """Return who is asked before a kind of event, those for the most particular kind first."""
        return [each for kind in event.__mro__ for each in self.by_type.get(kind, ())]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Write what happens in one realm: the change and what is recorded of it are one commit."""

    store: Store
    realm: str
    participants: Participants
    publish: Publish

    async def commit(self, *changes: Change, tell: Iterable[Event] = (), rider: Rider | None = None) -> None:
        """Do these changes and those of all participants, or none; then tell the listeners.

        Without changes of its own this records an event, such as a failure. ``rider`` is done with
        the same write where the store is one, and before it where it is made of several; not where a
        participant vetoes. Raises what the store raises, and what a participant vetoes with.
        """
        events = [replace(event, realm=self.realm) for event in tell]
        all_changes = [*changes, *await self._recorded(events)]
        ridden = rider is not None and await self._ridden(all_changes, rider)
        if all_changes and not ridden:
            await self.store.commit(*all_changes)
        for event in events:
            await self.publish(event)

    async def rewrite(
        self,
        entity: type[E],
        id: str,
        change: Callable[[E], E],
        *,
        tell: Callable[[E, E], Iterable[Event]],
    ) -> tuple[E, E] | None:
        """Read an entity, change it and commit; read again when somebody else was faster.

        ``tell`` gets the revisions before and after and says what has happened. See
        ``storage.rewriting.rewrite``.
        """
        told: list[Event] = []

        async def also(before: E, after: E) -> Iterable[Change]:
            told[:] = [replace(event, realm=self.realm) for event in tell(before, after)]
            return await self._recorded(told)

        done = await rewrite(self.store, entity, id, change, also=also)
        if done is not None and done[0] is not done[1]:
            for event in told:
                await self.publish(event)
        return done

    async def discard(self, entity: type[E], id: str, *, tell: Callable[[E], Iterable[Event]]) -> E | None:
        """Take an entity out, whatever its revision; see ``storage.rewriting.discard``."""
        told: list[Event] = []

        async def also(entity: E) -> Iterable[Change]:
            told[:] = [replace(event, realm=self.realm) for event in tell(entity)]
            return await self._recorded(told)

        gone = await discard(self.store, entity, id, also=also)
        if gone is not None:
            for event in told:
                await self.publish(event)
        return gone

    async def _ridden(self, changes: Sequence[Change], rider: Rider) -> bool:
        """Commit changes with those of a rider; tell whether that could be. If not, the rider went alone."""
        for attempt in range(ATTEMPTS):
            riding = await rider.changes(anew=attempt > 0)
            if riding is None or len(changes) + len(riding) > LARGEST_COMMIT or _is_routed(self.store):
                break
            try:
                await self.store.commit(*changes, *riding)
            except StaleError:
                continue  # whose revision it was is not told, so the rider's are read anew
            except UsageError:
                break  # it is one of several, below a wrapper that does not show what it is around
            return True
        await rider.alone()
        return False

    async def _recorded(self, events: Iterable[Event]) -> list[Change]:
        return [
            change
            for event in events
            for participant in self.participants.to(type(event))
            for change in await participant(event)
        ]


def _is_routed(store: Store) -> bool:
    """Tell whether a store, below whatever is wrapped around it, is made of several."""
    from userkit.storage.routed import RoutedStore  # few kits need it

    inner: Store | None = store
    while inner is not None and not isinstance(inner, RoutedStore):
        inner = getattr(inner, "inner", None)
    return inner is not None
