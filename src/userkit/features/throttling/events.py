"""What happens to those who try too often."""

from dataclasses import dataclass
from datetime import datetime

from userkit.kernel.events import Event

__all__ = ["AttemptsThrottled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsThrottled(Event):
    """Too many attempts were made, and a delay has begun; it is told once for each delay.

    ``limit`` is the name of the limit, and ``until`` the end of the delay. ``user_id`` is whose
    account it concerns, None where the limit is not of an account or nobody has it. ``address`` is
    where the last attempt came from.
    """

    limit: str
    until: datetime
    user_id: str | None = None
    address: str | None = None
