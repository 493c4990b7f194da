"""A kit with a scripted model, and a user to whom something happens."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.features.parts import SECRET
from userkit import SyncUserKit, User
from userkit.features.activity_summary import (
    ActivitySummarised,
    ActivitySummary,
    Part,
    Sentence,
    Summary,
    SyncActivitySummary,
    activity_summary,
)
from userkit.features.audit import AuditEntry
from userkit.features.roles import roles
from userkit.features.spending import Spent, spending
from userkit.kernel.events import Event
from userkit.kernel.origin import coming_from
from userkit.storage.journal import Journal
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher, ScriptedModel
from userkit.testing.language_model import Script

__all__ = ["ROLES", "SENTENCES", "World", "opened"]

ROLES: Mapping[str, Sequence[str]] = {
    "admin": ["*"],
    "support": ["audit:read", "users:read"],
    "author": ["posts:write"],
}

SENTENCES = "The owner registered from address A [1].\nLater it was closed by somebody else [2, 1].\n"


@dataclass
class World:
    """A kit that is open; ``period`` is the day before now and the hour after."""

    kit: SyncUserKit
    model: ScriptedModel
    clock: FrozenClock

    @property
    def summaries(self) -> SyncActivitySummary:
        """Return the feature."""
        return self.kit[activity_summary()]

    @property
    def journal(self) -> Journal:
        """Return what the feature writes with."""
        offered: ActivitySummary = self.kit.wiring().offered["activity_summary"]
        return offered.stream.journal

    @property
    def spent(self) -> Spent:
        """Return what was spent."""
        return self.kit[spending()].current()

    @property
    def said(self) -> str:
        """Return everything that the model was told."""
        return "\n".join(asked.text for asked in self.model.asked)

    @property
    def period(self) -> dict[str, datetime]:
        """Return the arguments that mean a day."""
        return {"since": self.clock() - timedelta(days=1), "until": self.clock() + timedelta(hours=1)}

    def ada(self, name: str = "Ada Lovelace", *, address: str = "192.0.2.7", agent: str = "Firefox") -> User:
        """Register Ada, and have somebody else close her account a minute later."""
        with coming_from(address=address, user_agent=agent):
            ada = self.kit.users.register(email="ada@example.com", name=name)
        self.clock.advance(minutes=1)
        with coming_from(actor_id="grace", address="192.0.2.8", user_agent=agent):
            self.kit.users.disable(ada.id)
        return ada

    def tell(self, *events: Event) -> None:
        """Commit events on their own."""
        for event in events:
            run(self.journal.commit(tell=[event]))

    def summarise(self, user_id: str, **period: datetime) -> Summary:
        """Have a summary written of the usual period."""
        return self.summaries.summarise(user_id, **{**self.period, **period})

    def parts(self, user_id: str) -> tuple[list[Part], Exception | None]:
        """Return what comes bit by bit, and what ends it."""
        parts: list[Part] = []
        try:
            parts.extend(self.summaries.stream(user_id, **self.period))
        except Exception as error:  # noqa: BLE001  # the test looks at it
            return parts, error
        return parts, None

    def sentences(self, user_id: str) -> list[str]:
        """Return the sentences that are passed on."""
        return [part.text for part in self.parts(user_id)[0] if isinstance(part, Sentence)]

    def trail(self, user_id: str) -> list[AuditEntry]:
        """Return the entries of a user, oldest first, without those about summaries."""
        entries = self.kit.audit.list(user_id=user_id, newest_first=False, limit=1000).items
        return [entry for entry in entries if entry.event != "activity_summarised"]


@contextmanager
def opened(
    *script: Script,
    store: str | Store = "memory://",
    pieces: int = 8,
    money: Mapping[str, Any] | None = None,
    told: Callable[[ActivitySummarised], None] | None = None,
    **how: Any,
) -> Iterator[World]:
    """Open a kit whose model has a script; ``how`` are settings of the feature."""
    clock, model = FrozenClock(), ScriptedModel(script or (SENTENCES,), pieces=pieces)
    kit = SyncUserKit(
        store,
        secret=SECRET,
        clock=clock,
        hasher=InstantHasher(),
        relay=False,
        language_model=model,
        features=[activity_summary(**how), spending(**money or {}), roles(ROLES)],
    )
    if told is not None:
        kit.listen(ActivitySummarised, told)
    with kit:
        yield World(kit, model, clock)
