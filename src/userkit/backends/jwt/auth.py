"""The auth backend: access tokens that prove a session."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from userkit.backends.jwt.claims import BACKEND, Claims
from userkit.backends.jwt.codec import MAX_LENGTH, Codec
from userkit.backends.jwt.keys import ReadyKey, ready_keys
from userkit.errors import ConfigurationError, UnauthenticatedError
from userkit.kernel.clock import Clock
from userkit.kernel.identity import Identity
from userkit.kernel.ids import NewId
from userkit.kernel.secret import Secret
from userkit.ports.authentication import AccessToken, AuthParts, SessionFacts, SessionGate
from userkit.ports.tokens import KeySet, TokenSettings

__all__ = ["JwtAuth"]

_BEGINNING = "eyJ"  # of every JSON object with a name in it, in base64url


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtAuth:
    """Issue and accept access tokens of one realm. A token of another kind or place is refused."""

    keys: tuple[ReadyKey, ...]
    codec: Codec
    claims: Claims
    sessions: SessionGate
    now: Clock
    new_id: NewId
    checked: bool

    @classmethod
    def of(cls, parts: AuthParts) -> "JwtAuth":
        """Make the backend for a realm.

        Its settings are a TokenSettings under the name ``jwt``. Raises ConfigurationError when they
        are something else or a key cannot be used, and MissingExtraError without cryptography.
        """
        settings = parts.settings.get(BACKEND)
        if settings is None:
            settings = TokenSettings()
        if not isinstance(settings, TokenSettings):
            raise ConfigurationError(f"The settings of {BACKEND} are a TokenSettings(...).")
        keys = ready_keys(settings.keys or KeySet.derived_from(parts.keys))
        return cls(
            keys=keys,
            codec=Codec.of(keys),
            claims=Claims(realm=parts.realm, settings=settings),
            sessions=parts.sessions,
            now=parts.now,
            new_id=parts.new_id,
            checked=settings.revocation == "checked",
        )

    def recognises(self, credential: str) -> bool:
        """Tell whether this has the form of a signed token: three segments, the first one JSON."""
        return (
            len(credential) <= MAX_LENGTH and credential.startswith(_BEGINNING) and credential.count(".") == 2
        )

    async def authenticate(self, credential: str) -> Identity:
        """Return whose token this is. Raises UnauthenticatedError, for any text."""
        now = self.now().timestamp()
        claims = self.codec.decode(credential, now=now)
        identity = None if claims is None else self.claims.identity(claims, now=now)
        if identity is None:
            raise UnauthenticatedError
        return await self._as_it_is_now(identity) if self.checked else identity

    async def issue(self, session: SessionFacts) -> AccessToken:
        """Return a token that ends no later than the session.

        Raises UsageError when the claims hook returns what no token may say.
        """
        claims = self.claims.of(session, jti=self.new_id(), now=self.now())
        token = self.codec.encode(claims)
        return AccessToken(Secret(token), max(0, claims["exp"] - claims["iat"]))

    def jwks(self) -> Mapping[str, Any]:
        """Return the public keys that are still in use (RFC 7517); of a shared secret there is none."""
        now = self.now().timestamp()
        return {"keys": [dict(key.jwk) for key in self.keys if key.jwk is not None and not key.is_over(now)]}

    async def _as_it_is_now(self, identity: Identity) -> Identity:
        session = await self.sessions.live(str(identity.session_id), identity.user_id)
        return replace(
            identity,
            epoch=session.epoch,
            methods=session.methods,
            authenticated_at=session.authenticated_at,
            scopes=session.scopes,
        )
