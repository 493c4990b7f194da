"""Hashes of scrypt, as Werkzeug, Django, passlib and Kratos write them."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Self

from userkit.backends.passwords.formats.base64 import from_base64

__all__ = ["ScryptHash", "affordable", "scrypt"]

_HIGHEST_MEMORY = 2**27  # bytes
_HIGHEST_WORK = 2**22  # N x r x p
_LARGEST_BLOCK = 64
_MOST_LANES = 16
# OpenSSL counts a few more blocks than N.
_ALLOWANCE = 2**20
# Kratos writes N where passlib writes its logarithm, and 2**31 would be too much for anybody.
_LARGEST_LOGARITHM = 31

_WERKZEUG = re.compile(
    r"scrypt:(?P<n>[1-9]\d{0,7}):(?P<r>[1-9]\d?):(?P<p>[1-9]\d?)\$(?P<salt>[^$]+)\$(?P<digest>[0-9a-f]{128})",
    re.ASCII,
)
_DJANGO = re.compile(
    r"scrypt\$(?P<n>[1-9]\d{0,7})\$(?P<salt>[^$]+)\$(?P<r>[1-9]\d?)\$(?P<p>[1-9]\d?)\$(?P<digest>[A-Za-z0-9+/=]+)",
    re.ASCII,
)
_CRYPT = re.compile(
    r"\$scrypt\$ln=(?P<n>[1-9]\d{0,7}),r=(?P<r>[1-9]\d?),p=(?P<p>[1-9]\d?)"
    r"\$(?P<salt>[A-Za-z0-9+/=]*)\$(?P<digest>[A-Za-z0-9+/=]+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScryptHash:
    """A hash of scrypt, and its parameters."""

    n: int
    r: int
    p: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def read(cls, encoded: str) -> Self | None:
        """Return the hash that this is, if it is one."""
        if found := _WERKZEUG.fullmatch(encoded):
            return cls._of(found, salt=found["salt"].encode(), digest=bytes.fromhex(found["digest"]))
        if found := _DJANGO.fullmatch(encoded):
            return cls._of(found, salt=found["salt"].encode(), digest=from_base64(found["digest"]))
        if found := _CRYPT.fullmatch(encoded):
            salt, digest = map(from_base64, found.group("salt", "digest"))
            return cls._of(found, salt=salt, digest=digest, logarithm=True)
        return None

    @classmethod
    def _of(
        cls, found: re.Match[str], *, salt: bytes | None, digest: bytes | None, logarithm: bool = False
    ) -> Self | None:
        n, r, p = map(int, found.group("n", "r", "p"))
        if logarithm and n <= _LARGEST_LOGARITHM:
            n = 1 << n
        # A shorter digest would be the beginning of the true one, and match too much.
        lengths = (32, 64) if logarithm else (64,)
        if salt is None or digest is None or len(digest) not in lengths or not affordable(n, r, p):
            return None
        return cls(n=n, r=r, p=p, salt=salt, digest=digest)

    def matches(self, secret: bytes) -> bool:
        """See StoredHash.matches."""
        derived = scrypt(secret, self.salt, n=self.n, r=self.r, p=self.p, length=len(self.digest))
        return hmac.compare_digest(derived, self.digest)

    def prepare(self) -> None:
        """See StoredHash.prepare."""


def scrypt(secret: bytes, salt: bytes, *, n: int, r: int, p: int, length: int) -> bytes:
    """Derive a key, within bounds that ``affordable`` has checked."""
    return hashlib.scrypt(secret, salt=salt, n=n, r=r, p=p, dklen=length, maxmem=_HIGHEST_MEMORY + _ALLOWANCE)


def affordable(n: int, r: int, p: int) -> bool:
    """Tell whether parameters are valid (RFC 7914, section 2) and below the ceilings."""
    if n < 2 or n & (n - 1) or not (1 <= r <= _LARGEST_BLOCK and 1 <= p <= _MOST_LANES):
        return False
    return n.bit_length() - 1 < 16 * r and 128 * n * r <= _HIGHEST_MEMORY and n * r * p <= _HIGHEST_WORK
