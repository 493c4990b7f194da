"""Believing for a moment that a session is still open: a cache in front of the gate, if one is wanted."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock

from userkit.errors import UnauthenticatedError
from userkit.features.passwords.events import PasswordChanged, PasswordRemoved
from userkit.features.sessions.events import (
    Reauthenticated,
    RefreshReuseDetected,
    SessionEnded,
    SessionsEnded,
)
from userkit.features.sessions.gate import StoredSessionGate
from userkit.features.sessions.model import Session
from userkit.features.sessions.tokens import OPAQUE
from userkit.features.users.events import UserDeleted, UserDisabled
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.kernel.events import Listeners
from userkit.ports.authentication import SessionFacts

__all__ = ["DEFAULT_SIZE", "CachedSessionGate", "SessionCache"]

DEFAULT_SIZE = 10_000
"""How many answers are kept; each takes about one KiB."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """When a look into the store began, by both clocks, and what had been forgotten until then."""

    at: datetime
    moment: float
    forgotten: int


@dataclass(frozen=True, slots=True)
class _Answer:
    """A session that was open; until when it may be believed, by both clocks."""

    facts: SessionFacts = field(repr=False)
    until: datetime
    moment: float


class SessionCache:
    """The sessions of one realm that were seen open a moment ago.

    An answer is believed for ``ttl`` from when the look into the store *began*, so that a slow one
    is believed no longer. What was read before ``forget`` cannot be put in after it. Threads may share
    it; all views of a realm should, so that a change through one of them is known to the others.
    """

    __slots__ = ("_answers", "_by_user", "_forgotten", "_lock", "_moment", "_now", "_size", "_ttl")

    def __init__(
        self,
        *,
        ttl: timedelta,
        now: Clock,
        size: int = DEFAULT_SIZE,
        moment: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin empty. ``moment`` counts seconds and is never set back, as ``now`` may be."""
        self._ttl, self._size = ttl, size
        self._now, self._moment = now, moment
        self._lock = Lock()
        self._answers: OrderedDict[str, _Answer] = OrderedDict()
        self._by_user: dict[str, set[str]] = {}
        self._forgotten = 0

    def __len__(self) -> int:
        return len(self._answers)

    def begin(self) -> _Reading:
        """Say that a look into the store begins; ``keep`` wants to know when."""
        return _Reading(self._now(), self._moment(), self._forgotten)

    def get(self, key: str) -> SessionFacts | None:
        """Return what is known under a key, if it may still be believed."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is None:
                return None
            if self._now() < answer.until and self._moment() < answer.moment:
                self._answers.move_to_end(key)
                return answer.facts
            self._drop(key)
            return None

    def keep(self, key: str, facts: SessionFacts, *, until: datetime, reading: _Reading) -> None:
        """Keep what a look into the store has shown, at most until its session is over.

        Nothing is kept if something was forgotten since: what was read may be what is no more.
        """
        answer = _Answer(
            facts, min(until, reading.at + self._ttl), reading.moment + self._ttl.total_seconds()
        )
        with self._lock:
            if reading.forgotten != self._forgotten:
                return
            self._drop(key)
            self._answers[key] = answer
            self._by_user.setdefault(facts.user_id, set()).add(key)
            while len(self._answers) > self._size:
                self._drop(next(iter(self._answers)))

    def forget(self, user_id: str) -> None:
        """Forget the sessions of a user, and what is being read at this moment."""
        with self._lock:
            self._forgotten += 1
            for key in list(self._by_user.get(user_id, ())):
                self._drop(key)

    def listen(self, listeners: Listeners) -> None:
        """Forget at once, when it is told, what a change in this process has ended."""
        listeners.add(UserDisabled, lambda event: self.forget(event.user.id))
        listeners.add(UserDeleted, lambda event: self.forget(event.user.id))
        listeners.add(PasswordChanged, lambda event: self.forget(event.user_id))
        listeners.add(PasswordRemoved, lambda event: self.forget(event.user_id))
        listeners.add(SessionEnded, lambda event: self.forget(event.user_id))
        listeners.add(SessionsEnded, lambda event: self.forget(event.user_id))
        listeners.add(RefreshReuseDetected, lambda event: self.forget(event.user_id))
        listeners.add(Reauthenticated, lambda event: self.forget(event.user_id))

    def _drop(self, key: str) -> None:
        answer = self._answers.pop(key, None)
        if answer is not None:
            keys = self._by_user[answer.facts.user_id]
            keys.discard(key)
            if not keys:
                del self._by_user[answer.facts.user_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSessionGate:
    """A session gate that asks the store only now and then.

    A change made in this process acts at once, one made elsewhere within the ``ttl`` of the cache.
    Refusals are never kept. Whoever must know a session as it is now calls ``open_session``.
    """

    gate: StoredSessionGate
    cache: SessionCache

    async def live(self, session_id: str, user_id: str) -> SessionFacts:
        """See SessionGate.live."""
        known = self.cache.get(session_id)
        if known is not None and known.user_id == user_id:
            return known
        reading = self.cache.begin()
        session, _ = await self.gate.open_session(session_id, user_id=user_id)
        facts = session.facts()
        self.cache.keep(session_id, facts, until=session.expires_at, reading=reading)
        return facts

    async def opened_by(self, token: str) -> SessionFacts:
        """See SessionGate.opened_by. The use of a session is noted when the store is asked."""
        if OPAQUE.read(token) is None:
            raise UnauthenticatedError
        key = sha256(token.encode()).hexdigest()
        known = self.cache.get(key)
        if known is not None:
            return known
        reading = self.cache.begin()
        facts = await self.gate.opened_by(token)
        self.cache.keep(key, facts, until=facts.expires_at, reading=reading)
        return facts

    async def open_session(self, session_id: str, *, user_id: str | None = None) -> tuple[Session, User]:
        """See StoredSessionGate.open_session; the store is asked every time."""
        return await self.gate.open_session(session_id, user_id=user_id)
