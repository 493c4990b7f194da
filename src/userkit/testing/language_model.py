"""A language model that says what a test has written down."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar, overload

from userkit.errors import ModelReplyError, UserKitError
from userkit.ports.language_model import Completion, Embeddings, Message, Piece, Schema, StopReason, Usage

__all__ = ["Asked", "Script", "ScriptedModel"]

M = TypeVar("M", bound=Schema)

_DIMENSIONS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a model was asked. Unlike a real one it keeps everything, for tests to look at."""

    messages: tuple[Message, ...]
    system: str
    max_tokens: int
    temperature: float
    stop: tuple[str, ...]
    schema: type[Schema] | None
    time_limit: float | None

    @property
    def text(self) -> str:
        """Return everything that was said to the model, to look for what must not be in it."""
        return "\n".join([self.system, *(message.text for message in self.messages)])


Script = str | Mapping[str, Any] | UserKitError | Callable[[Asked], Any]
"""An answer: a text, an object for a schema, an error to raise, or what makes one of what is asked."""


@dataclass(slots=True)
class ScriptedModel:
    """Give the answers of a script, one after the other; the last is given again and again.

    - ``script``: the answers. With a text where a schema is asked for, an answer does not fit.
    - ``asked``: what it was asked.
    - ``pieces``: how many characters the pieces of a stream have. ``closed``: how many streams were
      left before their end.

    It serves both kits. Tokens are counted as one for four characters.
    """

    script: Sequence[Script] = ("Yes.",)
    pieces: int = 8
    name: str = "scripted"
    asked: list[Asked] = field(default_factory=list)
    closed: int = 0
    blocking: bool = True
    in_process: bool = True

    @overload
    async def complete(
        self,
        messages: Sequence[Message],
        *,
        system: str = "",
        max_tokens: int = 1024,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        schema: None = None,
        time_limit: float | None = None,
    ) -> Completion[None]: ...

    @overload
    async def complete(
        self,
        messages: Sequence[Message],
        *,
        system: str = "",
        max_tokens: int = 1024,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        schema: type[M],
        time_limit: float | None = None,
    ) -> Completion[M]: ...

    async def complete(
        self,
        messages: Sequence[Message],
        *,
        system: str = "",
        max_tokens: int = 1024,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        schema: type[Any] | None = None,
        time_limit: float | None = None,
    ) -> Completion[Any]:
        """See LanguageModel.complete."""
        asked = Asked(
            messages=tuple(messages),
            system=system,
            max_tokens=max_tokens,
            temperature=temperature,
            stop=tuple(stop),
            schema=schema,
            time_limit=time_limit,
        )
        answer = self._answer(asked)
        if schema is not None:
            return self._completion(asked, "", value=_fitted(answer, schema), said=str(answer))
        return self._completion(asked, str(answer), value=None, said=str(answer))

    async def stream(
        self,
        messages: Sequence[Message],
        *,
        system: str = "",
        max_tokens: int = 1024,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        time_limit: float | None = None,
    ) -> AsyncGenerator[Piece, None]:
        """See LanguageModel.stream."""
        whole = await self.complete(
            messages,
            system=system,
            max_tokens=max_tokens,
            temperature=temperature,
            stop=stop,
            time_limit=time_limit,
        )
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

    def _answer(self, asked: Asked) -> Any:
        script = self.script[min(len(self.asked), len(self.script) - 1)]
        self.asked.append(asked)
        answer = script(asked) if callable(script) else script
        if isinstance(answer, UserKitError):
            raise answer
        return answer

    def _completion(self, asked: Asked, text: str, *, value: Any, said: str) -> Completion[Any]:
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
