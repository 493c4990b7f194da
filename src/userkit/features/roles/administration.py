"""Knowing who administers a realm, in the very commit that changes it, so that the last one stays."""

from collections.abc import Sequence
from dataclasses import dataclass

from userkit.features.roles.model import Administrators, RoleAssignment
from userkit.features.users.events import UserDeleted, UserDisabled, UserEnabled
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.port import Store

__all__ = ["Administration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """Take part in the commits that make, disable, enable and delete administrators."""

    store: Store
    realm: str
    role: str

    async def counted(self, user_id: str, *, administers: bool) -> Sequence[Change]:
        """Return what records whether a user administers.

        Raises ForbiddenError when nobody would administer any more.
        """
        id = Administrators.id_for(self.realm, self.role)
        record = await self.store.get(Administrators, id)
        if record is None:
            first = Administrators(id=id, holders=frozenset({user_id}))
            return [Add(first)] if administers else []
        after = record.including(user_id) if administers else record.without(user_id)
        return [] if after is record else [Save(record, after)]

    async def on_disabled(self, event: UserDisabled) -> Sequence[Change]:
        """Let the roles of a disabled user allow nothing."""
        return await self._followed(event.user.id, active=False)

    async def on_enabled(self, event: UserEnabled) -> Sequence[Change]:
        """Let the roles of an enabled user count again."""
        return await self._followed(event.user.id, active=True)

    async def on_deleted(self, event: UserDeleted) -> Sequence[Change]:
        """Take the roles of a deleted user out."""
        held = await self.store.get(RoleAssignment, event.user.id)
        if held is None:
            return []
        return [Remove(held), *await self.counted(held.id, administers=False)]

    async def _followed(self, user_id: str, *, active: bool) -> Sequence[Change]:
        held = await self.store.get(RoleAssignment, user_id)
        if held is None:
            return []
        # Saved even where nothing differs, so that nobody changes the roles at the same time.
        after = held.evolve(active=active)
        return [
            Save(held, after),
            *await self.counted(user_id, administers=active and self.role in held.roles),
        ]
