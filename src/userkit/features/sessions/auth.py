"""The auth backend ``session``: an opaque token that is looked up on every request, for cookies."""

from dataclasses import dataclass

from userkit.features.sessions.tokens import OPAQUE
from userkit.kernel.identity import Identity
from userkit.ports.authentication import AuthBackendPlugin, AuthParts, SessionGate

__all__ = ["SessionAuth", "session"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAuth:
    """Accept the tokens that ``kit.sessions.sign_in_opaque`` returns."""

    sessions: SessionGate
    realm: str

    def recognises(self, credential: str) -> bool:
        """See AuthBackend.recognises."""
        return credential.startswith(OPAQUE.prefix)

    async def authenticate(self, credential: str) -> Identity:
        """See AuthBackend.authenticate."""
        session = await self.sessions.opened_by(credential)
        return Identity(
            user_id=session.user_id,
            session_id=session.id,
            epoch=session.epoch,
            methods=session.methods,
            authenticated_at=session.authenticated_at,
            scopes=session.scopes,
            backend="session",
            realm=self.realm,
            expires_at=session.expires_at,
        )


def _open(parts: AuthParts) -> SessionAuth:
    return SessionAuth(sessions=parts.sessions, realm=parts.realm)


session = AuthBackendPlugin(
    name="session",
    api_version=1,
    factory=_open,
    summary="Opaque session tokens, looked up on every request; for cookies.",
)
