"""The password of a user, as far as it is kept."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from userkit.kernel.entity import Entity

__all__ = ["PasswordCredential"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordCredential(Entity):
    """What a password is compared with. Its id is the user's, so that it is found by one read."""

    hash: str = field(repr=False)
    changed_at: datetime

    def changed(self, hash: str, now: datetime) -> Self:
        """Return the credential of another password."""
        return self.evolve(hash=hash, changed_at=now)

    def rehashed(self, hash: str) -> Self:
        """Return the credential of the same password, hashed with today's parameters."""
        return self.evolve(hash=hash)
