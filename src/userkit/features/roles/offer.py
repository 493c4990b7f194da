"""The use cases as an application sees them: ``kit.roles``."""

from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.roles.administration import Administration
from userkit.features.roles.authority import Authority
from userkit.features.roles.changing import ChangeRoles
from userkit.features.roles.definitions import Definitions
from userkit.features.roles.use_cases import (
    AllowsPermission,
    AssignRole,
    PermissionsOf,
    RequirePermission,
    RolesOf,
    SetRoles,
    UnassignRole,
)
from userkit.sync import synced

__all__ = ["Roles", "SyncRoles"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """What can be done with the roles of one realm. ``definitions`` says which there are."""

    assign: AssignRole
    unassign: UnassignRole
    set: SetRoles
    of: RolesOf
    permissions: PermissionsOf
    require: RequirePermission
    allows: AllowsPermission
    definitions: Definitions

    @classmethod
    def build(cls, parts: Parts, definitions: Definitions, administration: Administration) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, journal, now = parts.store, parts.journal, parts.now
        authority = Authority(store=store, journal=journal, now=now, definitions=definitions)
        change = ChangeRoles(
            store=store, journal=journal, now=now, authority=authority, administration=administration
        )
        return cls(
            assign=AssignRole(change=change),
            unassign=UnassignRole(change=change),
            set=SetRoles(change=change),
            of=RolesOf(authority=authority),
            permissions=PermissionsOf(authority=authority),
            require=RequirePermission(authority=authority),
            allows=AllowsPermission(authority=authority),
            definitions=definitions,
        )


class SyncRoles:
    """The same without ``await``."""

    def __init__(self, roles: Roles) -> None:
        """Mirror the use cases."""
        self.assign = synced(roles.assign)
        self.unassign = synced(roles.unassign)
        self.set = synced(roles.set)
        self.of = synced(roles.of)
        self.permissions = synced(roles.permissions)
        self.require = synced(roles.require)
        self.allows = synced(roles.allows)
        self.definitions = roles.definitions
