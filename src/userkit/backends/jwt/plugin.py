"""Access tokens as a plugin: ``jwt``."""

from userkit.ports.authentication import AuthBackend, AuthBackendPlugin, AuthParts

__all__ = ["jwt"]


def _make(parts: AuthParts) -> AuthBackend:
    from userkit.backends.jwt.auth import JwtAuth

    return JwtAuth.of(parts)


jwt = AuthBackendPlugin(
    name="jwt",
    api_version=1,
    factory=_make,
    capabilities=frozenset({"TokenIssuer"}),
    summary="Access tokens for APIs, signed; good for minutes.",
)
