"""What somebody may wish for in a new API key."""

from collections.abc import Iterable
from datetime import UTC, datetime

from userkit.errors import InvalidInputError
from userkit.features.roles.definitions import is_permission
from userkit.kernel.clock import whole_milliseconds

__all__ = ["MOST_SCOPES", "checked_end", "checked_scopes"]

MOST_SCOPES = 100


def checked_scopes(scopes: Iterable[str]) -> frozenset[str]:
    """Return scopes as a set, or raise InvalidInputError."""
    if isinstance(scopes, (str, bytes)) or not isinstance(scopes, Iterable):
        raise InvalidInputError("Scopes are given as a list of permissions.")
    wanted = list(scopes)
    if len(wanted) > MOST_SCOPES:
        raise InvalidInputError(f"An API key has at most {MOST_SCOPES} scopes.")
    if not all(map(is_permission, wanted)):
        raise InvalidInputError("A scope is written noun:verb in lower case, or * for everything.")
    return frozenset(wanted)


def checked_end(expires_at: datetime | None, now: datetime) -> datetime | None:
    """Return when a key is to expire, in UTC, or raise InvalidInputError."""
    if expires_at is None:
        return None
    if not isinstance(expires_at, datetime) or expires_at.tzinfo is None:
        raise InvalidInputError("expires_at is a time with its zone, such as 2030-01-31T00:00:00Z.")
    try:
        end = whole_milliseconds(expires_at.astimezone(UTC))
    except OverflowError:
        raise InvalidInputError("expires_at is too far away.") from None
    if end <= now:
        raise InvalidInputError("expires_at is in the past.")
    return end
