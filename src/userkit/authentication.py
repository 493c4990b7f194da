"""The auth backends of a kit, and the way from a credential to an identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from userkit.errors import ConfigurationError, UnauthenticatedError
from userkit.kernel.identity import Identity
from userkit.ports.authentication import (
    AccessToken,
    AuthBackend,
    HeaderAuthBackend,
    SessionFacts,
    TokenIssuer,
)

__all__ = ["Authentication"]


@dataclass(frozen=True, slots=True)
class Authentication:
    """Ask the auth backends of one realm, in the order in which the application named them.

    Features are built before the backends are, so it is filled once everything is there.
    """

    backends: dict[str, AuthBackend] = field(default_factory=dict)

    async def __call__(self, credential: object) -> Identity:
        """Return whose credential this is. Raises UnauthenticatedError.

        The first backend that recognises its form decides; no other is asked.
        """
        if isinstance(credential, str) and credential:
            for backend in self.backends.values():
                if backend.recognises(credential):
                    return await backend.authenticate(credential)
        raise UnauthenticatedError

    async def issue(self, session: SessionFacts) -> AccessToken:
        """Return an access token for a session, made by the first backend that issues any.

        Raises ConfigurationError when none does.
        """
        for issuer in self._issuers():
            return await issuer.issue(session)
        raise ConfigurationError(
            "No auth backend of this kit issues access tokens: name jwt in UserKit(..., auth=[...])."
        )

    def jwks(self) -> Mapping[str, Any]:
        """Return the public keys of all backends as one JSON Web Key Set (RFC 7517)."""
        return {"keys": [key for issuer in self._issuers() for key in issuer.jwks()["keys"]]}

    def headers(self) -> Mapping[str, str]:
        """Return the headers of their own in which credentials come, by the names of the backends."""
        found = {name: each for name, each in self.backends.items() if isinstance(each, HeaderAuthBackend)}
        return {name: each.header for name, each in found.items()}

    def _issuers(self) -> Sequence[TokenIssuer]:
        return [each for each in self.backends.values() if isinstance(each, TokenIssuer)]
