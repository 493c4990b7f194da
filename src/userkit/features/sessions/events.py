"""What happens to sessions."""

from dataclasses import dataclass
from typing import ClassVar

from userkit.kernel.events import Event

__all__ = [
    "Reauthenticated",
    "RefreshReuseDetected",
    "SessionEnded",
    "SessionRefreshed",
    "SessionsEnded",
    "SignedIn",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn(Event):
    """Somebody has signed in."""

    user_id: str
    session_id: str
    methods: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthenticated(Event):
    """Somebody who is signed in has proved again who they are."""

    user_id: str
    session_id: str
    methods: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRefreshed(Event):
    """A refresh token was exchanged for the next one."""

    routine: ClassVar[bool] = True

    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshReuseDetected(Event):
    """A refresh token was presented that had been spent long before: somebody else has had it.

    The session has been ended.
    """

    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionEnded(Event):
    """A session was ended."""

    user_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(Event):
    """All sessions of a user were ended, save perhaps one."""

    user_id: str
    spared_session: str | None
