"""What can be done about costs: set aside, give back, look."""

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from userkit.errors import StoreError, UsageError
from userkit.features.spending.events import SpendingLimitReached
from userkit.features.spending.ledger import Ledger
from userkit.features.spending.model import HourlySpending, hour_of
from userkit.features.spending.prices import MILLIONTHS, Prices
from userkit.kernel.clock import Clock
from userkit.ports.language_model import Usage
from userkit.storage.journal import Journal

__all__ = ["CurrentSpending", "Reservation", "Reserve", "Settle", "Spent", "SpentOn"]

_log = logging.getLogger("userkit.spending")

_PURPOSE = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(slots=True, kw_only=True)
class Reservation:
    """What was set aside for one call, in millionths. ``is_settled`` once it was given back."""

    purpose: str
    hour: datetime
    amount: int
    tokens_in: int
    tokens_out: int
    is_settled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpentOn:
    """What one purpose has cost so far within an hour, and what is set aside for its open calls."""

    calls: int
    input_tokens: int
    output_tokens: int
    spent: float
    reserved: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What was spent since ``hour`` began, in the currency of the prices.

    ``left`` is what may still be reserved; ``purposes`` are by name.
    """

    hour: datetime
    limit: float
    left: float
    purposes: Mapping[str, SpentOn]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Set aside what a call may cost at most."""

    ledger: Ledger
    journal: Journal
    now: Clock
    prices: Prices

    async def __call__(self, purpose: str, tokens_in: int, tokens_out: int) -> Reservation | None:
        """Set aside what a call may cost, before it is made; None says that it must not be made.

        ``purpose`` says what it is for, in lower case with underscores. ``tokens_in`` and ``tokens_out``
        are the most that it may take: see ``most_tokens``. None is returned when the hour's limit would
        be exceeded, and when others were faster too often. The first refusal of an hour is told as
        SpendingLimitReached. What is never settled stays counted until its hour is over. Raises
        UsageError.
        """
        _check(purpose, tokens_in, tokens_out)
        hour = hour_of(self.now())
        amount = self.prices.cost(input_tokens=tokens_in, output_tokens=tokens_out)

        def set_aside(before: HourlySpending) -> HourlySpending | None:
            return before.reserved(purpose, amount) if self._allows(before, amount) else None

        if not await self.ledger.change(hour, set_aside):
            _log.info("A language model is not asked", extra={"purpose": purpose})
            await self._tell_once(hour, purpose, amount)
            return None
        return Reservation(
            purpose=purpose, hour=hour, amount=amount, tokens_in=tokens_in, tokens_out=tokens_out
        )

    def _allows(self, hour: HourlySpending, amount: int) -> bool:
        return hour.counted + amount <= self.prices.limit

    async def _tell_once(self, hour: datetime, purpose: str, amount: int) -> None:
        def exhausted(before: HourlySpending) -> HourlySpending | None:
            if before.is_exhausted or self._allows(before, amount):
                return None
            return before.evolve(is_exhausted=True)

        if await self.ledger.change(hour, exhausted):
            limit = self.prices.limit / MILLIONTHS
            event = SpendingLimitReached(at=self.now(), hour=hour, limit=limit, purpose=purpose)
            await self.journal.commit(tell=[event])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """Write down what a call has cost, and give the rest back."""

    ledger: Ledger
    prices: Prices

    async def __call__(self, reservation: Reservation, usage: Usage) -> None:
        """Put what a call has cost in the place of what was set aside for it; once is enough.

        It is counted in the hour of the reservation, and also when it is more than was set aside. A
        call that cost nothing is settled with ``Usage()``. Where the store fails or others are faster too
        often, what was set aside stays counted, which the log tells: a call that was made is no failure.
        """
        if reservation.is_settled:
            return
        reservation.is_settled = True
        spent = self.prices.cost(input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)

        def settled(before: HourlySpending) -> HourlySpending | None:
            if before.version == 0:
                return None  # it was so long ago that it is gone
            return before.settled(
                reservation.purpose,
                reserved=reservation.amount,
                spent=spent,
                input_tokens=usage.input_tokens,
                output_tokens=usage.output_tokens,
            )

        try:
            await self.ledger.change(reservation.hour, settled)
        except StoreError as error:
            facts = {"purpose": reservation.purpose, "code": error.code}
            _log.warning("What was set aside for a language model stays counted", extra=facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentSpending:
    """Tell what was spent within this hour."""

    ledger: Ledger
    now: Clock
    prices: Prices

    async def __call__(self) -> Spent:
        """Return what was spent since this hour began, in UTC, and on what."""
        stored = await self.ledger.read(hour_of(self.now()))
        return Spent(
            hour=stored.hour,
            limit=self.prices.limit / MILLIONTHS,
            left=max(0, self.prices.limit - stored.counted) / MILLIONTHS,
            purposes={purpose: _spent_on(sums) for purpose, sums in stored.purposes.items()},
        )


def _check(purpose: str, tokens_in: int, tokens_out: int) -> None:
    if not _PURPOSE.fullmatch(purpose):
        raise UsageError("A purpose is named in lower-case letters, digits and _, at most 40 characters.")
    if min(tokens_in, tokens_out) < 0:
        raise UsageError("There are no fewer than 0 tokens.")


def _spent_on(sums: Mapping[str, int]) -> SpentOn:
    return SpentOn(
        calls=sums.get("calls", 0),
        input_tokens=sums.get("input_tokens", 0),
        output_tokens=sums.get("output_tokens", 0),
        spent=sums.get("spent", 0) / MILLIONTHS,
        reserved=sums.get("reserved", 0) / MILLIONTHS,
    )
