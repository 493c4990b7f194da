"""API keys: what is kept of one, and what its owner is shown once."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from userkit.kernel.entity import Entity
from userkit.kernel.ids import Id
from userkit.kernel.opaque import OpaqueForm

__all__ = ["KEY_FORM", "ApiKey", "NewApiKey"]

KEY_FORM = OpaqueForm("uk_")
# Time, counter and the first random bits of the id, so that two keys seldom begin alike.
_SHOWN = len(KEY_FORM.prefix) + 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey(Entity):
    """A key with which a program acts for its owner.

    It may do what both its ``scopes`` and the roles of the owner allow at the time of use, and keeps
    the ``epoch`` of the owner in which it was made. Only the digest of its secret is kept.
    ``last_used_at`` is exact to a minute, None when it was never used.
    """

    user_id: Id
    epoch: int
    name: str
    digest: bytes = field(repr=False)
    scopes: frozenset[str] = frozenset()
    created_at: datetime
    last_used_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def prefix(self) -> str:
        """Return how the text of the key begins, to recognise it by; no secret is in it."""
        return KEY_FORM.write(self.id, b"")[:_SHOWN]

    def is_expired(self, now: datetime) -> bool:
        """Tell whether its time is up."""
        return self.expires_at is not None and now >= self.expires_at

    def used(self, now: datetime) -> Self:
        """Return the key after it was used."""
        return self.evolve(last_used_at=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key that was just made. ``secret`` is its text, which cannot be shown again."""

    id: str
    user_id: str
    name: str
    prefix: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime | None
    secret: str = field(repr=False)

    @classmethod
    def of(cls, key: ApiKey, secret: bytes) -> Self:
        """Return what the owner is shown of a key."""
        return cls(
            id=key.id,
            user_id=key.user_id,
            name=key.name,
            prefix=key.prefix,
            scopes=key.scopes,
            created_at=key.created_at,
            expires_at=key.expires_at,
            secret=KEY_FORM.write(key.id, secret),
        )
