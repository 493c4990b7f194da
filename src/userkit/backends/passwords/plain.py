"""What the pools run: hashing in the calling thread."""

from typing import Protocol

from userkit.ports.passwords import Verification

__all__ = ["PlainHasher"]


class PlainHasher(Protocol):
    """Hashes and compares, one password at a time, with no limit to how many threads do so."""

    def hash(self, password: str) -> str:
        """Return the encoded hash of a password, with a fresh salt."""
        ...

    def verify(self, password: str, encoded: str | None) -> Verification:
        """Compare a password with a hash, or with none, which takes as long."""
        ...

    def recognises(self, encoded: str) -> bool:
        """Tell, without hashing, whether this is a hash that ``verify`` can compare with."""
        ...
