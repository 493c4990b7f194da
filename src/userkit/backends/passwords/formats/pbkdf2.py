"""Hashes of PBKDF2, as Django, Werkzeug, passlib and Kratos write them."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Self

from userkit.backends.passwords.formats.base64 import from_base64

__all__ = ["Pbkdf2Hash"]

# Iterations times blocks: about two seconds. Django 5.2 makes 1,000,000.
_HIGHEST_WORK = 5_000_000
_SLOW = frozenset({"sha384", "sha512", "sha3_224", "sha3_384"})

_SIZES = {
    "sha1": 20,
    "sha224": 28,
    "sha256": 32,
    "sha384": 48,
    "sha512": 64,
    "sha3_224": 28,
    "sha3_384": 48,
}
# What Kratos calls by the names of others.
_MEANT_BY_KRATOS = {"sha224": "sha3_224", "sha384": "sha3_384"}

_DJANGO = re.compile(
    r"pbkdf2_(?P<name>sha256|sha1)\$(?P<rounds>[1-9]\d{0,6})\$(?P<salt>[^$]+)\$(?P<digest>[A-Za-z0-9+/=]+)",
    re.ASCII,
)
_WERKZEUG = re.compile(
    r"pbkdf2:(?P<name>sha1|sha224|sha256|sha384|sha512):(?P<rounds>[1-9]\d{0,6})"
    r"\$(?P<salt>[^$]+)\$(?P<digest>(?:[0-9a-f]{2})+)",
    re.ASCII,
)
_PASSLIB = re.compile(
    r"\$pbkdf2(?:-(?P<name>sha256|sha512))?\$(?P<rounds>[1-9]\d{0,6})"
    r"\$(?P<salt>[A-Za-z0-9./]*)\$(?P<digest>[A-Za-z0-9./]+)",
    re.ASCII,
)
_KRATOS = re.compile(
    r"\$pbkdf2-(?P<name>sha1|sha224|sha256|sha384|sha512)\$i=(?P<rounds>[1-9]\d{0,6}),l=(?P<length>[1-9]\d?)"
    r"\$(?P<salt>[A-Za-z0-9+/]+)\$(?P<digest>[A-Za-z0-9+/]+)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pbkdf2Hash:
    """A hash of PBKDF2, and its parameters."""

    name: str
    rounds: int
    salt: bytes = field(repr=False)
    digest: bytes = field(repr=False)

    @classmethod
    def read(cls, encoded: str) -> Self | None:
        """Return the hash that this is, if it is one."""
        if found := _DJANGO.fullmatch(encoded):
            return cls._of(found["name"], found, found["salt"].encode(), from_base64(found["digest"]))
        if found := _WERKZEUG.fullmatch(encoded):
            return cls._of(found["name"], found, found["salt"].encode(), bytes.fromhex(found["digest"]))
        if found := _PASSLIB.fullmatch(encoded):
            salt, digest = (from_base64(each, plus=".") for each in found.group("salt", "digest"))
            return cls._of(found["name"] or "sha1", found, salt, digest)
        if found := _KRATOS.fullmatch(encoded):
            name = _MEANT_BY_KRATOS.get(found["name"], found["name"])
            salt, digest = map(from_base64, found.group("salt", "digest"))
            return cls._of(name, found, salt, digest, length=int(found["length"]))
        return None

    @classmethod
    def _of(
        cls,
        name: str,
        found: re.Match[str],
        salt: bytes | None,
        digest: bytes | None,
        *,
        length: int | None = None,
    ) -> Self | None:
        # A shorter digest would be the beginning of the true one, and match too much.
        length = _SIZES[name] if length is None else length
        if salt is None or digest is None or len(digest) != length or not 16 <= length <= 64:
            return None
        rounds, blocks = int(found["rounds"]), -(-length // _SIZES[name])
        if rounds * blocks * (2 if name in _SLOW else 1) > _HIGHEST_WORK:
            return None
        return cls(name=name, rounds=rounds, salt=salt, digest=digest)

    def matches(self, secret: bytes) -> bool:
        """See StoredHash.matches."""
        derived = hashlib.pbkdf2_hmac(self.name, secret, self.salt, self.rounds, len(self.digest))
        return hmac.compare_digest(derived, self.digest)

    def prepare(self) -> None:
        """See StoredHash.prepare."""
