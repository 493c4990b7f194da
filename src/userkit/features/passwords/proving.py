"""Proving a password: the one way, for every path, so that all are limited and told alike."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from userkit.errors import InvalidCredentialsError, InvalidEmailError, OverloadedError, UserKitError
from userkit.features.passwords.events import PasswordRefused
from userkit.features.passwords.model import PasswordCredential
from userkit.features.passwords.policy import presented
from userkit.features.throttling import Guard, Receipt, Whose
from userkit.features.users.model import User
from userkit.kernel.address import client_network
from userkit.kernel.clock import Clock
from userkit.kernel.email import EmailAddress
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
_NO_ADDRESS = "no address"
# What is compared where a text cannot be a password, so that it takes as long.
_NO_PASSWORD = "not a password"  # noqa: S105  # it opens nothing


@dataclass(frozen=True, slots=True)
class Proven:
    """A user whose password was right, and the credential that it was compared with.

    ``receipt`` is that of the attempt, where it is still to be given back.
    """

    user: User
    credential: PasswordCredential
    receipt: Receipt | None = None


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
        """Return the account of an address whose password this is, for a session to be opened.

        The attempt stays counted until its receipt is given back, with the session.

        Raises InvalidCredentialsError, alike for every reason; RateLimitedError, OverloadedError.
        """
        key = account_key(email)
        receipt = await self._take(key or _NO_ADDRESS, partial(self._owner, key))
        user = await self._user(key)
        hidden = user is not None and any(hides(user) for hides in self.hides)
        proven = await self._compare(user, password, purpose, receipt, hidden=hidden)
        return replace(proven, receipt=receipt)

    async def of_user(self, user: User, password: object, *, purpose: str) -> Proven:
        """Return a user whose password this is. Raises as ``by_email``."""
        receipt = await self._take(user.email_key, user.id)
        proven = await self._compare(user, password, purpose, receipt)
        await receipt.forget()
        return proven

    async def forget_failures(self, user: User) -> None:
        """Let the owner in again who has shown in another way who they are."""
        await self.guard.limiter.forget(self.account_limit, user.email_key)

    async def _take(self, account: str, whose: Whose) -> Receipt:
        network = client_network(current_origin().address)
        attempts = ((self.address_limit, network), (self.account_limit, account))
        return await self.guard(attempts, user_id=whose)

    async def _owner(self, key: str | None) -> str | None:
        user = await self._user(key)
        return None if user is None else user.id

    async def _user(self, key: str | None) -> User | None:
        if key is None:
            return None
        page = await self.store.find(User, "email_key", key, limit=1)
        return page.items[0] if page.items else None

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


def account_key(email: object) -> str | None:
    """Return what failures of an account are counted by: its canonical address; None for what is none."""
    try:
        return EmailAddress.parse(email).key  # type: ignore[arg-type]  # parse refuses what is not text
    except InvalidEmailError:
        return None
