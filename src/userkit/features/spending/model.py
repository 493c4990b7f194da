"""What was spent within one hour, and on what."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from userkit.kernel.entity import Entity
from userkit.kernel.ids import derived_id
from userkit.kernel.json import JSONObject

__all__ = ["HourlySpending", "hour_of"]

_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlySpending(Entity):
    """What was spent within one hour, in whole millionths of the currency.

    The id is derived from the hour, so that one read finds it and of two who add it only one can.
    ``counted`` is what counts against the limit: what is spent, and what is reserved for calls that have
    not ended. ``purposes`` has the same for each purpose, with the calls and their tokens.
    ``is_exhausted`` says that a call was refused, and that this was told.
    """

    hour: datetime
    counted: int = 0
    is_exhausted: bool = False
    purposes: JSONObject = field(default_factory=dict, hash=False)
    expires_at: datetime

    @staticmethod
    def id_for(realm: str, hour: datetime) -> str:
        """Return the id of what a realm spends within an hour."""
        return derived_id("spending", realm, hour.isoformat())

    @classmethod
    def begun(cls, realm: str, hour: datetime) -> Self:
        """Return an hour in which nothing was spent, one revision before the first that is stored."""
        return cls(id=cls.id_for(realm, hour), version=0, hour=hour, expires_at=hour + _KEPT)

    def reserved(self, purpose: str, amount: int) -> Self:
        """Return the hour with an amount set aside for one more call."""
        return self._with(purpose, counted=amount, calls=1, reserved=amount)

    def settled(
        self, purpose: str, *, reserved: int, spent: int, input_tokens: int, output_tokens: int
    ) -> Self:
        """Return the hour with what a call cost in the place of what was set aside for it."""
        return self._with(
            purpose,
            counted=spent - reserved,
            reserved=-reserved,
            spent=spent,
            input_tokens=input_tokens,
            output_tokens=output_tokens,
        )

    def _with(self, purpose: str, *, counted: int, **more: int) -> Self:
        sums: dict[str, Any] = dict(self.purposes.get(purpose, {}))
        for name, number in more.items():
            sums[name] = sums.get(name, 0) + number
        return self.evolve(counted=self.counted + counted, purposes={**self.purposes, purpose: sums})


def hour_of(moment: datetime) -> datetime:
    """Return when the hour of a moment began."""
    return moment.replace(minute=0, second=0, microsecond=0)
