"""Spending: what language models may cost within an hour is reserved before they are asked."""

from userkit.errors import (
    LanguageModelError,
    ModelAccessError,
    ModelNotReadyError,
    ModelQuotaError,
    ModelRequestError,
    ModelThrottledError,
    UnknownModelError,
)
from userkit.feature import Feature, Parts
from userkit.features.spending.collection import SPENDING
from userkit.features.spending.events import SpendingLimitReached
from userkit.features.spending.model import HourlySpending
from userkit.features.spending.offer import Spending, SyncSpending
from userkit.features.spending.prices import Prices, most_tokens
from userkit.features.spending.use_cases import Reservation, Spent, SpentOn

__all__ = [
    "SPENDING",
    "UNCHARGED",
    "HourlySpending",
    "Prices",
    "Reservation",
    "Spending",
    "SpendingLimitReached",
    "Spent",
    "SpentOn",
    "SyncSpending",
    "most_tokens",
    "spending",
]

UNCHARGED: tuple[type[LanguageModelError], ...] = (
    ModelAccessError,
    ModelNotReadyError,
    ModelQuotaError,
    ModelRequestError,
    ModelThrottledError,
    UnknownModelError,
)
"""What a provider refuses before it does any work: nothing was spent on it."""


def spending(
    *, per_hour: float = 5.0, input_price: float = 3.0, output_price: float = 15.0
) -> Feature[Spending, SyncSpending]:
    """Return the feature.

    - ``per_hour``: what may be spent within an hour of the clock, in any currency.
    - ``input_price``: what a million tokens cost that a model reads, in the same. By default prices are
      those of a dear model, so that less is spent than is counted.
    - ``output_price``: what a million tokens cost that a model writes.

    Each realm has a limit of its own. Raises ConfigurationError.
    """
    prices = Prices.of(per_hour=per_hour, input_price=input_price, output_price=output_price)

    def build(parts: Parts) -> Spending:
        return Spending.build(parts, prices)

    return Feature(name="spending", collections=(SPENDING,), build=build, mirror=SyncSpending)
