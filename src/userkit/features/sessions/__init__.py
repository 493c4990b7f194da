"""Sessions: sign in, stay signed in safely, sign out."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from userkit.errors import ConfigurationError
from userkit.feature import Feature, Parts
from userkit.features.sessions.checks import SignInAttempt, SignInCheck
from userkit.features.sessions.collection import SESSIONS
from userkit.features.sessions.events import (
    Reauthenticated,
    RefreshReuseDetected,
    SessionEnded,
    SessionRefreshed,
    SessionsEnded,
    SignedIn,
)
from userkit.features.sessions.model import Lifetimes, Session, SessionKind
from userkit.features.sessions.offer import Sessions, SyncSessions
from userkit.features.sessions.tokens import SessionToken, TokenPair
from userkit.storage.disclosure import Disclosure
from userkit.storage.rewriting import discard_all

if TYPE_CHECKING:
    from userkit.http.route import AnyRoute

__all__ = [
    "SESSIONS",
    "Reauthenticated",
    "RefreshReuseDetected",
    "Session",
    "SessionEnded",
    "SessionKind",
    "SessionRefreshed",
    "SessionToken",
    "Sessions",
    "SessionsEnded",
    "SignInAttempt",
    "SignInCheck",
    "SignedIn",
    "SyncSessions",
    "TokenPair",
    "sessions",
]

_SHOWN = (
    "id",
    "kind",
    "methods",
    "created_at",
    "authenticated_at",
    "last_used_at",
    "expires_at",
    "ends_at",
    "address",
    "user_agent",
)

_LONGEST_GRACE = timedelta(minutes=1)
_LONGEST_CACHE = timedelta(minutes=1)


def sessions(
    *,
    idle: timedelta = timedelta(days=14),
    lifetime: timedelta = timedelta(days=90),
    grace: timedelta = timedelta(seconds=10),
    cache_for: timedelta = timedelta(0),
) -> Feature[Sessions, SyncSessions]:
    """Return the feature.

    - ``idle``: after what time without use a session ends.
    - ``lifetime``: after what time it ends in any case.
    - ``grace``: how long a spent refresh token is refused without ending the session, so that
      honest clients that send it twice stay signed in; at most a minute.
    - ``cache_for``: how long a session that was looked up is believed without looking again; at most
      a minute, and not at all by default. What this kit changes acts at once all the same.
    """
    if idle <= timedelta(0) or lifetime <= timedelta(0):
        raise ConfigurationError(
            "sessions: idle and lifetime are longer than nothing, such as timedelta(days=14)."
        )
    if not timedelta(0) <= grace <= _LONGEST_GRACE:
        raise ConfigurationError("sessions: grace is at most a minute, such as timedelta(seconds=10).")
    if not timedelta(0) <= cache_for <= _LONGEST_CACHE:
        raise ConfigurationError("sessions: cache_for is at most a minute, such as timedelta(seconds=5).")
    lifetimes = Lifetimes(idle=idle, absolute=lifetime, grace=grace)

    def build(parts: Parts) -> Sessions:
        parts.forget.append(partial(discard_all, parts.store, Session, "user_id"))
        parts.disclose["sessions"] = Disclosure(parts.store, Session, _SHOWN)
        return Sessions.build(parts, lifetimes, cache_for=cache_for)

    return Feature(
        name="sessions",
        collections=(SESSIONS,),
        requires=("users", "passwords"),
        build=build,
        mirror=SyncSessions,
        routes=_routes,
    )


def _routes(sessions: Sessions) -> "Sequence[AnyRoute]":
    from userkit.features.sessions.routes import routes

    return routes(sessions)
