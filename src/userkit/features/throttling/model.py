"""What is kept of attempts."""

from dataclasses import dataclass
from datetime import datetime

from userkit.kernel.entity import Entity

__all__ = ["Attempts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts(Entity):
    """What was counted under one key of a limit; the rules are those of ``Tally``.

    The id is derived from the limit and the key, so that one read finds it and of two who add it
    only one can. ``limit_name`` is for those who look into the database.
    """

    limit_name: str
    since: datetime
    count: int
    delays: int
    until: datetime | None
    expires_at: datetime
