"""An auth backend that is right, and others that each break one promise."""

import hmac
import logging
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from userkit.errors import UnauthenticatedError
from userkit.ports.authentication import Accounts, AuthBackend, AuthBackendPlugin, AuthParts, Clock, Identity
from userkit.testing import Holder

__all__ = ["FLAWED", "issue", "plugin_of"]

KEY = b"the key of the doors in this test"
LIFETIME = timedelta(minutes=5)
FORM = re.compile(r"badge\.([a-z0-9_-]+)\.([0-9a-f-]{36})\.([0-9]{1,11})", re.ASCII)


def badge_of(user_id: str, *, realm: str, at: datetime) -> str:
    """Return the badge of a user."""
    said = f"badge.{realm}.{user_id}.{int(at.timestamp())}"
    return f"{said}.{hmac.digest(KEY, said.encode(), 'sha256').hex()}"


def issue(holder: Holder) -> str:
    """Return the badge of somebody."""
    return badge_of(holder.user.id, realm=holder.realm, at=holder.now)


@dataclass(kw_only=True)
class Right:
    """Accept badges."""

    realm: str
    now: Clock
    accounts: Accounts
    asked: list[str] = field(default_factory=list, repr=False)

    def recognises(self, credential: str) -> bool:
        """See AuthBackend.recognises."""
        return len(credential) < 300 and credential.startswith("badge.")

    async def authenticate(self, credential: str) -> Identity:
        """See AuthBackend.authenticate."""
        said, _, mac = credential.rpartition(".")
        known = hmac.digest(KEY, said.encode(errors="replace"), "sha256").hex()
        form = FORM.fullmatch(said)
        if form is None or not hmac.compare_digest(known.encode(), mac.encode(errors="replace")):
            raise UnauthenticatedError
        at = datetime.fromtimestamp(int(form[3]), UTC)
        return await self.identity(form[1], form[2], at)

    async def identity(self, realm: str, user_id: str, at: datetime) -> Identity:
        """Return whose badge it is."""
        account = await self.accounts.by_id(user_id)
        if realm != self.realm or self.now() > at + LIFETIME or account is None or account.disabled:
            raise UnauthenticatedError
        return Identity(
            user_id=user_id, authenticated_at=at, backend="badge", realm=realm, expires_at=at + LIFETIME
        )


class TakesEverything(Right):
    """Leave nothing to others."""

    def recognises(self, credential: str) -> bool:
        """Say yes."""
        return True


class SaysMaybe(Right):
    """Answer with something that is no bool."""

    def recognises(self, credential: str) -> bool:
        """Say how it begins."""
        return re.match(r"badge\.", credential)  # type: ignore[return-value]


class TakesItToPieces(Right):
    """Believe that there are always five."""

    async def authenticate(self, credential: str) -> Identity:
        """Look at the fourth first."""
        int(credential.split(".")[3])
        return await super().authenticate(credential)


class Trims(Right):
    """Be kind to blanks."""

    async def authenticate(self, credential: str) -> Identity:
        """Read what is between."""
        return await super().authenticate(credential.strip())


class HasNoCase(Right):
    """Take large letters for small ones."""

    async def authenticate(self, credential: str) -> Identity:
        """Read it in small ones."""
        return await super().authenticate(credential.lower())


class ForgetsRealms(Right):
    """Take a badge of any realm."""

    async def identity(self, realm: str, user_id: str, at: datetime) -> Identity:
        """Say that it is of this one."""
        return Identity(user_id=user_id, authenticated_at=at, backend="badge", realm=self.realm)


class LetsAnybodyIn(Right):
    """Ask nobody whether the account is open."""

    async def identity(self, realm: str, user_id: str, at: datetime) -> Identity:
        """Believe the badge."""
        if realm != self.realm:
            raise UnauthenticatedError
        return Identity(user_id=user_id, authenticated_at=at, backend="badge", realm=realm)


class NeverEnds(Right):
    """Say until when it is good, and do not look."""

    async def identity(self, realm: str, user_id: str, at: datetime) -> Identity:
        """Take it for one of just now."""
        identity = await super().identity(realm, user_id, self.now())
        return replace(identity, authenticated_at=at, expires_at=at + LIFETIME)


class TellsInErrors(Right):
    """Say what was wrong with what."""

    async def authenticate(self, credential: str) -> Identity:
        """Tell all."""
        try:
            return await super().authenticate(credential)
        except UnauthenticatedError:
            raise UnauthenticatedError(f"{credential} is not good.") from None


class TellsInLogs(Right):
    """Write down what comes."""

    async def authenticate(self, credential: str) -> Identity:
        """Tell all."""
        logging.getLogger("badges").debug("Somebody shows %s", credential)
        return await super().authenticate(credential)


class Tells(Right):
    """Keep what it was asked where everybody sees it."""

    def __repr__(self) -> str:
        return f"Tells({self.asked})"

    async def authenticate(self, credential: str) -> Identity:
        """Tell all."""
        self.asked.append(credential)
        return await super().authenticate(credential)


class TakesItOnce(Right):
    """Let a badge open once."""

    async def authenticate(self, credential: str) -> Identity:
        """Refuse it the second time."""
        if credential in self.asked:
            raise UnauthenticatedError
        self.asked.append(credential)
        return await super().authenticate(credential)


class MakesUpSessions(Right):
    """Say that there is a session."""

    async def identity(self, realm: str, user_id: str, at: datetime) -> Identity:
        """Name one."""
        return replace(await super().identity(realm, user_id, at), session_id=user_id)


class SaysAnotherName(Right):
    """Say that another backend has accepted it."""

    async def identity(self, realm: str, user_id: str, at: datetime) -> Identity:
        """Name one."""
        return replace(await super().identity(realm, user_id, at), backend="session")


class IsStuck(Right):
    """Never come back from a long text."""

    def recognises(self, credential: str) -> bool:
        """Wait for what never comes."""
        if len(credential) > 100_000:
            threading.Event().wait()
        return super().recognises(credential)


FLAWED: dict[type[Right], str] = {
    TakesEverything: "test_credentials_of_others_are_left_alone",
    SaysMaybe: "test_a_credential_is_its_owners",
    TakesItToPieces: "test_garbage_opens_nothing",
    Trims: "test_every_change_is_noticed",
    HasNoCase: "test_every_change_is_noticed",
    ForgetsRealms: "test_a_credential_opens_its_own_realm_only",
    LetsAnybodyIn: "test_a_closed_account_opens_nothing",
    NeverEnds: "test_a_credential_ends_when_it_says",
    TellsInErrors: "test_nothing_repeats_a_credential",
    TellsInLogs: "test_nothing_repeats_a_credential",
    Tells: "test_nothing_repeats_a_credential",
    TakesItOnce: "test_the_same_credential_says_the_same",
    MakesUpSessions: "test_a_session_that_is_named_is_open",
    SaysAnotherName: "test_a_credential_is_its_owners",
    IsStuck: "test_endless_texts_are_answered",
}
"""Backends with a flaw, and the test of the promise that each breaks."""


def plugin_of(kind: type[Right]) -> AuthBackendPlugin:
    """Return the plugin that makes backends of a kind."""

    def make(parts: AuthParts) -> AuthBackend:
        return kind(realm=parts.realm, now=parts.now, accounts=parts.accounts)

    factory: Callable[[AuthParts], AuthBackend] = make
    return AuthBackendPlugin(name="badge", api_version=1, factory=factory)
