"""Proving a password: the one way, for every path, so that all are limited and told alike."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from userkit.errors import InvalidCredentialsError, OverloadedError, UserKitError
from userkit.features.passwords.events import PasswordRefused
from userkit.features.passwords.model import PasswordCredential
from userkit.features.passwords.policy import presented
from userkit.features.throttling import Guard, Receipt, Whose
from userkit.features.users.model import User
from userkit.features.users.repository import UserRepository
from userkit.kernel.address import client_network
from userkit.kernel.clock import Clock
from userkit.kernel.ids import derived_id
from userkit.kernel.origin import current_origin
from userkit.ports.passwords import PasswordHasher
from userkit.ports.rate_limit import Limit
from userkit.storage.changes import Save
from userkit.storage.journal import Journal
from userkit.storage.port import Store

__all__ = ["Hides", "ProvePassword", "Proven", "account_key"]

_log = logging.getLogger("userkit.passwords")

Hides = Callable[[User], bool]
"""Tells whether an account must not be seen by whoever signs in."""

_NOBODY = derived_id("nobody")
# What is compared where a text cannot be a password, so that it takes as long.
_NO_PASSWORD = "not a password"  # noqa: S105  # it opens nothing


@dataclass(frozen=True, slots=True)
class Proven:
    """A user whose password was right, and the credential that it was compared with."""

    user: User
    credential: PasswordCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvePassword:
    """Compare a password with that of an account: limited, with equal work for everybody.

    Accounts that one of ``hides`` tells of look as if they were not there, to whoever signs in.
    """

    store: Store
    journal: Journal
    now: Clock
    hasher: PasswordHasher
    guard: Guard
    account_limit: Limit
    address_limit: Limit
    hides: Sequence[Hides] = ()

    async def by_email(self, email: str, password: object, *, purpose: str) -> Proven:
        """Return the account of an address whose password this is.

        Raises InvalidCredentialsError, alike for every reason; RateLimitedError, OverloadedError.
        """
        receipt = await self._take(account_key(email), partial(self._owner, email))
        user = await UserRepository(self.store).get_by_email(email)
        hidden = user is not None and any(hides(user) for hides in self.hides)
        return await self._compare(user, password, purpose, receipt, hidden=hidden)

    async def of_user(self, user: User, password: object, *, purpose: str) -> Proven:
        """Return a user whose password this is. Raises as ``by_email``."""
        receipt = await self._take(user.email_key, user.id)
        return await self._compare(user, password, purpose, receipt)

    async def forget_failures(self, user: User) -> None:
        """Let the owner in again who has shown in another way who they are."""
        await self.guard.limiter.forget(self.account_limit, user.email_key)

    async def _take(self, account: str, whose: Whose) -> Receipt:
        network = client_network(current_origin().address)
        attempts = ((self.address_limit, network), (self.account_limit, account))
        return await self.guard(attempts, user_id=whose)

    async def _owner(self, email: str) -> str | None:
        user = await UserRepository(self.store).get_by_email(email)
        return None if user is None else user.id

    async def _compare(
        self, user: User | None, password: object, purpose: str, receipt: Receipt, *, hidden: bool = False
    ) -> Proven:
        credential = await self.store.get(PasswordCredential, user.id if user else _NOBODY)
        text = presented(password)
        try:
            result = await self.hasher.verify(
                _NO_PASSWORD if text is None else text, credential.hash if credential else None
            )
        except OverloadedError:
            await receipt.release()  # nothing was compared, so nothing was guessed
            raise
        matches = result.matches and text is not None
        if user is None or credential is None or text is None or not matches or user.is_disabled or hidden:
            await self._refuse(user, credential, purpose, matches=matches)
        assert user is not None
        assert credential is not None
        assert text is not None
        await receipt.forget()
        if result.outdated:
            credential = await self._rehash(credential, text)
        return Proven(user, credential)

    async def _refuse(
        self, user: User | None, credential: PasswordCredential | None, purpose: str, *, matches: bool
    ) -> None:
        if user is None:
            reason = "unknown"
        elif credential is None:
            reason = "no_password"
        else:
            closed = "disabled" if user.is_disabled else "hidden"
            reason = closed if matches else "wrong"
        user_id = None if user is None else user.id
        event = PasswordRefused(at=self.now(), user_id=user_id, purpose=purpose, reason=reason)
        await self.journal.commit(tell=[event])
        raise InvalidCredentialsError

    async def _rehash(self, credential: PasswordCredential, text: str) -> PasswordCredential:
        """Hash with today's parameters; if that fails the person is let in all the same (ST-1)."""
        with suppress(UserKitError):
            renewed = credential.rehashed(await self.hasher.hash(text))
            await self.store.commit(Save(credential, renewed))
            return renewed
        _log.info("A password could not be hashed anew")
        return credential


def account_key(email: object) -> str:
    """Return what failures of an account are counted by: its canonical address, or what was typed."""
    from userkit.errors import InvalidEmailError
    from userkit.kernel.email import EmailAddress

    try:
        return EmailAddress.parse(email).key  # type: ignore[arg-type]  # parse refuses what is not text
    except InvalidEmailError:
        return "no address"
