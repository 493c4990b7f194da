"""What happens to passwords."""

from dataclasses import dataclass

from userkit.kernel.events import Event

__all__ = ["PasswordChanged", "PasswordRefused", "PasswordRemoved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRefused(Event):
    """Somebody presented a password that opens nothing.

    ``user_id`` is None for an address that nobody has. ``purpose`` is ``sign_in``,
    ``reauthenticate``, ``change`` or ``verify_email``. ``reason`` is for the application's eyes
    only: ``unknown``, ``wrong``, ``no_password`` or ``disabled``.
    """

    user_id: str | None
    purpose: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChanged(Event):
    """A user has another password: ``how`` is ``change``, ``reset``, ``set`` or ``import``."""

    user_id: str
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordRemoved(Event):
    """A user has no password any more."""

    user_id: str
