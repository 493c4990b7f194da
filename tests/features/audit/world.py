"""A small world for the trail: two features, a journal, and a clock that stands still."""

from dataclasses import dataclass
from typing import Any

from tests.features.parts import parts_over
from userkit.features.audit import AUDIT, Audit, AuditEntry, SyncAudit, audit
from userkit.features.users import USERS, SyncUsers, User, users
from userkit.kernel.events import Event, Listeners
from userkit.storage.journal import Journal, Participants
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.sync import run
from userkit.testing.clock import FrozenClock


@dataclass(frozen=True)
class World:
    """One realm with users and their trail."""

    store: Store
    clock: FrozenClock
    journal: Journal
    participants: Participants
    listeners: Listeners
    users: SyncUsers
    awaited: Audit
    audit: SyncAudit

    def ada(self) -> User:
        """Register Ada."""
        return self.users.register(email="ada@example.com", name="Ada Lovelace")

    def tell(self, *events: Event) -> None:
        """Commit events on their own, as failures are."""
        run(self.journal.commit(tell=events))

    def trail(self) -> tuple[AuditEntry, ...]:
        """Return what is stored, oldest first."""
        return run(self.store.find(AuditEntry, limit=1000)).items

    def last(self) -> AuditEntry:
        """Return the newest entry."""
        return self.audit.list(limit=1).items[0]


def world(store: Store, *, realm: str = DEFAULT_REALM, clock: FrozenClock | None = None, **how: Any) -> World:
    """Build both features over one realm of a store that is prepared for them."""
    clock = clock or FrozenClock()
    parts = parts_over(store, realm=realm, clock=clock)
    trail, people = audit(**how), users()
    built, registered = trail.build(parts), people.build(parts)
    return World(
        store=parts.store,
        clock=clock,
        journal=parts.journal,
        participants=parts.participants,
        listeners=parts.listeners,
        users=people.mirror(registered),
        awaited=built,
        audit=trail.mirror(built),
    )


def prepared(store: Store) -> Store:
    """Return a blocking store that is ready for users and their trail."""
    run(store.prepare([USERS, AUDIT]))
    return store
