"""The port for password hashing, and how a backend publishes one."""

from dataclasses import dataclass
from typing import Protocol

from userkit.kernel.plugin import Plugin

__all__ = ["HASHER_API", "HasherFactory", "PasswordHasher", "PasswordHasherPlugin", "Verification"]

HASHER_API = 1
"""The version of the plugin API for password hashers that this userkit speaks."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of a password: whether it matches, and whether its hash should be made anew."""

    matches: bool
    outdated: bool = False


class PasswordHasher(Protocol):
    """Turns passwords into hashes, and tells whether a password is the one that was hashed.

    It bounds how many run at once and how many wait; beyond that it raises OverloadedError.
    """

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        ...

    async def hash(self, password: str) -> str:
        """Return the encoded hash of a password, with a fresh salt. Raises OverloadedError."""
        ...

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """Compare a password with an encoded hash.

        None stands for a hash that nobody has: it takes the time of a real one and never matches.
        A hash that is malformed, hostile or of an unknown kind does not match either, after
        the same work. Raises OverloadedError.
        """
        ...

    def recognises(self, encoded: str) -> bool:
        """Tell, without hashing, whether this is a hash that ``verify`` can compare with.

        Raises ConfigurationError when only a package or a setting is missing.
        """
        ...

    async def close(self) -> None:
        """Let go of threads. Closing again does no harm."""
        ...


class HasherFactory(Protocol):
    """Makes a password hasher."""

    def __call__(self, *, blocking: bool) -> PasswordHasher:
        """Return a hasher that never waits for an event loop if ``blocking``, else never blocks one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordHasherPlugin(Plugin[HasherFactory]):
    """A password hasher, published in the entry-point group ``userkit.password_hashers``."""
