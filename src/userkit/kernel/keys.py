"""Keys for each purpose, derived from the application's secret."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from userkit.errors import WeakSecretError
from userkit.kernel.secret import Secret

__all__ = ["Keyring", "SecretInput", "hkdf"]

SecretInput = str | bytes | Secret | Sequence[str | bytes | Secret]
"""One secret, or several: the first signs, all verify."""

_LEAST_BYTES = 32
_LEAST_DISTINCT = 8
# What tutorials and generators say, and what ends up in production.
_GIVEAWAYS = (
    b"changeme",
    b"change-me",
    b"change_me",
    b"secret-key",
    b"secret_key",
    b"secretkey",
    b"your-secret",
    b"your_secret",
    b"yoursecret",
    b"django-insecure",
    b"password",
    b"example",
    b"placeholder",
    # What documentation shows, whole: of jwt.io, FastAPI and Flask.
    b"a-string-secret-at-least-256-bits-long",
    b"09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    b"192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
)
_ADVICE = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'


def hkdf(secret: bytes, *, purpose: str, length: int = 32) -> bytes:
    """Derive a key of at most 255 x 32 bytes for one purpose (HKDF-SHA-256, RFC 5869, no salt)."""
    pseudorandom = hmac.digest(bytes(32), secret, "sha256")
    block, key, count = b"", b"", 0
    while len(key) < length:
        count += 1
        block = hmac.digest(pseudorandom, block + purpose.encode() + bytes([count]), "sha256")
        key += block
    return key[:length]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The application's secrets, newest first. Never used as they are: keys are derived."""

    secrets: tuple[Secret, ...]

    @classmethod
    def of(cls, secret: SecretInput) -> "Keyring":
        """Take the ``secret=`` of an application.

        Raises WeakSecretError when one is shorter than 32 bytes, repeats a few characters, or
        looks like an example.
        """
        try:
            given = [secret] if isinstance(secret, (str, bytes, Secret)) else list(secret)
            secrets = tuple(Secret(each) for each in given)
        except TypeError:
            raise WeakSecretError(f"A secret is text or bytes; {_ADVICE}") from None
        if not secrets:
            raise WeakSecretError(f"At least one secret is needed; {_ADVICE}")
        for each in secrets:
            _refuse_weak(each.reveal())
        return cls(secrets)

    def derive(self, purpose: str) -> tuple[bytes, ...]:
        """Return one key of 32 bytes per secret: the first signs, all verify."""
        return tuple(hkdf(each.reveal(), purpose=f"userkit {purpose}") for each in self.secrets)

    def fingerprint(self) -> str:
        """Return a short name for the newest secret that tells nothing about it."""
        return hashlib.sha256(self.derive("fingerprint")[0]).hexdigest()[:8]


def _refuse_weak(value: bytes) -> None:
    if len(value) < _LEAST_BYTES:
        raise WeakSecretError(
            f"The secret has {len(value)} bytes; at least {_LEAST_BYTES} are needed: {_ADVICE}"
        )
    if len(set(value)) < _LEAST_DISTINCT:
        raise WeakSecretError(f"The secret repeats a few characters; {_ADVICE}")
    if any(word in value.lower() for word in _GIVEAWAYS):
        raise WeakSecretError(f"The secret looks like an example; {_ADVICE}")
