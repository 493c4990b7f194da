"""Changing the roles of a user, with everything that must hold at that moment in one commit."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from userkit.errors import InvalidInputError
from userkit.features.roles.administration import Administration
from userkit.features.roles.authority import Authority
from userkit.features.roles.events import RoleAssigned, RoleUnassigned
from userkit.features.roles.model import RoleAssignment
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.kernel.clock import Clock
from userkit.kernel.events import Event
from userkit.kernel.identity import Identity
from userkit.storage.changes import Add, Change, Save
from userkit.storage.journal import Journal
from userkit.storage.port import Store
from userkit.storage.rewriting import anew_or_added

__all__ = ["MOST_AT_ONCE", "WRITE_ROLES", "ChangeRoles"]

WRITE_ROLES = "roles:write"
"""The permission that giving and taking roles needs, beside all that the roles allow."""

MOST_AT_ONCE = 16
"""How many roles one change gives and takes: each is told of, and a commit has an end."""

_NOTHING = frozenset[str]()
_BEYOND = "Nobody gives or takes a role that allows more than they may do themselves."


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRoles:
    """Give a user other roles; read everything again when somebody else was faster."""

    store: Store
    journal: Journal
    now: Clock
    authority: Authority
    administration: Administration

    async def __call__(
        self, user_id: str, change: Callable[[frozenset[str]], frozenset[str]], *, by: Identity | None
    ) -> frozenset[str]:
        """Apply a change to the roles of a user, and return them as they are now."""
        return await anew_or_added(partial(self._once, user_id, change, by))

    async def _once(
        self, user_id: str, change: Callable[[frozenset[str]], frozenset[str]], by: Identity | None
    ) -> frozenset[str]:
        actor = None if by is None else await self._actor(by)
        user = await UserRepository(self.store).existing(user_id)
        held = await self.authority.held_by(user.id)
        before = _NOTHING if held is None else held.roles
        after = change(before)
        if len(before ^ after) > MOST_AT_ONCE:
            raise InvalidInputError(f"Change at most {MOST_AT_ONCE} roles of a user at once.")
        if by is not None:
            permissions = self.authority.definitions.permissions(before ^ after)
            await self._insist(by, actor, *sorted(permissions), sentence=_BEYOND)
        changes = await self._changes(user, held, after)
        if changes and actor is not None and actor.id != user.id:
            # So that it fails when what allowed it was taken from the actor in the meantime.
            changes.append(Save(actor, actor.evolve()))
        if changes:
            await self.journal.commit(*changes, tell=self._told(user_id, before, after))
        return after

    async def _actor(self, by: Identity) -> RoleAssignment | None:
        held = await self.authority.held_by(by.user_id)
        await self._insist(by, held, WRITE_ROLES, sentence=f"This needs the permission {WRITE_ROLES}.")
        return held

    async def _insist(self, by: Identity, held: RoleAssignment | None, *wanted: str, sentence: str) -> None:
        missing = self.authority.missing(by, held, wanted)
        if missing is not None:
            raise await self.authority.refuse(by, missing, sentence)

    async def _changes(self, user: User, held: RoleAssignment | None, roles: frozenset[str]) -> list[Change]:
        active = not user.is_disabled
        administers = active and self.administration.role in roles
        counted = await self.administration.counted(user.id, administers=administers)
        return [*_kept(user, held, roles, active=active), *counted]

    def _told(self, user_id: str, before: frozenset[str], after: frozenset[str]) -> Iterator[Event]:
        now = self.now()
        for role in sorted(before - after):
            yield RoleUnassigned(at=now, user_id=user_id, role=role)
        for role in sorted(after - before):
            yield RoleAssigned(at=now, user_id=user_id, role=role)


def _kept(user: User, held: RoleAssignment | None, roles: frozenset[str], *, active: bool) -> list[Change]:
    if held is None:
        first = RoleAssignment(id=user.id, roles=roles, active=active)
        # The user is saved as they are: whoever disables or deletes them takes part from now on.
        return [Add(first), Save(user, user.evolve())] if roles else []
    after = held.holding(roles, active=active)
    return [] if after is held else [Save(held, after)]
