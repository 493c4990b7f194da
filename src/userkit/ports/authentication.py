"""Everything that an auth backend is written with: how a request proves who it is, and how one is published.

Beside this there is ``userkit.errors`` for what it raises, and ``userkit.testing`` for its tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from userkit.kernel.clock import Clock, utc_now
from userkit.kernel.identity import Identity, SessionFacts
from userkit.kernel.ids import NewId
from userkit.kernel.keys import Keyring, SecretInput
from userkit.kernel.plugin import Plugin
from userkit.kernel.secret import Secret

__all__ = [
    "AUTH_BACKEND_API",
    "AccessToken",
    "Account",
    "Accounts",
    "AuthBackend",
    "AuthBackendFactory",
    "AuthBackendPlugin",
    "AuthParts",
    "Clock",
    "HeaderAuthBackend",
    "Identity",
    "Keyring",
    "NewId",
    "Secret",
    "SecretInput",
    "SessionFacts",
    "SessionGate",
    "TokenIssuer",
    "utc_now",
]

AUTH_BACKEND_API = 1
"""The version of the plugin API for auth backends that this userkit speaks."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that opens a session until it expires, in seconds from now."""

    token: Secret
    expires_in: int


class SessionGate(Protocol):
    """Looks sessions up as they are now."""

    async def live(self, session_id: str, user_id: str) -> SessionFacts:
        """Return a session that is open.

        Raises UnauthenticatedError when it has ended or expired, is not this user's, or the user is
        disabled or deleted.
        """
        ...

    async def opened_by(self, token: str) -> SessionFacts:
        """Return the open session of an opaque session token, or raise UnauthenticatedError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user as an auth backend sees one.

    - ``email_verified``: whether the owner of the address has shown that it is theirs. Until then
      somebody else may have registered the account.
    - ``claimed_epoch``: the one in which the owner took over an account that perhaps somebody else had
      registered; what was issued in an earlier one is void.
    """

    id: str
    email: str
    disabled: bool
    email_verified: bool = False
    claimed_epoch: int = 0

    def honours(self, epoch: int | None) -> bool:
        """Tell whether a credential of an epoch is good: the account is open, and was its owner's.

        None is what was not issued here, such as the word of a proxy.
        """
        return not self.disabled and (epoch is None or epoch >= self.claimed_epoch)


class Accounts(Protocol):
    """Looks users up as they are now."""

    async def by_id(self, user_id: str) -> Account | None:
        """Return a user by id, or None."""
        ...

    async def by_email(self, email: str) -> Account | None:
        """Return the user with an address, however it is spelled, or None."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthParts:
    """What an auth backend is built from, for one realm.

    - ``keys``: derive keys from it, each for a purpose of its own.
    - ``settings``: what the application configured for auth backends, by backend name.
    - ``offered``: what the features of the kit offer, by their names.
    """

    realm: str
    now: Clock
    new_id: NewId
    keys: Keyring
    sessions: SessionGate
    accounts: Accounts
    settings: Mapping[str, Any] = field(default_factory=dict)
    offered: Mapping[str, Any] = field(default_factory=dict)


class AuthBackend(Protocol):
    """Says how a request proves who it is."""

    def recognises(self, credential: str) -> bool:
        """Tell from its form, in bounded time, whether a credential is meant for this backend."""
        ...

    async def authenticate(self, credential: str) -> Identity:
        """Return whose credential this is, or raise UnauthenticatedError."""
        ...


@runtime_checkable
class HeaderAuthBackend(Protocol):
    """An auth backend whose credentials come in a header of their own, and nowhere else.

    What comes in such a header may have been put there for a browser, by a proxy. So changes must be
    made by the application's own pages, as with a cookie, or by what is no browser.
    """

    @property
    def header(self) -> str:
        """Return the name of the header: letters, digits and ``-``. Its whole value is the credential."""
        ...


@runtime_checkable
class TokenIssuer(Protocol):
    """An auth backend that issues access tokens for sessions."""

    async def issue(self, session: SessionFacts) -> AccessToken:
        """Return an access token that ends no later than the session."""
        ...

    def jwks(self) -> Mapping[str, Any]:
        """Return the public keys that its tokens are verified with (RFC 7517); no secret is among them."""
        ...


class AuthBackendFactory(Protocol):
    """Makes an auth backend."""

    def __call__(self, parts: AuthParts) -> AuthBackend:
        """Return the backend for one realm. Raises ConfigurationError."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthBackendPlugin(Plugin[AuthBackendFactory]):
    """An auth backend, published in the entry-point group ``userkit.auth_backends`` under its name."""
