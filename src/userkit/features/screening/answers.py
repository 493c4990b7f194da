"""Answers of language models, remembered by what was asked."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from userkit.errors import StoreError
from userkit.features.screening.model import Judgement, ModelAnswer
from userkit.kernel.clock import Clock
from userkit.storage.changes import Add, Change, Save
from userkit.storage.port import Store

__all__ = ["Answers"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What models have said, for a while. Failures are no answers."""

    store: Store
    now: Clock
    remember: timedelta

    async def known(self, id: str) -> Judgement | None:
        """Return an answer that is still good, or None."""
        stored = await self.store.get(ModelAnswer, id)
        return None if stored is None or self.now() >= stored.expires_at else stored.judgement

    async def keep(self, id: str, judgement: Judgement) -> None:
        """Remember an answer. It is no harm when that fails, or when somebody else was faster."""
        said: dict[str, Any] = {
            "verdict": judgement.verdict,
            "reasons": judgement.words,
            "expires_at": self.now() + self.remember,
        }
        with suppress(StoreError):
            stored = await self.store.get(ModelAnswer, id)
            if stored is None:
                change: Change = Add(ModelAnswer(id=id, **said))
            else:
                change = Save(stored, stored.evolve(**said))
            await self.store.commit(change)
