"""A small world for API keys: users with roles, letters, and a clock that stands still."""

from dataclasses import dataclass
from typing import Any

from tests.features.parts import parts_over
from tests.features.roles.world import DEFINITIONS
from userkit.errors import UnauthenticatedError
from userkit.features.api_keys import (
    API_KEYS,
    ApiKey,
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeys,
    ApiKeyUsed,
    NewApiKey,
    SyncApiKeys,
    api_keys,
)
from userkit.features.mail import mail
from userkit.features.outbox import OUTBOX, Outbox, OutboxEntry, outbox
from userkit.features.roles import ADMINISTRATORS, ROLES, SyncRoles, roles
from userkit.features.users import USERS, SyncUsers, Users, users
from userkit.kernel.events import Event
from userkit.kernel.identity import EVERYTHING, Identity
from userkit.ports.mail import Mailer
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.sync import run, synced
from userkit.testing import FrozenClock

EVENTS = (ApiKeyCreated, ApiKeyRevoked, ApiKeyUsed)


@dataclass(frozen=True)
class World:
    """One realm with the feature in it. ``told`` is what was published about keys, oldest first."""

    store: Store
    clock: FrozenClock
    told: list[Event]
    people: Users
    users: SyncUsers
    roles: SyncRoles
    outbox: Outbox
    awaited: ApiKeys
    keys: SyncApiKeys

    def someone(self, name: str, *held: str) -> str:
        """Register somebody with roles, and return the id."""
        user_id = self.users.register(email=f"{name}@example.com", name=name).id
        if held:
            self.roles.set(user_id, held)
        return user_id

    def key_of(self, user_id: str, **wishes: Any) -> NewApiKey:
        """Make a key, and forget that it was told."""
        key = self.keys.create(user_id, **{"name": "ci", **wishes})
        self.told.clear()
        return key

    def identity(self, text: Any) -> Identity:
        """Return whose key a text is, or raise UnauthenticatedError."""
        return synced(self.awaited.authenticate)(text)

    def opens(self, text: Any) -> bool:
        """Tell whether a text is a key that opens anything."""
        try:
            self.identity(text)
        except UnauthenticatedError:
            return False
        return True

    def signed_in(
        self, user_id: str, *, scopes: frozenset[str] = frozenset({EVERYTHING}), session: str | None = "s"
    ) -> Identity:
        """Return the identity of somebody in a session."""
        return Identity(user_id=user_id, session_id=session, authenticated_at=self.clock(), scopes=scopes)

    def stored(self) -> tuple[ApiKey, ...]:
        """Return what the store holds of keys."""
        return run(self.store.find(ApiKey, limit=1000)).items

    def letters(self) -> list[OutboxEntry]:
        """Return the letters that wait."""
        return [each for each in run(self.store.find(OutboxEntry)).items if each.topic == "letter"]


def world(store: Store, *, realm: str = DEFAULT_REALM, mailer: Mailer | None = None, **how: Any) -> World:
    """Build the features over one realm of a store that is prepared for them."""
    clock, told, built = FrozenClock(), list[Event](), dict[str, Any]()
    parts = parts_over(store, realm=realm, clock=clock, mailer=mailer, built=built)
    people, roled, feature = users(), roles(DEFINITIONS), api_keys(**how)
    for each in (people, outbox(), mail(sender="no-reply@app.example"), roled, feature):
        built[each.name] = each.build(parts)
    for kind in EVENTS:
        parts.listeners.add(kind, told.append)
    return World(
        store=parts.store,
        clock=clock,
        told=told,
        people=built["users"],
        users=people.mirror(built["users"]),
        roles=roled.mirror(built["roles"]),
        outbox=built["outbox"],
        awaited=built["api_keys"],
        keys=feature.mirror(built["api_keys"]),
    )


def prepared(store: Store) -> Store:
    """Return a blocking store that is ready for all of it."""
    run(store.prepare([USERS, OUTBOX, ROLES, ADMINISTRATORS, API_KEYS]))
    return store
