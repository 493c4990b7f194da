"""Encoded hashes of many kinds, read before they are believed.

Every kind has a ceiling on what it may cost, which is checked before any hashing: a stored hash
may have been planted. The dearest takes about two seconds of a processor, and 256 MiB.

- argon2id, argon2i, argon2d: ``$argon2id$v=19$m=…``, also Django's ``argon2$argon2id$…``
- bcrypt: ``$2a$``, ``$2b$``, ``$2y$``, Django's ``bcrypt$…`` and ``bcrypt_sha256$…``, passlib's
  ``$bcrypt-sha256$…``; needs the extra ``bcrypt``
- scrypt: Werkzeug's ``scrypt:…``, Django's ``scrypt$…``, passlib's and Kratos' ``$scrypt$…``
- Firebase's scrypt: ``$firescrypt$ln=…,r=…,p=…$salt$hash$separator$signer key``, each in base64;
  needs the extra ``crypto``
- PBKDF2: Django's ``pbkdf2_sha256$…``, Werkzeug's ``pbkdf2:sha256:…``, passlib's and Kratos'
  ``$pbkdf2-sha256$…``
- Flask-Security's: ``flask-security$`` and then one of the above; needs its salt as a setting

Broken or fast kinds (``$2x$``, MD5, SHA-1, SHA-2 crypt, plain text) are not read.
"""

from userkit.backends.passwords.formats.argon2 import Argon2Hash
from userkit.backends.passwords.formats.bcrypt import BcryptHash
from userkit.backends.passwords.formats.firebase import FirebaseHash
from userkit.backends.passwords.formats.flask_security import FlaskSecurityHash
from userkit.backends.passwords.formats.pbkdf2 import Pbkdf2Hash
from userkit.backends.passwords.formats.scrypt import ScryptHash
from userkit.backends.passwords.formats.stored import StoredHash

__all__ = ["LONGEST_HASH", "StoredHash", "read"]

LONGEST_HASH = 1024
"""In characters. The longest that is made in earnest has about 300."""

_KINDS = (Argon2Hash, BcryptHash, ScryptHash, FirebaseHash, Pbkdf2Hash)


def read(encoded: object, *, flask_security_salt: str | None = None) -> StoredHash | None:
    """Return how to compare with a hash, or None when it is malformed, too costly or of another kind."""
    if not isinstance(encoded, str) or len(encoded) > LONGEST_HASH:
        return None
    if not (encoded.isascii() and encoded.isprintable()):
        return None
    inner = encoded.removeprefix(FlaskSecurityHash.PREFIX)
    known: StoredHash | None = next((found for kind in _KINDS if (found := kind.read(inner))), None)
    if known is None or inner is encoded:
        return known
    return FlaskSecurityHash(inner=known, salt=flask_security_salt)
