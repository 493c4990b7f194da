"""Which roles a user has, and who administers."""

from dataclasses import dataclass
from typing import Self

from userkit.errors import ForbiddenError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import derived_id

__all__ = ["Administrators", "RoleAssignment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssignment(Entity):
    """The roles of one user, kept under the id of the user.

    ``active`` follows the account in the commits that disable and enable it: the roles of a
    disabled user allow nothing, and it takes one read to know.
    """

    roles: frozenset[str] = frozenset()
    active: bool = True

    def holding(self, roles: frozenset[str], *, active: bool) -> Self:
        """Return the assignment with these roles, the same object when nothing differs."""
        if (roles, active) == (self.roles, self.active):
            return self
        return self.evolve(roles=roles, active=active)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrators(Entity):
    """Who of a realm administers it and is not disabled: one record, changed in the commit of each change.

    Two administrators who remove each other at once both change it, so that only one of them can.
    """

    holders: frozenset[str]

    @staticmethod
    def id_for(realm: str, role: str) -> str:
        """Return the id of a realm's record for the administrator's role; no two realms share an id."""
        return derived_id("administrators", realm, role)

    def including(self, user_id: str) -> Self:
        """Return the record with one more, the same object when they are there."""
        return self if user_id in self.holders else self.evolve(holders=self.holders | {user_id})

    def without(self, user_id: str) -> Self:
        """Return the record with one less, the same object when they are not there.

        Raises ForbiddenError when nobody would be left.
        """
        if user_id not in self.holders:
            return self
        if len(self.holders) == 1:
            raise ForbiddenError("This is the last administrator: make somebody else one first.")
        return self.evolve(holders=self.holders - {user_id})
