"""What happens to addresses."""

from dataclasses import dataclass

from userkit.features.users.model import User
from userkit.kernel.events import Event

__all__ = ["EmailChangeRequested", "EmailChanged", "EmailVerificationRequested", "EmailVerified"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerificationRequested(Event):
    """A letter with a link is on its way to the address of a user."""

    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailVerified(Event):
    """Somebody has shown that mail to the address of a user reaches them.

    ``claimed`` is true when they did not show that it was they who had registered, so that the
    password and the sessions of the account were taken away.
    """

    user: User
    claimed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChangeRequested(Event):
    """A user wants to have another address; whoever reads its mail is asked, the old one is told."""

    user: User


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailChanged(Event):
    """A user has another address, which is verified."""

    before: User
    user: User
