"""What happens to users."""

from dataclasses import dataclass

from userkit.features.users.model import User
from userkit.kernel.events import Event

__all__ = ["UserDeleted", "UserDisabled", "UserEnabled", "UserErased", "UserRegistered", "UserUpdated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    """Somebody has an account now."""

    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserUpdated(Event):
    """The name or the attributes of a user are others now."""

    before: User
    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(Event):
    """An account was closed for its owner."""

    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEnabled(Event):
    """An account is open for its owner again."""

    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDeleted(Event):
    """A user is gone; ``user`` is the last revision. Features forget what they know of them."""

    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased(Event):
    """A user was deleted, and what stays of them has forgotten who they were: an id is left."""

    user_id: str
