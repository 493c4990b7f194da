"""What happens when a password was forgotten."""

from dataclasses import dataclass

from userkit.kernel.events import Event

__all__ = ["PasswordResetCompleted", "PasswordResetRequested"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetRequested(Event):
    """Somebody has asked for a new password; ``user_id`` is None when nobody has the address.

    It is told when the letter is written, a moment after the request.
    """

    user_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordResetCompleted(Event):
    """A user has a new password by a link that was sent to their address."""

    user_id: str
