"""What must still be done, and when it is tried again."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Self

from userkit.kernel.entity import Entity
from userkit.kernel.ids import Id
from userkit.kernel.json import JSONObject

__all__ = ["LEASE", "MOST_ATTEMPTS", "OutboxEntry", "OutboxState"]

LEASE = timedelta(minutes=5)
"""How long somebody who took an entry has before others may take it, in case of a crash."""

MOST_ATTEMPTS = 20
_FIRST_PAUSE = timedelta(seconds=10)
_LONGEST_PAUSE = timedelta(hours=1)


class OutboxState(Enum):
    """Whether an entry is still to be done, or given up until somebody looks at it."""

    PENDING = "pending"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry(Entity):
    """Something to do, at least once. ``topic`` says what, ``payload`` with what; no secret is in it."""

    topic: str
    payload: JSONObject = field(default_factory=dict, hash=False)
    user_id: Id | None = None
    state: OutboxState = OutboxState.PENDING
    attempts: int = 0
    problem: str | None = None
    created_at: datetime
    due_at: datetime

    def is_due(self, now: datetime) -> bool:
        """Tell whether it may be taken. One put off for longer than any is was put off by a wrong clock."""
        return self.state is OutboxState.PENDING and not now < self.due_at <= now + _LONGEST_PAUSE

    def taken(self, now: datetime) -> Self:
        """Return the entry in the hands of somebody who has until the end of the lease to do it."""
        return self.evolve(attempts=self.attempts + 1, due_at=now + LEASE)

    def postponed(self, now: datetime, problem: str) -> Self:
        """Return the entry to be tried again later and later, or given up after the last attempt."""
        if self.attempts >= MOST_ATTEMPTS:
            return self.evolve(state=OutboxState.FAILED, problem=problem, due_at=now)
        pause = min(_FIRST_PAUSE * 2 ** max(0, self.attempts - 1), _LONGEST_PAUSE)
        return self.evolve(due_at=now + pause, problem=problem)

    def renewed(self, now: datetime) -> Self:
        """Return the entry as if it had never been tried."""
        return self.evolve(state=OutboxState.PENDING, attempts=0, due_at=now, problem=None)
