"""Looking sessions and accounts up as they are now."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from userkit.errors import StoreError, UnauthenticatedError
from userkit.features.sessions.model import Lifetimes, Session, SessionKind
from userkit.features.sessions.tokens import OPAQUE
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.kernel.clock import Clock
from userkit.kernel.ids import is_id
from userkit.kernel.opaque import matches
from userkit.ports.authentication import Account, SessionFacts
from userkit.storage.changes import Save
from userkit.storage.port import Store

__all__ = ["StoredAccounts", "StoredSessionGate"]

_NOTED = timedelta(minutes=1)
"""How often the use of an opaque session is written down: each write is one more for each request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSessionGate:
    """Tell whether a session is open, by what the store holds of it and of its user."""

    store: Store
    now: Clock
    lifetimes: Lifetimes

    async def live(self, session_id: str, user_id: str) -> SessionFacts:
        """See SessionGate.live."""
        session, _ = await self.open_session(session_id, user_id=user_id)
        return session.facts()

    async def opened_by(self, token: str) -> SessionFacts:
        """See SessionGate.opened_by."""
        read = OPAQUE.read(token)
        if read is None:
            raise UnauthenticatedError
        session_id, secret = read
        session, _ = await self.open_session(session_id)
        if session.kind is not SessionKind.OPAQUE or not matches(secret, session.digest):
            raise UnauthenticatedError
        await self._note_use(session)
        return session.facts()

    async def open_session(self, session_id: str, *, user_id: str | None = None) -> tuple[Session, User]:
        """Return a session and its user, or raise UnauthenticatedError when it is not open."""
        session = await self.store.get(Session, session_id) if is_id(session_id) else None
        if session is None or session.is_over(self.now()) or user_id not in (None, session.user_id):
            raise UnauthenticatedError
        user = await self.store.get(User, session.user_id)
        if user is None or not user.admits(session.id, session.epoch):
            raise UnauthenticatedError
        return session, user

    async def _note_use(self, session: Session) -> None:
        now = self.now()
        if now - session.last_used_at >= _NOTED:
            # Somebody else noted it, or ended the session, which wins.
            with suppress(StoreError):
                await self.store.commit(Save(session, session.used(now, self.lifetimes)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAccounts:
    """Look users up for auth backends."""

    store: Store

    async def by_id(self, user_id: str) -> Account | None:
        """See Accounts.by_id."""
        return _account(await UserRepository(self.store).get_by_id(user_id))

    async def by_email(self, email: str) -> Account | None:
        """See Accounts.by_email."""
        return _account(await UserRepository(self.store).get_by_email(email))


def _account(user: User | None) -> Account | None:
    if user is None:
        return None
    return Account(
        id=user.id,
        email=user.email,
        disabled=user.is_disabled,
        email_verified=user.is_email_verified,
        claimed_epoch=user.claimed_epoch,
    )
