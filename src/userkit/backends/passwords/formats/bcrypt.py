"""Hashes of bcrypt, plain and over a SHA-256."""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from userkit.errors import MissingExtraError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["BcryptHash"]

# Each step doubles the time; 15 takes about two seconds.
_COSTS = range(4, 16)
# bcrypt itself never saw more, and those who made the hashes cut the rest off.
_LONGEST_SECRET = 72

_PLAIN = re.compile(r"(?:bcrypt\$)?\$(2[aby])\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})", re.ASCII)
_DJANGO = re.compile(r"bcrypt_sha256\$(\$2[aby]\$\d\d\$[./A-Za-z0-9]{53})", re.ASCII)
_PASSLIB = re.compile(
    r"\$bcrypt-sha256\$(?:(?P<first>2[ab]),|v=2,t=2b,r=)(?P<cost>[1-9]\d?)"
    r"\$(?P<salt>[./A-Za-z0-9]{22})\$(?P<digest>[./A-Za-z0-9]{31})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BcryptHash:
    """A hash of bcrypt, and what was done to the password before."""

    encoded: bytes = field(repr=False)
    prehash: Callable[[bytes], bytes] = field(repr=False)

    @classmethod
    def read(cls, encoded: str) -> Self | None:
        """Return the hash that this is, if it is one."""
        if found := _PASSLIB.fullmatch(encoded):
            first, cost, salt, digest = found.group("first", "cost", "salt", "digest")
            # passlib's second version of the format put a key into the inner hash.
            prehash = _sha256_base64 if first else _keyed(salt)
            return cls._of(first or "2b", int(cost), salt, digest, prehash)
        prehash, text = bytes, encoded
        if nested := _DJANGO.fullmatch(encoded):
            prehash, text = _sha256_hex, nested[1]
        if found := _PLAIN.fullmatch(text):
            return cls._of(found[1], int(found[2]), found[3], found[4], prehash)
        return None

    @classmethod
    def _of(
        cls, kind: str, cost: int, salt: str, digest: str, prehash: Callable[[bytes], bytes]
    ) -> Self | None:
        # The last character of a salt has four bits that must not be set.
        if cost not in _COSTS or salt[-1] not in ".Oeu":
            return None
        return cls(encoded=f"${kind}${cost:02}${salt}{digest}".encode("ascii"), prehash=prehash)

    def matches(self, secret: bytes) -> bool:
        """See StoredHash.matches."""
        checked = _bcrypt().checkpw(self.prehash(secret)[:_LONGEST_SECRET], self.encoded)
        return bool(checked)

    def prepare(self) -> None:
        """See StoredHash.prepare."""
        _bcrypt()


def _bcrypt() -> "ModuleType":
    try:
        import bcrypt
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "bcrypt is not installed, and this is a hash of it: pip install 'userkit-sdk[bcrypt]'"
        ) from error
    return bcrypt


def _sha256_hex(secret: bytes) -> bytes:
    return hashlib.sha256(secret).hexdigest().encode("ascii")


def _sha256_base64(secret: bytes) -> bytes:
    return b64encode(hashlib.sha256(secret).digest())


def _keyed(salt: str) -> Callable[[bytes], bytes]:
    key = salt.encode("ascii")
    return lambda secret: b64encode(hmac.digest(key, secret, "sha256"))
