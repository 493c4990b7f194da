"""What sessions are opened with: refresh tokens, opaque session tokens, and pairs of tokens."""

import hmac
from dataclasses import dataclass, field

from userkit.kernel.ids import id_bytes
from userkit.kernel.opaque import SECRET_BYTES, OpaqueForm

__all__ = ["OPAQUE", "REFRESH", "RefreshToken", "RefreshTokens", "SessionToken", "TokenPair"]

_GENERATION_BYTES = 4
_TAG_BYTES = 16

REFRESH = OpaqueForm("ukr_", extra=_GENERATION_BYTES + _TAG_BYTES)
OPAQUE = OpaqueForm("uks_")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a client gets when it signs in or refreshes. ``expires_in`` is in seconds."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in: int
    session_id: str
    token_type: str = "bearer"  # noqa: S105  # its kind (RFC 6750), no secret


@dataclass(frozen=True, slots=True)
class SessionToken:
    """One token that stands for a session, for a cookie. ``expires_in`` is its longest life in seconds."""

    token: str = field(repr=False)
    expires_in: int
    session_id: str


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token as it was read; ``genuine`` when it was issued here, whether or not it is spent."""

    session_id: str
    generation: int
    secret: bytes = field(repr=False)
    genuine: bool


@dataclass(frozen=True, slots=True, repr=False)
class RefreshTokens:
    """Write and read the refresh tokens of one realm.

    A token is random, and known by its digest. Its generation stands in it under a MAC, so that a
    spent one can be told from one that was made up without keeping every digest. ``keys``: the first
    writes, all read.
    """

    keys: tuple[bytes, ...]
    realm: str

    def write(self, session_id: str, generation: int, secret: bytes) -> str:
        """Return the token of a generation."""
        body = generation.to_bytes(_GENERATION_BYTES, "big") + secret
        return REFRESH.write(session_id, body + self._tag(self.keys[0], session_id, body))

    def read(self, text: object) -> RefreshToken | None:
        """Return what a token says, or None when it is not one."""
        read = REFRESH.read(text)
        if read is None:
            return None
        session_id, value = read
        body, tag = value[:-_TAG_BYTES], value[-_TAG_BYTES:]
        tags = [hmac.compare_digest(tag, self._tag(key, session_id, body)) for key in self.keys]
        generation = int.from_bytes(body[:_GENERATION_BYTES], "big")
        return RefreshToken(session_id, generation, body[-SECRET_BYTES:], any(tags))

    def _tag(self, key: bytes, session_id: str, body: bytes) -> bytes:
        told = self.realm.encode() + b"\0" + id_bytes(session_id) + body
        return hmac.digest(key, told, "sha256")[:_TAG_BYTES]
