"""What can be done with roles."""

from collections.abc import Iterable
from dataclasses import dataclass

from userkit.errors import UsageError, UserNotFoundError
from userkit.features.roles.authority import Authority
from userkit.features.roles.changing import ChangeRoles
from userkit.features.roles.definitions import is_permission
from userkit.features.roles.model import RoleAssignment
from userkit.features.users.repository import UserRepository
from userkit.kernel.identity import Identity

__all__ = [
    "AllowsPermission",
    "AssignRole",
    "PermissionsOf",
    "RequirePermission",
    "RolesOf",
    "SetRoles",
    "UnassignRole",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignRole:
    """Give a user a role."""

    change: ChangeRoles

    async def __call__(self, user_id: str, role: str, *, by: Identity | None = None) -> frozenset[str]:
        """Give a user a role, and return all that they have now; one they have already stays.

        ``by`` is who does it: they need ``roles:write`` and everything that the role allows. Without
        it the caller is trusted. Raises InvalidInputError for a role that is not defined,
        UserNotFoundError, ForbiddenError, and StaleError when others were faster three times.
        """
        name = self.change.authority.definitions.check(role)
        return await self.change(user_id, lambda held: held | {name}, by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnassignRole:
    """Take a role from a user."""

    change: ChangeRoles

    async def __call__(self, user_id: str, role: str, *, by: Identity | None = None) -> frozenset[str]:
        """Take a role from a user, and return all that they have now.

        It acts at once. ``by`` is as for ``assign``: who could not give it cannot take it either. A
        role that is not defined any more can be taken from whoever still has it. Raises as
        ``assign``, and ForbiddenError for the role of the last administrator.
        """

        def without(held: frozenset[str]) -> frozenset[str]:
            known = isinstance(role, str) and role in held
            return held - {role if known else self.change.authority.definitions.check(role)}

        return await self.change(user_id, without, by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRoles:
    """Give a user exactly some roles."""

    change: ChangeRoles

    async def __call__(
        self, user_id: str, roles: Iterable[str], *, by: Identity | None = None
    ) -> frozenset[str]:
        """Give a user these roles and take all others, and return what they have now.

        ``by`` needs everything that the roles which are given or taken allow. Raises as ``assign``
        and ``unassign``, and InvalidInputError for a change of more than 16 roles at once.
        """
        names = self.change.authority.definitions.check_all(roles)
        return await self.change(user_id, lambda _: names, by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesOf:
    """Tell which roles a user has."""

    authority: Authority

    async def __call__(self, user_id: str) -> frozenset[str]:
        """Return the names of the roles of a user. Raises UserNotFoundError."""
        held = await _held(self.authority, user_id)
        return frozenset() if held is None else held.roles


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionsOf:
    """Tell what a user may do."""

    authority: Authority

    async def __call__(self, user_id: str) -> frozenset[str]:
        """Return the permissions of a user; ``*`` is everything, and a disabled user has none.

        Raises UserNotFoundError.
        """
        return self.authority.granted(await _held(self.authority, user_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowsPermission:
    """Ask whether somebody may do something."""

    authority: Authority

    async def __call__(self, identity: Identity, permission: str) -> bool:
        """Tell whether an identity has a permission at this moment; see ``require``."""
        return await _missing(self.authority, identity, permission) is None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirePermission:
    """Stop whoever may not do something."""

    authority: Authority

    async def __call__(self, identity: Identity, permission: str) -> None:
        """Raise ForbiddenError unless an identity has a permission at this moment.

        The user's roles must allow it, and the credential must not be narrower. Roles are read anew
        at each call, one record by its key, so that a role which was taken and an account which was
        disabled or deleted act at once. A denial is told as PermissionDenied. Raises UsageError for
        what is no permission.
        """
        missing = await _missing(self.authority, identity, permission)
        if missing is not None:
            raise await self.authority.refuse(identity, missing, f"This needs the permission {missing}.")


async def _held(authority: Authority, user_id: str) -> RoleAssignment | None:
    held = await authority.held_by(user_id)
    if held is None and await UserRepository(authority.store).get_by_id(user_id) is None:
        raise UserNotFoundError
    return held


async def _missing(authority: Authority, identity: Identity, permission: str) -> str | None:
    if not is_permission(permission):
        raise UsageError("A permission is written noun:verb in lower case, or * for everything.")
    return authority.missing(identity, await authority.held_by(identity.user_id), [permission])
