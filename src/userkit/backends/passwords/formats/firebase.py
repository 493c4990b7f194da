"""Hashes of Firebase, which encrypts a key with what scrypt derives."""

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from userkit.backends.passwords.formats.base64 import from_base64
from userkit.backends.passwords.formats.scrypt import affordable, scrypt
from userkit.errors import MissingExtraError

__all__ = ["FirebaseHash"]

_KEY_BYTES = 32
_SIGNER_BYTES = 64

_ENCODED = re.compile(
    r"\$firescrypt\$ln=(?P<ln>[1-9]\d?),r=(?P<r>[1-9]\d?),p=(?P<p>[1-9]\d?)"
    r"\$(?P<salt>[A-Za-z0-9+/=]+)\$(?P<digest>[A-Za-z0-9+/=]+)"
    r"\$(?P<separator>[A-Za-z0-9+/=]*)\$(?P<signer>[A-Za-z0-9+/=]+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirebaseHash:
    """A hash of Firebase, in the form in which Kratos writes it: with the parameters of its project."""

    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    signer: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def read(cls, encoded: str) -> Self | None:
        """Return the hash that this is, if it is one."""
        found = _ENCODED.fullmatch(encoded)
        if found is None:
            return None
        n, r, p = 1 << int(found["ln"]), int(found["r"]), int(found["p"])
        salt, separator, signer, digest = map(
            from_base64, found.group("salt", "separator", "signer", "digest")
        )
        if not salt or separator is None or not signer or not digest or not affordable(n, r, p):
            return None
        if not len(signer) == len(digest) == _SIGNER_BYTES:
            return None
        return cls(n=n, r=r, p=p, salt=salt + separator, signer=signer, digest=digest)

    def matches(self, secret: bytes) -> bool:
        """See StoredHash.matches."""
        encrypt = _aes_ctr()
        key = scrypt(secret, self.salt, n=self.n, r=self.r, p=self.p, length=_KEY_BYTES)
        return hmac.compare_digest(encrypt(key, self.signer), self.digest)

    def prepare(self) -> None:
        """See StoredHash.prepare."""
        _aes_ctr()


def _aes_ctr() -> Callable[[bytes, bytes], bytes]:
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.ciphers.modes import CTR
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "cryptography is not installed, and Firebase's hashes need it: pip install 'userkit-sdk[crypto]'"
        ) from error

    def encrypt(key: bytes, text: bytes) -> bytes:
        encryptor = Cipher(AES(key), CTR(bytes(16))).encryptor()
        return encryptor.update(text) + encryptor.finalize()

    return encrypt
