"""What happens to roles."""

from dataclasses import dataclass

from userkit.kernel.events import Event

__all__ = ["PermissionDenied", "RoleAssigned", "RoleUnassigned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssigned(Event):
    """A user has one more role."""

    user_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUnassigned(Event):
    """A user has one role less."""

    user_id: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionDenied(Event):
    """A user wanted something that takes a permission they do not have."""

    user_id: str
    permission: str
