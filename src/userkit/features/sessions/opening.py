"""Opening a session for somebody who has proved who they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from userkit.features.sessions.checks import SignInAttempt, SignInCheck
from userkit.features.sessions.events import SignedIn
from userkit.features.sessions.model import Lifetimes, Session, SessionKind
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.kernel.ids import NewId
from userkit.kernel.opaque import digest, new_secret
from userkit.kernel.origin import current_origin
from userkit.storage.changes import Add
from userkit.storage.journal import Journal, Rider

__all__ = ["OpenSession", "Opened"]


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session, and the secret that opens it."""

    session: Session
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """Open a session, unless a check has something against it."""

    journal: Journal
    now: Clock
    new_id: NewId
    lifetimes: Lifetimes
    checks: Sequence[SignInCheck]

    async def __call__(
        self,
        user: User,
        *,
        methods: frozenset[str],
        proofs: Mapping[str, str] | None = None,
        kind: SessionKind = SessionKind.BEARER,
        rider: Rider | None = None,
    ) -> Opened:
        """Return a new session of the user as they were when their proof was looked at.

        Should the account have been closed or its sessions ended since, the new one is dead as well.
        ``rider``: what the proof has earned whatever a check has against it, such as a receipt.
        """
        try:
            for check in self.checks:
                attempt = SignInAttempt(user=user, methods=methods, proofs=proofs or {})
                methods |= frozenset(await check(attempt))
        except Exception:
            if rider is not None:
                await rider.alone()
            raise
        secret, now, origin = new_secret(), self.now(), current_origin()
        session = Session(
            id=self.new_id(),
            user_id=user.id,
            epoch=user.session_epoch,
            kind=kind,
            methods=methods,
            digest=digest(secret),
            created_at=now,
            authenticated_at=now,
            last_used_at=now,
            expires_at=now + min(self.lifetimes.idle, self.lifetimes.absolute),
            ends_at=now + self.lifetimes.absolute,
            user_agent=origin.user_agent,
            address=origin.address,
        )
        told = [SignedIn(at=now, user_id=user.id, session_id=session.id, methods=methods)]
        await self.journal.commit(Add(session), tell=told, rider=rider)
        return Opened(session, secret)
