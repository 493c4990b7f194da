"""What can be done to confirm and change addresses."""

from dataclasses import dataclass

from userkit.errors import DuplicateError, UnauthenticatedError
from userkit.features.email_verification.events import (
    EmailChanged,
    EmailChangeRequested,
    EmailVerificationRequested,
    EmailVerified,
)
from userkit.features.email_verification.letters import CHANGE, VERIFY, AddressLetters
from userkit.features.links import Link, Links
from userkit.features.passwords.events import PasswordRemoved
from userkit.features.passwords.model import PasswordCredential
from userkit.features.passwords.proving import ProvePassword
from userkit.features.sessions.events import SessionsEnded
from userkit.features.throttling import Guard
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository, meant
from userkit.kernel.clock import Clock
from userkit.kernel.email import EmailAddress
from userkit.kernel.events import Event
from userkit.kernel.identity import Identity
from userkit.ports.rate_limit import Limit
from userkit.storage.changes import Change, Remove, Save
from userkit.storage.journal import Journal
from userkit.storage.port import Store

__all__ = ["ChangeEmail", "CompleteVerification", "ConfirmChange", "RequestVerification"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestVerification:
    """Send a link that verifies the address of a user."""

    store: Store
    journal: Journal
    now: Clock
    guard: Guard
    limit: Limit
    letters: AddressLetters

    async def __call__(self, user_id: str) -> None:
        """Put a letter on its way; links that were sent before are dead once it is delivered.

        Nothing is sent when the address is verified already or the account is closed. Raises
        UserNotFoundError, RateLimitedError, and ConfigurationError when no mail can be sent.
        """
        self.letters.letters.require()
        user = await UserRepository(self.store).existing(user_id)
        if user.is_email_verified or user.is_disabled:
            return
        await self.guard([(self.limit, user.id)], user_id=user.id)
        told = EmailVerificationRequested(at=self.now(), user=user)
        await self.journal.commit(self.letters.verify(user), tell=[told])


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteVerification:
    """Verify an address with the link that was sent to it."""

    store: Store
    journal: Journal
    now: Clock
    links: Links
    prove: ProvePassword

    async def __call__(
        self, *, token: str, identity: Identity | None = None, password: str | None = None
    ) -> User:
        """Verify the address, spend the link, and return the user.

        Whoever reads the mail owns the account, and perhaps somebody else has registered it with
        their address. So the first proof takes away the password and ends all sessions, unless it is
        shown that both are one person: by ``identity``, who is signed in to this account, or by
        the ``password`` of the account.

        Raises InvalidTokenError; with a password InvalidCredentialsError when it is wrong,
        RateLimitedError and OverloadedError, and then the link is still good.
        """

        async def verify(spend: Save[Link], link: Link, user: User) -> User:
            if user.is_email_verified:
                await self.journal.commit(spend)
                return user
            if await self._is_owner(user, identity, password):
                return await self._verified(spend, user)
            return await self._claimed(spend, user)

        return await self.links.consume(token, VERIFY, verify)

    async def _is_owner(self, user: User, identity: Identity | None, password: str | None) -> bool:
        if identity is not None and identity.user_id == user.id:
            return True
        if password is None:
            return False
        await self.prove.of_user(user, password, purpose="verify_email")
        return True

    async def _verified(self, spend: Save[Link], user: User) -> User:
        now = self.now()
        after = user.verified(now)
        await self.journal.commit(spend, Save(user, after), tell=[EmailVerified(at=now, user=after)])
        return after

    async def _claimed(self, spend: Save[Link], user: User) -> User:
        now = self.now()
        after = user.claimed(now)
        changes: list[Change] = [spend, Save(user, after)]
        told: list[Event] = [
            EmailVerified(at=now, user=after, claimed=True),
            SessionsEnded(at=now, user_id=user.id, spared_session=None),
        ]
        credential = await self.store.get(PasswordCredential, user.id)
        if credential is not None:
            changes.append(Remove(credential))
            told.append(PasswordRemoved(at=now, user_id=user.id))
        await self.journal.commit(*changes, tell=told)
        return after


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEmail:
    """Ask a new address whether it wants to be that of a user."""

    store: Store
    journal: Journal
    now: Clock
    guard: Guard
    limit: Limit
    letters: AddressLetters

    async def __call__(self, user_id: str, *, email: str, by: Identity | None = None) -> None:
        """Put a letter with a link on its way to the new address, and tell the old one.

        ``by`` is who asks; without it the caller is trusted.

        It does the same whether or not somebody has the new address: nobody learns from it who has
        an account. Nothing is sent when the account is closed. The caller makes sure that the user
        has proved lately who they are (``kit.sessions.require_fresh``). Raises InvalidEmailError,
        UserNotFoundError, RateLimitedError, UnauthenticatedError when the session of ``by`` has ended
        since, and ConfigurationError when no mail can be sent.
        """
        self.letters.letters.require()
        address = EmailAddress.parse(email)
        user = await UserRepository(self.store).existing(user_id)
        # The link dies with the sessions that this revision of the user has, and theirs must be of them.
        if by is not None and not user.vouches_for(by):
            raise UnauthenticatedError
        if user.is_disabled:
            return
        # The first one spares the mailbox of a stranger who is asked by many accounts.
        await self.guard([(self.limit, address.key), (self.limit, user.id)], user_id=user.id)
        told = EmailChangeRequested(at=self.now(), user=user)
        await self.journal.commit(*self.letters.change(user, address), tell=[told])


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmChange:
    """Move a user to a new address with the link that was sent there."""

    journal: Journal
    now: Clock
    links: Links

    async def __call__(self, *, token: str) -> User:
        """Change the address, which is verified by this, and tell the old one; return the user.

        The link is dead once the user has another address, another password, or has signed out
        everywhere. Raises InvalidTokenError, and EmailAlreadyExistsError when somebody else has
        registered the address in the meantime; then the link is still good.
        """

        async def move(spend: Save[Link], link: Link, user: User) -> User:
            now = self.now()
            after = user.moved(EmailAddress.parse(link.new_email or ""), now)
            told = EmailChanged(at=now, before=user, user=after)
            try:
                await self.journal.commit(spend, Save(user, after), tell=[told])
            except DuplicateError as error:
                raise meant(error) from error
            return after

        return await self.links.consume(token, CHANGE, move)
