"""Roles: named sets of permissions, who has them, and who may give them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from userkit.feature import Feature, Parts
from userkit.features.roles.administration import Administration
from userkit.features.roles.collection import ADMINISTRATORS, ROLES
from userkit.features.roles.definitions import ADMINISTRATOR, Definitions, grants, is_permission
from userkit.features.roles.events import PermissionDenied, RoleAssigned, RoleUnassigned
from userkit.features.roles.model import Administrators, RoleAssignment
from userkit.features.roles.offer import Roles, SyncRoles
from userkit.features.users.events import UserDeleted, UserDisabled, UserEnabled
from userkit.features.users.model import User
from userkit.kernel.identity import EVERYTHING
from userkit.storage.disclosure import Disclosure

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "ADMINISTRATORS",
    "ROLES",
    "Administrators",
    "Definitions",
    "PermissionDenied",
    "RoleAssigned",
    "RoleAssignment",
    "RoleUnassigned",
    "Roles",
    "SyncRoles",
    "grants",
    "is_permission",
    "roles",
]


def roles(
    definitions: Mapping[str, Iterable[str]] | None = None, *, administrator: str = ADMINISTRATOR
) -> Feature[Roles, SyncRoles]:
    """Return the feature.

    - ``definitions``: the roles by name, each with the permissions that it carries:
      ``{"admin": {"*"}, "editor": {"posts:read", "posts:write"}}``. Without it there is one,
      ``admin``, which may do everything.
    - ``administrator``: the role of which somebody who is not disabled must be left.

    Raises ConfigurationError.
    """
    given = {ADMINISTRATOR: {EVERYTHING}} if definitions is None else definitions
    defined = Definitions.of(given, administrator=administrator)

    def build(parts: Parts) -> Roles:
        administration = Administration(store=parts.store, realm=parts.realm, role=administrator)
        parts.participants.add(UserDisabled, administration.on_disabled)
        parts.participants.add(UserEnabled, administration.on_enabled)
        parts.participants.add(UserDeleted, administration.on_deleted)
        parts.disclose["roles"] = Disclosure(parts.store, RoleAssignment, ("roles", "active"), by="id")
        return Roles.build(parts, defined, administration)

    return Feature(
        name="roles",
        collections=(ROLES, ADMINISTRATORS),
        together=(User, RoleAssignment, Administrators),
        requires=("users",),
        build=build,
        mirror=SyncRoles,
        routes=_routes,
    )


def _routes(roles: Roles) -> "Sequence[AnyRoute]":
    from userkit.features.roles.routes import routes

    return routes(roles)
