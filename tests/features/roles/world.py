"""A small world for roles: users, a clock that stands still, and all that is told."""

from dataclasses import dataclass
from typing import Any

from tests.features.parts import parts_over
from userkit.features.roles import (
    ADMINISTRATORS,
    ROLES,
    Administrators,
    PermissionDenied,
    RoleAssigned,
    RoleAssignment,
    Roles,
    RoleUnassigned,
    SyncRoles,
    roles,
)
from userkit.features.users import USERS, SyncUsers, Users, users
from userkit.kernel.events import Event
from userkit.kernel.identity import EVERYTHING, Identity
from userkit.storage.journal import Participants
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.sync import run
from userkit.testing import FrozenClock

EVENTS = (RoleAssigned, RoleUnassigned, PermissionDenied)

DEFINITIONS = {
    "admin": {"*"},
    "manager": {"roles:read", "roles:write", "posts:read", "posts:write"},
    "editor": {"posts:read", "posts:write"},
    "reader": {"posts:read"},
    "guest": frozenset[str](),
}

NOBODY = "01900000-0000-7000-8000-00000000000a"


@dataclass(frozen=True)
class World:
    """One realm with users and roles. ``told`` is what was published about roles, oldest first."""

    store: Store
    realm: str
    clock: FrozenClock
    told: list[Event]
    participants: Participants
    people: Users
    users: SyncUsers
    awaited: Roles
    roles: SyncRoles

    def someone(self, name: str, *held: str) -> str:
        """Register somebody with roles, forget that it was told, and return the id."""
        user_id = self.users.register(email=f"{name}@example.com", name=name).id
        if held:
            self.roles.set(user_id, held)
        self.told.clear()
        return user_id

    def acting(self, user_id: str, *, scopes: frozenset[str] = frozenset({EVERYTHING})) -> Identity:
        """Return the identity of a user."""
        return Identity(user_id=user_id, authenticated_at=self.clock(), scopes=scopes)

    def assignment(self, user_id: str) -> RoleAssignment | None:
        """Return what is stored of the roles of a user."""
        return run(self.store.get(RoleAssignment, user_id))

    def administrators(self, role: str = "admin") -> frozenset[str] | None:
        """Return who is recorded as administrator, None when nobody ever was."""
        record = run(self.store.get(Administrators, Administrators.id_for(self.realm, role)))
        return None if record is None else record.holders


def world(store: Store, *, realm: str = DEFAULT_REALM, definitions: Any = DEFINITIONS, **how: Any) -> World:
    """Build the features over one realm of a store that is prepared for them."""
    clock, told, built = FrozenClock(), list[Event](), dict[str, Any]()
    parts = parts_over(store, realm=realm, clock=clock, built=built)
    people, feature = users(), roles(definitions, **how)
    built["users"] = people.build(parts)
    built["roles"] = feature.build(parts)
    for kind in EVENTS:
        parts.listeners.add(kind, told.append)
    return World(
        store=parts.store,
        realm=realm,
        clock=clock,
        told=told,
        participants=parts.participants,
        people=built["users"],
        users=people.mirror(built["users"]),
        awaited=built["roles"],
        roles=feature.mirror(built["roles"]),
    )


def prepared(store: Store) -> Store:
    """Return a blocking store that is ready for users and roles."""
    run(store.prepare([USERS, ROLES, ADMINISTRATORS]))
    return store
