"""Asking on both sides: with an event loop and without."""

import asyncio
import functools
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest

from userkit.errors import LanguageModelError
from userkit.plugins.backends import open_language_model
from userkit.ports.language_model import Completion, LanguageModel, Message, Piece
from userkit.sync import run

__all__ = [
    "ANSWER",
    "PROMPT",
    "SIDES",
    "Ask",
    "Side",
    "ask",
    "embed",
    "in_a_loop",
    "listen",
    "refused",
]

T = TypeVar("T")

PROMPT = "Is Zaphod-of-the-prompt a throw-away name?"
_SYSTEM = "Judge names. This is the-system-prompt."
ANSWER = "No, Trillian-of-the-reply says so."
_SECRETS = ("Zaphod-of-the-prompt", "the-system-prompt", "Trillian-of-the-reply")

Ask = Callable[[LanguageModel], Awaitable[Any]]
"""Ask a model something, to the end of the answer."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two kits: ``blocking`` is the one without an event loop."""

    blocking: bool

    def run(self, url: str, scenario: Callable[[LanguageModel], Awaitable[T]]) -> T:
        """Open the model of a URL, do something with it, and close it twice."""

        async def whole() -> T:
            model = open_language_model(url, blocking=self.blocking)
            try:
                return await scenario(model)
            finally:
                await model.close()
                await model.close()

        return run(whole()) if self.blocking else asyncio.run(whole(), debug=True)


SIDES = [pytest.param(Side(True), id="blocking"), pytest.param(Side(False), id="asynchronous")]


def in_a_loop(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test in an event loop of its own."""

    @functools.wraps(test)
    def plain(**fixtures: Any) -> None:
        asyncio.run(test(**fixtures), debug=True)

    return plain


async def ask(model: LanguageModel, **options: Any) -> Completion[Any]:
    """Ask the question that no error may repeat."""
    return await model.complete([Message(text=PROMPT)], system=_SYSTEM, **options)


async def listen(model: LanguageModel, heard: list[Piece] | None = None, **options: Any) -> list[Piece]:
    """Ask it for an answer in pieces, to the end; what was heard before an error is in ``heard``."""
    heard = [] if heard is None else heard
    async for piece in model.stream([Message(text=PROMPT)], system=_SYSTEM, **options):
        heard.append(piece)
    return heard


async def embed(model: LanguageModel, **options: Any) -> Any:
    """Ask what the question means."""
    return await model.embed([PROMPT], **options)


async def refused(asking: Awaitable[Any], kind: type[LanguageModelError]) -> LanguageModelError:
    """Return the error of exactly this kind, which repeats nothing that was said."""
    with pytest.raises(LanguageModelError) as caught:
        await asking
    assert type(caught.value) is kind, _silent(caught.value)
    _silent(caught.value)
    return caught.value


def _silent(error: BaseException) -> str:
    """Return an error as a log would show it, with all that caused it, after a look for what was said."""
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
    seen: BaseException | None = error
    while seen is not None:
        shown += repr(seen) + str(seen.args) + str(vars(seen))
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    assert not [secret for secret in _SECRETS if secret in shown], shown
    return shown
