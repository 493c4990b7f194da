"""Hashes of argon2, of every variant and version."""

import re
from dataclasses import dataclass, field
from typing import Self

from argon2.exceptions import VerificationError
from argon2.low_level import Type, verify_secret

from userkit.backends.passwords.formats.base64 import from_base64

__all__ = ["HIGHEST_MEMORY", "HIGHEST_TIME", "HIGHEST_WORK", "MOST_LANES", "Argon2Hash"]

HIGHEST_MEMORY = 2**18
"""In KiB: 256 MiB."""

HIGHEST_TIME = 16
MOST_LANES = 16

HIGHEST_WORK = 2**20
"""Memory times passes, in KiB: what the time of a hash is proportional to."""

_ENCODED = re.compile(
    r"\$argon2(?P<variant>id|i|d)(?:\$v=1[69])?"
    r"\$m=(?P<memory>[1-9]\d{0,5}),t=(?P<time>[1-9]\d?),p=(?P<lanes>[1-9]\d?)"
    r"\$(?P<salt>[A-Za-z0-9+/]+)\$(?P<digest>[A-Za-z0-9+/]+)",
    re.ASCII,
)
_TYPES = {"id": Type.ID, "i": Type.I, "d": Type.D}


@dataclass(frozen=True, slots=True, kw_only=True)
class Argon2Hash:
    """A hash of argon2, as its reference implementation writes it; also behind Django's ``argon2``."""

    encoded: bytes = field(repr=False)
    type: Type

    @classmethod
    def read(cls, encoded: str) -> Self | None:
        """Return the hash that this is, if it is one."""
        # Django puts its own name for the algorithm in front.
        text = encoded.removeprefix("argon2") if encoded.startswith("argon2$") else encoded
        found = _ENCODED.fullmatch(text)
        if found is None or not _affordable(*map(int, found.group("memory", "time", "lanes"))):
            return None
        salt, digest = map(from_base64, found.group("salt", "digest"))
        if salt is None or digest is None or not (8 <= len(salt) <= 64 and 16 <= len(digest) <= 64):
            return None
        return cls(encoded=text.encode("ascii"), type=_TYPES[found["variant"]])

    def matches(self, secret: bytes) -> bool:
        """See StoredHash.matches."""
        try:
            return verify_secret(self.encoded, secret, self.type)
        except VerificationError:
            return False

    def prepare(self) -> None:
        """See StoredHash.prepare."""


def _affordable(memory: int, time: int, lanes: int) -> bool:
    if not 8 * lanes <= memory <= HIGHEST_MEMORY:  # RFC 9106, section 3.1
        return False
    return time <= HIGHEST_TIME and lanes <= MOST_LANES and memory * time <= HIGHEST_WORK
