"""The use cases as an application sees them: ``kit.sessions``."""

from collections.abc import MutableSequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from userkit.feature import Parts
from userkit.features.passwords.offer import Passwords
from userkit.features.sessions.cache import CachedSessionGate, SessionCache
from userkit.features.sessions.checks import SignInCheck
from userkit.features.sessions.gate import StoredAccounts, StoredSessionGate
from userkit.features.sessions.model import Lifetimes
from userkit.features.sessions.opening import OpenSession
from userkit.features.sessions.tokens import RefreshTokens
from userkit.features.sessions.use_cases import (
    EndAllSessions,
    EndSession,
    ListSessions,
    PurgeSessions,
    Reauthenticate,
    RefreshSession,
    RequireFresh,
    SignIn,
    SignInOpaque,
)
from userkit.ports.authentication import SessionGate
from userkit.sync import synced

__all__ = ["Sessions", "SyncSessions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """What can be done with the sessions of one realm.

    ``open`` and ``gate`` are for other features, ``auth_gate`` and ``accounts`` for auth backends;
    ``checks`` is where features add what must be right before a session opens.
    """

    sign_in: SignIn
    sign_in_opaque: SignInOpaque
    refresh: RefreshSession
    list: ListSessions
    end: EndSession
    end_all: EndAllSessions
    reauthenticate: Reauthenticate
    require_fresh: RequireFresh
    purge: PurgeSessions
    open: OpenSession
    gate: StoredSessionGate
    auth_gate: SessionGate
    accounts: StoredAccounts
    checks: MutableSequence[SignInCheck]

    @classmethod
    def build(cls, parts: Parts, lifetimes: Lifetimes, *, cache_for: timedelta) -> Self:
        """Wire the use cases from the parts of a kit."""
        store, journal, now = parts.store, parts.journal, parts.now
        prove = parts.offer(Passwords).prove
        tokens = RefreshTokens(parts.keys.derive("refresh tokens"), parts.realm)
        checks: list[SignInCheck] = []
        opening = OpenSession(
            journal=journal, now=now, new_id=parts.new_id, lifetimes=lifetimes, checks=checks
        )
        gate = StoredSessionGate(store=store, now=now, lifetimes=lifetimes)
        authentication = parts.authentication
        return cls(
            sign_in=SignIn(prove=prove, open=opening, tokens=tokens, authentication=authentication),
            sign_in_opaque=SignInOpaque(prove=prove, open=opening, now=now),
            refresh=RefreshSession(
                store=store,
                journal=journal,
                now=now,
                tokens=tokens,
                lifetimes=lifetimes,
                authentication=authentication,
            ),
            list=ListSessions(store=store, now=now, cursors=parts.cursors),
            end=EndSession(store=store, journal=journal, now=now),
            end_all=EndAllSessions(journal=journal, now=now),
            reauthenticate=Reauthenticate(store=store, journal=journal, now=now, gate=gate, prove=prove),
            require_fresh=RequireFresh(now=now, gate=gate),
            purge=PurgeSessions(store=store, now=now),
            open=opening,
            gate=gate,
            auth_gate=_cached(gate, parts, cache_for) if cache_for else gate,
            accounts=StoredAccounts(store=store),
            checks=checks,
        )


def _cached(gate: StoredSessionGate, parts: Parts, ttl: timedelta) -> CachedSessionGate:
    cache = parts.shared.setdefault("session cache", SessionCache(ttl=ttl, now=parts.now))
    assert isinstance(cache, SessionCache)
    cache.listen(parts.listeners)
    return CachedSessionGate(gate=gate, cache=cache)


class SyncSessions:
    """The same without ``await``."""

    def __init__(self, sessions: Sessions) -> None:
        """Mirror the use cases."""
        self.sign_in = synced(sessions.sign_in)
        self.sign_in_opaque = synced(sessions.sign_in_opaque)
        self.refresh = synced(sessions.refresh)
        self.list = synced(sessions.list)
        self.end = synced(sessions.end)
        self.end_all = synced(sessions.end_all)
        self.reauthenticate = synced(sessions.reauthenticate)
        self.require_fresh = synced(sessions.require_fresh)
        self.purge = synced(sessions.purge)
