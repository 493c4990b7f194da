"""Asking a model within the limits of time and money."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta

from userkit.errors import RateLimitedError
from userkit.features.activity_summary.prompt import SYSTEM
from userkit.features.spending import UNCHARGED, Reservation, Spending, most_tokens
from userkit.features.spending.model import hour_of
from userkit.kernel.clock import Clock
from userkit.ports.language_model import LanguageModel, Message, Piece, Usage

__all__ = ["PURPOSE", "AskModel"]

PURPOSE = "activity_summary"
"""What summaries are called where costs are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskModel:
    """Have a model write, and pay for what it has written however that ends."""

    model: LanguageModel
    spending: Spending
    now: Clock
    max_tokens: int
    time_limit: float

    async def __call__(
        self, text: str, *, before: Callable[[], Awaitable[None]]
    ) -> AsyncGenerator[Piece, None]:
        """Yield what a model writes about a text. ``before`` is called once it may be asked.

        Raises RateLimitedError when it would cost more than this hour has left, and LanguageModelError.
        """
        heard = _Heard(reservation=await self._reserved(text))
        try:
            await before()
            heard.began = True
            async with aclosing(self._pieces(text)) as pieces:
                async for piece in pieces:
                    heard.hear(piece)
                    yield piece
        except UNCHARGED:
            heard.began = False
            raise
        finally:
            await self.spending.settle(heard.reservation, heard.usage)

    def _pieces(self, text: str) -> AsyncGenerator[Piece, None]:
        return self.model.stream(
            [Message(text=text)], system=SYSTEM, max_tokens=self.max_tokens, time_limit=self.time_limit
        )

    async def _reserved(self, text: str) -> Reservation:
        reservation = await self.spending.reserve(PURPOSE, most_tokens(SYSTEM, text), self.max_tokens)
        if reservation is None:
            now = self.now()
            raise RateLimitedError(
                "What summaries may cost within an hour is used up; try again in the next.",
                retry_after=(hour_of(now) + timedelta(hours=1) - now).total_seconds(),
            )
        return reservation


@dataclass(slots=True, kw_only=True)
class _Heard:
    """What a call has cost so far, as far as one knows."""

    reservation: Reservation
    began: bool = False
    written: int = 0
    told: Usage | None = field(default=None)

    def hear(self, piece: Piece) -> None:
        """Take one more piece."""
        self.written += len(piece.text.encode(errors="surrogatepass"))
        if piece.completion is not None:
            self.told = piece.completion.usage

    @property
    def usage(self) -> Usage:
        """Return what the model has told; where it was left before its end, the most that it can be."""
        if self.told is not None:
            return self.told
        if not self.began:
            return Usage()
        return Usage(input_tokens=self.reservation.tokens_in, output_tokens=self.written)
