"""What tokens cost, in whole millionths of the currency."""

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Self

from userkit.errors import ConfigurationError

__all__ = ["MILLIONTHS", "Prices", "most_tokens"]

MILLIONTHS = 1_000_000
_LARGEST = 1e9

# What a provider puts around messages, such as the description of a schema.
_AROUND = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a million tokens cost, and ``limit``, what an hour may cost in millionths.

    The price of a million tokens is that of one token in millionths.
    """

    limit: int
    input: Decimal
    output: Decimal

    @classmethod
    def of(cls, *, per_hour: float, input_price: float, output_price: float) -> Self:
        """Take amounts as people write them. Raises ConfigurationError."""
        if not 0 < per_hour <= _LARGEST:
            raise ConfigurationError(f"spending(per_hour=…) is more than 0, and at most {_LARGEST:.0f}.")
        if not all(0 <= price <= _LARGEST for price in (input_price, output_price)):
            raise ConfigurationError(f"spending(…): the price of a million tokens is 0 to {_LARGEST:.0f}.")
        return cls(
            limit=max(1, math.floor(_exact(per_hour) * MILLIONTHS)),
            input=_exact(input_price),
            output=_exact(output_price),
        )

    def cost(self, *, input_tokens: int, output_tokens: int) -> int:
        """Return what tokens cost in millionths, rounded up."""
        return int((self.input * input_tokens + self.output * output_tokens).to_integral_value(ROUND_CEILING))


def most_tokens(*texts: str) -> int:
    """Return how many tokens a call with these texts has at most, as far as one can know before it.

    A token is at least one byte of UTF-8; usually it is four, so that much of this is given back.
    """
    return _AROUND + sum(len(text.encode(errors="surrogatepass")) for text in texts)


def _exact(amount: float) -> Decimal:
    # As it is written: 0.1 is a tenth.
    return Decimal(str(amount))
