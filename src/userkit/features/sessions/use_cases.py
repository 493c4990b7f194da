"""What can be done with sessions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from userkit.authentication import Authentication
from userkit.errors import (
    NotFoundError,
    ReauthenticationRequiredError,
    StaleError,
    UnauthenticatedError,
    UserNotFoundError,
)
from userkit.features.passwords.proving import ProvePassword
from userkit.features.sessions.events import (
    Reauthenticated,
    RefreshReuseDetected,
    SessionEnded,
    SessionRefreshed,
    SessionsEnded,
)
from userkit.features.sessions.gate import StoredSessionGate
from userkit.features.sessions.model import Lifetimes, Session, SessionKind, Standing
from userkit.features.sessions.opening import OpenSession
from userkit.features.sessions.tokens import (
    OPAQUE,
    RefreshToken,
    RefreshTokens,
    SessionToken,
    TokenPair,
)
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.events import Event
from userkit.kernel.identity import Identity
from userkit.kernel.ids import is_id
from userkit.kernel.opaque import digest, new_secret
from userkit.kernel.page import Page
from userkit.storage.capabilities import purgeable
from userkit.storage.changes import Save
from userkit.storage.journal import Journal
from userkit.storage.paging import check_page
from userkit.storage.port import Store
from userkit.storage.rewriting import ATTEMPTS

__all__ = [
    "EndAllSessions",
    "EndSession",
    "ListSessions",
    "PurgeSessions",
    "Reauthenticate",
    "RefreshSession",
    "RequireFresh",
    "SignIn",
    "SignInOpaque",
]

PASSWORD = frozenset({"pwd"})  # RFC 8176, section 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Sign in with a password, for an access token and a refresh token."""

    prove: ProvePassword
    open: OpenSession
    tokens: RefreshTokens
    authentication: Authentication

    async def __call__(
        self, *, email: str, password: str, proofs: Mapping[str, str] | None = None
    ) -> TokenPair:
        """Sign in and return the tokens of a new session.

        ``proofs`` are for sign-in checks, such as second factors, by method. Raises
        InvalidCredentialsError, alike for every reason; RateLimitedError, OverloadedError,
        ProofRequiredError, and what a check vetoes with.
        """
        proven = await self.prove.by_email(email, password, purpose="sign_in")
        opened = await self.open(proven.user, methods=PASSWORD, proofs=proofs, rider=proven.receipt)
        access = await self.authentication.issue(opened.session.facts())
        return TokenPair(
            access_token=access.token.reveal().decode(),
            refresh_token=self.tokens.write(opened.session.id, opened.session.generation, opened.secret),
            expires_in=access.expires_in,
            session_id=opened.session.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInOpaque:
    """Sign in with a password, for one opaque token that a cookie can hold."""

    prove: ProvePassword
    open: OpenSession
    now: Clock

    async def __call__(
        self, *, email: str, password: str, proofs: Mapping[str, str] | None = None
    ) -> SessionToken:
        """Sign in and return the token of a new session. Raises as ``sign_in``."""
        proven = await self.prove.by_email(email, password, purpose="sign_in")
        opened = await self.open(
            proven.user, methods=PASSWORD, proofs=proofs, kind=SessionKind.OPAQUE, rider=proven.receipt
        )
        session = opened.session
        return SessionToken(
            token=OPAQUE.write(session.id, opened.secret),
            expires_in=int((session.ends_at - self.now()).total_seconds()),
            session_id=session.id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshSession:
    """Exchange a refresh token for new tokens. A token that was spent before ends its session."""

    store: Store
    journal: Journal
    now: Clock
    tokens: RefreshTokens
    lifetimes: Lifetimes
    authentication: Authentication

    async def __call__(self, refresh_token: str) -> TokenPair:
        """Return the next tokens of a session; of many who present one token, one succeeds.

        One that was spent less than the grace time ago is refused and nothing else happens; an
        older one ends the session and tells RefreshReuseDetected. Raises UnauthenticatedError.
        """
        token = self.tokens.read(refresh_token)
        if token is None:
            raise UnauthenticatedError
        for _ in range(ATTEMPTS):
            session = await self._presented(token)
            secret = new_secret()
            now = self.now()
            rotated = session.rotated(digest(secret), now, self.lifetimes)
            told = [SessionRefreshed(at=now, user_id=session.user_id, session_id=session.id)]
            try:
                await self.journal.commit(Save(session, rotated), tell=told)
            except StaleError:
                continue  # somebody was faster: the token is judged again by what the session is now
            access = await self.authentication.issue(rotated.facts())
            return TokenPair(
                access_token=access.token.reveal().decode(),
                refresh_token=self.tokens.write(rotated.id, rotated.generation, secret),
                expires_in=access.expires_in,
                session_id=rotated.id,
            )
        raise UnauthenticatedError

    async def _presented(self, token: RefreshToken) -> Session:
        """Return the session that a token is the newest of, or raise UnauthenticatedError."""
        session, now = await self.store.get(Session, token.session_id), self.now()
        if session is None or session.kind is not SessionKind.BEARER or session.is_over(now):
            raise UnauthenticatedError
        standing = session.standing(
            generation=token.generation,
            secret=token.secret,
            genuine=token.genuine,
            now=now,
            grace=self.lifetimes.grace,
        )
        if standing is Standing.REUSED:
            await self._end(session)
        if standing is not Standing.CURRENT:
            raise UnauthenticatedError
        user = await self.store.get(User, session.user_id)
        if user is None or not user.admits(session.id, session.epoch):
            raise UnauthenticatedError
        return session

    async def _end(self, session: Session) -> None:
        now = self.now()

        def tell(gone: Session) -> Iterable[Event]:
            return [RefreshReuseDetected(at=now, user_id=gone.user_id, session_id=gone.id)]

        await self.journal.discard(Session, session.id, tell=tell)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSessions:
    """List where a user is signed in."""

    store: Store
    now: Clock
    cursors: Cursors

    async def __call__(self, user_id: str, *, limit: int = 100, after: str | None = None) -> Page[Session]:
        """Return a page of the open sessions of a user, the newest first.

        A page may hold fewer than ``limit``: those that have ended are left out. Raises
        UserNotFoundError, InvalidInputError and InvalidCursorError.
        """
        check_page(limit=limit)
        user = await UserRepository(self.store).existing(user_id)
        listing, now = f"sessions of {user_id}", self.now()
        start = None if after is None else self.cursors.open(after, of=listing)
        page = await self.store.find(Session, "user_id", user_id, after=start, limit=limit, newest_first=True)
        alive = [each for each in page.items if not each.is_over(now) and user.admits(each.id, each.epoch)]
        return self.cursors.sealed(Page(tuple(alive), page.next), of=listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSession:
    """Sign out of one session."""

    store: Store
    journal: Journal
    now: Clock

    async def __call__(self, session_id: str, *, user_id: str | None = None) -> None:
        """End a session at once.

        With ``user_id`` only a session of this user. Raises NotFoundError, for somebody else's
        session as for none.
        """
        session = await self.store.get(Session, session_id) if is_id(session_id) else None
        if session is None or user_id not in (None, session.user_id):
            raise NotFoundError
        now = self.now()

        def tell(gone: Session) -> Iterable[Event]:
            return [SessionEnded(at=now, user_id=gone.user_id, session_id=gone.id)]

        if await self.journal.discard(Session, session_id, tell=tell) is None:
            raise NotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class EndAllSessions:
    """Sign out everywhere."""

    journal: Journal
    now: Clock

    async def __call__(self, user_id: str, *, except_session: str | None = None) -> None:
        """End every session of a user in one write, save perhaps one. Raises UserNotFoundError."""
        now = self.now()

        def tell(_: User, after: User) -> Iterable[Event]:
            return [SessionsEnded(at=now, user_id=after.id, spared_session=except_session)]

        done = await self.journal.rewrite(
            User, user_id, lambda user: user.signed_out(spare=except_session), tell=tell
        )
        if done is None:
            raise UserNotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauthenticate:
    """Prove again who one is, so that dangerous actions are open for a while."""

    store: Store
    journal: Journal
    now: Clock
    gate: StoredSessionGate
    prove: ProvePassword

    async def __call__(self, session_id: str, *, password: str) -> Session:
        """Make a session fresh again.

        Raises UnauthenticatedError when it is not open, InvalidCredentialsError, RateLimitedError,
        OverloadedError.
        """
        _, user = await self.gate.open_session(session_id)
        await self.prove.of_user(user, password, purpose="reauthenticate")
        now = self.now()

        def tell(_: Session, after: Session) -> Iterable[Event]:
            return [Reauthenticated(at=now, user_id=user.id, session_id=session_id, methods=after.methods)]

        done = await self.journal.rewrite(
            Session, session_id, lambda each: each.proved_again(PASSWORD, now), tell=tell
        )
        if done is None:
            raise UnauthenticatedError
        return done[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireFresh:
    """Ask for a recent proof before something dangerous."""

    now: Clock
    gate: StoredSessionGate

    async def __call__(self, identity: Identity, *, within: timedelta = timedelta(minutes=5)) -> None:
        """Raise ReauthenticationRequiredError unless the person proved who they are within this time.

        The session is looked up, so that a proof counts at once. API keys are never fresh. Raises
        UnauthenticatedError when the session is not open any more.
        """
        if identity.session_id is None:
            raise ReauthenticationRequiredError
        session, _ = await self.gate.open_session(identity.session_id, user_id=identity.user_id)
        if self.now() - session.authenticated_at > within:
            raise ReauthenticationRequiredError


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeSessions:
    """Clean up what has expired."""

    store: Store
    now: Clock

    async def __call__(self, *, limit: int = 1000) -> int:
        """Take out at most ``limit`` expired sessions and return how many. Raises UnsupportedStoreError."""
        return await purgeable(self.store).purge(Session, before=self.now(), limit=limit)
