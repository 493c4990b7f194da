"""What can be done about a forgotten password."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from userkit.errors import DuplicateError, StaleError, UserKitError
from userkit.features.email_verification.events import EmailVerified
from userkit.features.links import Link, Links
from userkit.features.outbox.model import OutboxEntry
from userkit.features.outbox.offer import Outbox
from userkit.features.password_reset.events import PasswordResetCompleted, PasswordResetRequested
from userkit.features.password_reset.letters import RESET, PasswordLetters
from userkit.features.passwords.events import PasswordChanged
from userkit.features.passwords.proving import ProvePassword
from userkit.features.passwords.use_cases import NewPassword
from userkit.features.throttling import Guard
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.kernel.address import client_network
from userkit.kernel.clock import Clock
from userkit.kernel.email import EmailAddress
from userkit.kernel.events import Event
from userkit.kernel.origin import coming_from, current_origin
from userkit.ports.passwords import PasswordHasher
from userkit.ports.rate_limit import Limit
from userkit.storage.changes import Save
from userkit.storage.journal import Journal
from userkit.storage.port import Store

__all__ = ["AnswerRequest", "CompleteReset", "RequestReset"]

_log = logging.getLogger("userkit.password_reset")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReset:
    """Ask for a link with which a forgotten password can be replaced."""

    TOPIC: ClassVar[str] = "password_reset.requested"

    journal: Journal
    guard: Guard
    limit: Limit
    address_limit: Limit
    letters: PasswordLetters
    outbox: Outbox

    async def __call__(self, *, email: str) -> None:
        """Note that somebody wants to reset the password of an address.

        The answer and the work are the same whether or not anybody has the address: it is looked up
        later, and the letter goes to the address as it is stored. Nothing is changed about the
        account. When a few were asked for moments ago nothing is sent, and nothing is said of it.

        Raises InvalidEmailError, RateLimitedError when too many are asked for from one client
        address, and ConfigurationError when no mail can be sent.
        """
        self.letters.letters.require()
        key, origin = EmailAddress.parse(email).key, current_origin()
        await self.guard([(self.address_limit, client_network(origin.address))])
        if not (await self.guard.limiter.take(self.limit, key)).allowed:
            return
        wanted = {"email": key, "address": origin.address, "user_agent": origin.user_agent}
        await self.journal.commit(self.outbox.entry(self.TOPIC, wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRequest:
    """Write the letter that was asked for, if anybody has the address."""

    store: Store
    journal: Journal
    now: Clock
    letters: PasswordLetters

    async def __call__(self, entry: OutboxEntry) -> None:
        """Look the address up, and put the letter into the outbox."""
        wanted = entry.payload
        user = await UserRepository(self.store).get_by_email(wanted["email"])
        told = PasswordResetRequested(at=self.now(), user_id=None if user is None else user.id)
        changes = [] if user is None or user.is_disabled else [self.letters.reset(user)]
        with coming_from(address=wanted["address"], user_agent=wanted["user_agent"]):
            await self.journal.commit(*changes, tell=[told])


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteReset:
    """Replace a forgotten password with the link that was sent for it."""

    journal: Journal
    now: Clock
    hasher: PasswordHasher
    new: NewPassword
    prove: ProvePassword
    links: Links

    async def __call__(self, *, token: str, password: str) -> User:
        """Set a new password, spend the link, end every session, and return the user.

        It signs nobody in. The address is verified by it, changes of the address that were not
        confirmed yet are dead, and the account takes sign-ins again at once where wrong ones made it
        wait. Raises InvalidTokenError, and WeakPasswordError and OverloadedError, after which the
        link is still good.
        """
        _, user = await self.links.look(token, RESET)
        encoded = await self.hasher.hash(await self.new.checked(user, password))

        async def keep(spend: Save[Link], _: Link, user: User) -> User:
            return await self._keep(spend, user, encoded)

        reset = await self.links.consume(token, RESET, keep)
        await self._forget_failures(reset)
        return reset

    async def _keep(self, spend: Save[Link], user: User, encoded: str) -> User:
        now = self.now()
        after = user.claimed(now)
        told: list[Event] = [
            PasswordChanged(at=now, user_id=user.id, how="reset"),
            PasswordResetCompleted(at=now, user_id=user.id),
        ]
        if not user.is_email_verified:
            told.append(EmailVerified(at=now, user=after, claimed=True))
        credential = await self.new.stored(user.id, encoded)
        try:
            await self.journal.commit(spend, credential, Save(user, after), tell=told)
        except DuplicateError as error:
            raise StaleError from error  # somebody gave them their first password in the meantime
        return after

    async def _forget_failures(self, user: User) -> None:
        with suppress(UserKitError):
            await self.prove.forget_failures(user)
            return
        # The new password is kept all the same; the account opens when its time is up.
        _log.warning("The failed sign-ins of an account could not be forgotten")
