"""What every kind of stored hash can do."""

from typing import Protocol

__all__ = ["StoredHash"]


class StoredHash(Protocol):
    """A hash that was understood, and may be compared with at a bounded cost."""

    def matches(self, secret: bytes) -> bool:
        """Hash a secret in the same way, and tell whether the result is the same.

        Raises what ``prepare`` raises.
        """
        ...

    def prepare(self) -> None:
        """Make sure that ``matches`` can work.

        Raises ConfigurationError when a package or a setting is missing.
        """
        ...
