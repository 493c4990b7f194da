"""Opaque tokens: a prefix that says what it is, the id of a record, and bytes that only its holder knows."""

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from userkit.kernel.ids import id_bytes, text_of_id

__all__ = ["SECRET_BYTES", "OpaqueForm", "digest", "matches", "new_secret"]

SECRET_BYTES = 32
"""256 bits from the system's generator: nothing to guess, so that a plain digest protects them."""

_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class OpaqueForm:
    """How one kind of token is written. ``extra`` bytes stand beside the secret."""

    prefix: str
    extra: int = 0

    def write(self, id: str, body: bytes) -> str:
        """Return the token of a record."""
        return self.prefix + base64.urlsafe_b64encode(id_bytes(id) + body).decode().rstrip("=")

    def read(self, text: object) -> tuple[str, bytes] | None:
        """Return the id and the body of a token, or None when this is not exactly how one is written."""
        if not isinstance(text, str) or not self.recognises(text) or not text.isascii():
            return None
        encoded = text[len(self.prefix) :]
        try:
            value = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        id, body = text_of_id(value[:_ID_BYTES]), value[_ID_BYTES:]
        if len(body) != SECRET_BYTES + self.extra or self.write(id, body) != text:
            return None
        return id, body

    def recognises(self, text: str) -> bool:
        """Tell whether a text begins as these tokens do and is as long."""
        size = _ID_BYTES + SECRET_BYTES + self.extra
        return text.startswith(self.prefix) and len(text) == len(self.prefix) + -(-size * 8 // 6)


def new_secret() -> bytes:
    """Return the secret part of a new token."""
    return secrets.token_bytes(SECRET_BYTES)


def digest(secret: bytes) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret).digest()


def matches(secret: bytes, stored: bytes) -> bool:
    """Tell, in time that does not depend on it, whether this is the secret of a stored digest."""
    return hmac.compare_digest(digest(secret), stored)
