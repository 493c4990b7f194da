"""The auth backend ``api-key``: a key that a program presents with every request."""

from dataclasses import dataclass

from userkit.errors import ConfigurationError
from userkit.features.api_keys.model import KEY_FORM
from userkit.features.api_keys.offer import ApiKeys
from userkit.features.api_keys.use_cases import AuthenticateApiKey
from userkit.kernel.identity import Identity
from userkit.ports.authentication import AuthBackendPlugin, AuthParts

__all__ = ["ApiKeyAuth", "api_key"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyAuth:
    """Accept the keys that ``kit.api_keys.create`` makes."""

    keys: AuthenticateApiKey

    def recognises(self, credential: str) -> bool:
        """See AuthBackend.recognises."""
        return credential.startswith(KEY_FORM.prefix)

    async def authenticate(self, credential: str) -> Identity:
        """See AuthBackend.authenticate."""
        return await self.keys(credential)


def _open(parts: AuthParts) -> ApiKeyAuth:
    offered = parts.offered.get("api_keys")
    if not isinstance(offered, ApiKeys):
        raise ConfigurationError("The auth backend api-key needs the feature api_keys.")
    return ApiKeyAuth(keys=offered.authenticate)


api_key = AuthBackendPlugin(
    name="api-key",
    api_version=1,
    factory=_open,
    summary="API keys for programs, limited by scopes and looked up on every request.",
)
