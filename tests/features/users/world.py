"""A small world for the use cases: a store, a clock that stands still, and all that is told."""

from dataclasses import dataclass

from tests.features.parts import SECRET, parts_over
from userkit.features.users import (
    USERS,
    SyncUsers,
    User,
    UserDeleted,
    UserDisabled,
    UserEnabled,
    UserRegistered,
    Users,
    UserUpdated,
    users,
)
from userkit.features.users.attributes import AttributesModel
from userkit.kernel.events import Event, Listeners
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.sync import run
from userkit.testing.clock import FrozenClock

EVENTS = (UserRegistered, UserUpdated, UserDisabled, UserEnabled, UserDeleted)


@dataclass(frozen=True)
class World:
    """One realm with the feature in it. ``told`` is what was published, oldest first."""

    store: Store
    clock: FrozenClock
    told: list[Event]
    listeners: Listeners
    awaited: Users
    users: SyncUsers

    def ada(self) -> User:
        """Register Ada, and forget that it was told."""
        ada = self.users.register(email="Ada@Example.com", name="Ada Lovelace", attributes={"plan": "free"})
        self.told.clear()
        return ada

    def stored(self) -> tuple[User, ...]:
        """Return what the store holds."""
        return run(self.store.find(User, limit=1000)).items


def world(
    store: Store,
    *,
    realm: str = DEFAULT_REALM,
    attributes: AttributesModel | None = None,
    secret: str = SECRET,
) -> World:
    """Build the feature over one realm of a store that is prepared for it."""
    feature = users(attributes=attributes)
    clock, told = FrozenClock(), list[Event]()
    parts = parts_over(store, realm=realm, secret=secret, clock=clock)
    for kind in EVENTS:
        parts.listeners.add(kind, told.append)
    built = feature.build(parts)
    return World(parts.store, clock, told, parts.listeners, built, feature.mirror(built))


def prepared(store: Store) -> Store:
    """Return a blocking store that is ready for users."""
    run(store.prepare([USERS]))
    return store
