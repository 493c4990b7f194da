"""Hashes of Flask-Security, which hashes an HMAC of the password instead of the password."""

import hmac
import unicodedata
from base64 import b64encode
from dataclasses import dataclass, field
from typing import ClassVar

from userkit.backends.passwords.formats.stored import StoredHash
from userkit.errors import ConfigurationError

__all__ = ["FlaskSecurityHash"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlaskSecurityHash:
    """A hash of any kind over an HMAC. Nothing in it tells, so the importer marks it with a prefix."""

    PREFIX: ClassVar[str] = "flask-security$"

    inner: StoredHash = field(repr=False)
    salt: str | None = field(repr=False)

    def matches(self, secret: bytes) -> bool:
        """See StoredHash.matches."""
        # It normalises to NFKD unless told otherwise, so that a full-width letter was hashed as a plain one.
        forms = dict.fromkeys((secret, _compatible(secret)))
        return any(self.inner.matches(b64encode(hmac.digest(self._key(), form, "sha512"))) for form in forms)

    def prepare(self) -> None:
        """See StoredHash.prepare."""
        self._key()
        self.inner.prepare()

    def _key(self) -> bytes:
        if not self.salt:
            raise ConfigurationError(
                "Hashes of Flask-Security need its SECURITY_PASSWORD_SALT: "
                "set USERKIT_ARGON2_FLASK_SECURITY_SALT."
            )
        return self.salt.encode("utf-8")


def _compatible(secret: bytes) -> bytes:
    text = secret.decode("utf-8", "surrogatepass")
    return unicodedata.normalize("NFKD", text).encode("utf-8", "surrogatepass")
