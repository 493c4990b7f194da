"""The auth backend: assertions of a proxy that has authenticated the user."""

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from userkit import Passwords, User, Users
from userkit.errors import (
    ConfigurationError,
    EmailAlreadyExistsError,
    InvalidInputError,
    UnauthenticatedError,
    UserNotFoundError,
)
from userkit.ports.authentication import AuthParts, Clock, Identity
from userkit_auth_proxy.assertion import HEADER, LONGEST, PREFIX, read
from userkit_auth_proxy.settings import ProxySettings

__all__ = ["ProxyAuth"]

_NAME = "proxy"
_log = logging.getLogger("userkit_auth_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyAuth:
    """Accept the assertions of one realm. Whatever is not understood is refused."""

    realm: str
    now: Clock
    settings: ProxySettings
    keys: tuple[bytes, ...] = field(repr=False)
    users: Users
    passwords: Passwords

    @classmethod
    def of(cls, parts: AuthParts) -> "ProxyAuth":
        """Make the backend for a realm. Raises ConfigurationError."""
        settings = parts.settings.get(_NAME)
        if not isinstance(settings, ProxySettings):
            raise ConfigurationError(
                'The auth backend proxy needs its key: auth={"proxy": ProxySettings(key=...)}.'
            )
        keys = settings.keys
        if {each.reveal() for each in parts.keys.secrets} & set(keys):
            # Whoever runs the proxy could make access tokens, too.
            raise ConfigurationError("The key of the auth backend proxy is the kit's secret: make another.")
        users, passwords = parts.offered.get("users"), parts.offered.get("passwords")
        if not isinstance(users, Users) or not isinstance(passwords, Passwords):
            raise ConfigurationError("The auth backend proxy needs the features users and passwords.")
        return cls(
            realm=parts.realm, now=parts.now, settings=settings, keys=keys, users=users, passwords=passwords
        )

    @property
    def header(self) -> str:
        """See HeaderAuthBackend.header."""
        return HEADER

    def recognises(self, credential: str) -> bool:
        """See AuthBackend.recognises."""
        return len(credential) <= LONGEST and credential.startswith(PREFIX)

    async def authenticate(self, credential: str) -> Identity:
        """See AuthBackend.authenticate."""
        said = read(credential, keys=self.keys)
        if said is None or said.realm != self.realm or not self._is_current(said.at):
            raise UnauthenticatedError
        user = await self._user(said.email)
        if user.is_disabled or await self._is_anybodys(user):
            raise UnauthenticatedError
        # Without a session nothing counts as a sign-in: credentials cannot be changed with an assertion.
        return Identity(
            user_id=user.id,
            authenticated_at=said.at,
            backend=_NAME,
            realm=self.realm,
            expires_at=said.at + self.settings.window,
        )

    def _is_current(self, at: datetime) -> bool:
        return -self.settings.leeway <= self.now() - at <= self.settings.window

    async def _user(self, email: str) -> User:
        with suppress(UserNotFoundError):
            return await self.users.get_by_email(email)
        if not self.settings.register:
            raise UnauthenticatedError
        with suppress(EmailAlreadyExistsError):
            return await self._registered(email)
        # Two first requests came at once, and the other one has opened the account.
        with suppress(UserNotFoundError):
            return await self.users.get_by_email(email)
        raise UnauthenticatedError

    async def _registered(self, email: str) -> User:
        try:
            return await self.users.register(email=email, name=email.partition("@")[0])
        except InvalidInputError as error:
            _log.warning("Somebody whom the proxy vouches for got no account: %s", error.code)
            raise UnauthenticatedError from error

    async def _is_anybodys(self, user: User) -> bool:
        """Tell whether somebody may have registered this account with the address of another."""
        if user.is_email_verified or self.settings.unconfirmed:
            return False
        return await self.passwords.exists(user.id)
