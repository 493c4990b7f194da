"""A language model that says what a test has written down."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar

from userkit.errors import ModelReplyError, UserKitError
from userkit.ports.language_model import (
    Completion,
    Conversational,
    Embeddings,
    Piece,
    Question,
    Schema,
    StopReason,
    Usage,
)

__all__ = ["Script", "ScriptedModel"]

M = TypeVar("M", bound=Schema)

_DIMENSIONS = 8

Script = str | Mapping[str, Any] | UserKitError | Callable[[Question], Any]
"""An answer: a text, an object for a schema, an error to raise, or what makes one of what is asked."""


@dataclass(slots=True)
class ScriptedModel(Conversational):
    """Give the answers of a script, one after the other; the last is given again and again.

    - ``script``: the answers. With a text where a schema is asked for, an answer does not fit.
    - ``asked``: what it was asked. Unlike a real one it keeps everything, for tests to look at.
    - ``pieces``: how many characters the pieces of a stream have. ``closed``: how many streams were
      left before their end.

    It serves both kits. Tokens are counted as one for four characters.
    """

    script: Sequence[Script] = ("Yes.",)
    pieces: int = 8
    name: str = "scripted"
    asked: list[Question] = field(default_factory=list)
    closed: int = 0
    blocking: bool = True
    in_process: bool = True

    async def answer(self, question: Question) -> Completion[Any]:
        """See Conversational.answer."""
        said = self._next(question)
        if question.schema is not None:
            return self._completion(question, "", value=_fitted(said, question.schema), said=str(said))
        return self._completion(question, str(said), value=None, said=str(said))

    async def answer_in_pieces(self, question: Question) -> AsyncGenerator[Piece, None]:
        """See Conversational.answer_in_pieces."""
        whole = await self.answer(question)
        ended = False
        try:
            for start in range(0, len(whole.text), self.pieces):
                yield Piece(text=whole.text[start : start + self.pieces])
            yield Piece(completion=whole)
            ended = True
        finally:
            self.closed += not ended

    async def embed(self, texts: Sequence[str], *, time_limit: float | None = None) -> Embeddings:
        """See LanguageModel.embed. Equal texts have equal vectors, and that is all they mean."""
        vectors = tuple(
            tuple(byte / 255 for byte in sha256(text.encode()).digest()[:_DIMENSIONS]) for text in texts
        )
        usage = Usage(input_tokens=sum(map(_tokens, texts)))
        return Embeddings(vectors=vectors, usage=usage, model=self.name)

    async def close(self) -> None:
        """See LanguageModel.close; there is nothing to close."""

    def _next(self, asked: Question) -> Any:
        script = self.script[min(len(self.asked), len(self.script) - 1)]
        self.asked.append(asked)
        answer = script(asked) if callable(script) else script
        if isinstance(answer, UserKitError):
            raise answer
        return answer

    def _completion(self, asked: Question, text: str, *, value: Any, said: str) -> Completion[Any]:
        return Completion(
            text=text,
            value=value,
            stop_reason=StopReason.END,
            usage=Usage(input_tokens=_tokens(asked.text), output_tokens=_tokens(said)),
            model=self.name,
        )


def _fitted(answer: Any, schema: type[M]) -> M:
    try:
        return schema.model_validate(answer)
    except ValueError:
        raise ModelReplyError from None


def _tokens(text: str) -> int:
    return -(-len(text) // 4)
