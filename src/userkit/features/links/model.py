"""One-time links: what is kept of one, and when it opens what it is for."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from userkit.kernel.entity import Entity
from userkit.kernel.ids import Id, derived_id
from userkit.kernel.opaque import matches

__all__ = ["LONGEST_WAIT", "Link", "link_id"]

LONGEST_WAIT = timedelta(days=7)
"""How long after it was asked for a link may still be made, and so how long a spent one is remembered."""


def link_id(purpose: str, user_id: str) -> str:
    """Return the id of the one link that a user can have for a purpose."""
    return derived_id("link", purpose, user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Entity):
    """The newest link of a user for one purpose.

    ``email`` is the canonical address that the user had, ``epoch`` the session epoch where the link
    is to die when sessions are ended; ``new_email`` is an address as it was typed. ``asked_at`` is
    when somebody wanted it, ``created_at`` when it was made. A spent link stays until it expires, so
    that a letter that is delivered again does not bring it back.
    """

    purpose: str
    user_id: Id
    email: str
    new_email: str | None = None
    epoch: int | None = None
    digest: bytes = field(repr=False)
    asked_at: datetime
    created_at: datetime
    expires_at: datetime
    spent_at: datetime | None = None

    def opens(self, purpose: str, secret: bytes, now: datetime) -> bool:
        """Tell whether this secret opens the link for a purpose at a time."""
        alive = self.spent_at is None and now < self.expires_at
        return matches(secret, self.digest) and alive and purpose == self.purpose

    def spent(self, now: datetime) -> Self:
        """Return the link as it is remembered after it was used."""
        return self.evolve(spent_at=now, expires_at=now + LONGEST_WAIT)

    def after(self, held: Self) -> Self:
        """Return this link as the revision after the one whose place it takes."""
        return replace(self, version=held.version + 1)

    def is_outdone_by(self, held: Self) -> bool:
        """Tell whether this link may not take the place of one: it was asked for before, or is spent.

        One that seems to be asked for in the future, since a clock was wrong, stands in nobody's way.
        """
        is_older = self.asked_at < held.asked_at <= self.created_at
        return is_older or (self.digest == held.digest and held.spent_at is not None)
