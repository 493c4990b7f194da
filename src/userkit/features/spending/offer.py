"""The use cases as features and applications see them: ``kit[spending()]``."""

from dataclasses import dataclass
from typing import Self

from userkit.feature import Parts
from userkit.features.spending.ledger import Ledger
from userkit.features.spending.prices import Prices
from userkit.features.spending.use_cases import CurrentSpending, Reserve, Settle
from userkit.sync import synced

__all__ = ["Spending", "SyncSpending"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What language models may cost in one realm. ``reserve`` and ``settle`` are for features."""

    reserve: Reserve
    settle: Settle
    current: CurrentSpending

    @classmethod
    def build(cls, parts: Parts, prices: Prices) -> Self:
        """Wire the use cases from the parts of a kit."""
        ledger = Ledger(store=parts.store, realm=parts.realm, now=parts.now, turns=parts.turns)
        return cls(
            reserve=Reserve(ledger=ledger, journal=parts.journal, now=parts.now, prices=prices),
            settle=Settle(ledger=ledger, prices=prices),
            current=CurrentSpending(ledger=ledger, now=parts.now, prices=prices),
        )


class SyncSpending:
    """The same without ``await``."""

    def __init__(self, spending: Spending) -> None:
        """Mirror the use cases."""
        self.reserve = synced(spending.reserve)
        self.settle = synced(spending.settle)
        self.current = synced(spending.current)
