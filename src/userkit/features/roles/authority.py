"""What somebody may do, by the roles that they have at this moment."""

from collections.abc import Iterable
from dataclasses import dataclass

from userkit.errors import ForbiddenError
from userkit.features.roles.definitions import Definitions, grants
from userkit.features.roles.events import PermissionDenied
from userkit.features.roles.model import RoleAssignment
from userkit.kernel.clock import Clock
from userkit.kernel.identity import Identity
from userkit.kernel.ids import is_id
from userkit.storage.journal import Journal
from userkit.storage.port import Store

__all__ = ["Authority"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Look up what users may do, and say no."""

    store: Store
    journal: Journal
    now: Clock
    definitions: Definitions

    async def held_by(self, user_id: str) -> RoleAssignment | None:
        """Return the roles of a user, or None when they have never had any."""
        return await self.store.get(RoleAssignment, user_id) if is_id(user_id) else None

    def granted(self, held: RoleAssignment | None) -> frozenset[str]:
        """Return what roles allow; those of a disabled user allow nothing."""
        return frozenset() if held is None or not held.active else self.definitions.permissions(held.roles)

    def missing(self, identity: Identity, held: RoleAssignment | None, wanted: Iterable[str]) -> str | None:
        """Return the first of some permissions that an identity lacks, or None.

        It lacks what the user's roles do not allow, and what its credential is too narrow for.
        """
        permissions = self.granted(held)
        lacking = (each for each in wanted if not (identity.covers(each) and grants(permissions, each)))
        return next(lacking, None)

    async def refuse(self, identity: Identity, permission: str, sentence: str) -> ForbiddenError:
        """Record that somebody lacks a permission, and return the error to raise."""
        denied = PermissionDenied(at=self.now(), user_id=identity.user_id, permission=permission)
        await self.journal.commit(tell=[denied])
        return ForbiddenError(sentence)
