"""A password hasher for tests: it takes no time, and protects nothing."""

from userkit.ports.passwords import Verification

__all__ = ["InstantHasher"]


class InstantHasher:
    """Keep passwords as they are. ``runs`` counts what would have been expensive.

    A hash that begins with ``old:`` is one that should be made anew.
    """

    blocking = True
    in_process = True  # so that it serves both kits

    def __init__(self) -> None:
        """Begin with nothing hashed."""
        self.runs = 0

    async def hash(self, password: str) -> str:
        """See PasswordHasher.hash."""
        self.runs += 1
        return f"plain:{password}"

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """See PasswordHasher.verify."""
        self.runs += 1
        kind, _, known = (encoded or "").partition(":")
        return Verification(matches=bool(kind) and known == password, outdated=kind == "old")

    def recognises(self, encoded: str) -> bool:
        """See PasswordHasher.recognises."""
        return encoded.partition(":")[0] in ("plain", "old")

    async def close(self) -> None:
        """See PasswordHasher.close."""
