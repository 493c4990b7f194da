"""The port for language models, and how a backend publishes one."""

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, Protocol, Self, TypeVar, overload

from userkit.kernel.plugin import Plugin

__all__ = [
    "LANGUAGE_MODEL_API",
    "Completion",
    "Conversational",
    "Embeddings",
    "LanguageModel",
    "LanguageModelFactory",
    "LanguageModelPlugin",
    "Message",
    "Piece",
    "Question",
    "Role",
    "Schema",
    "StopReason",
    "Usage",
]

LANGUAGE_MODEL_API = 1
"""The version of the plugin API for language models that this userkit speaks."""

M = TypeVar("M", bound="Schema")
V_co = TypeVar("V_co", covariant=True)


class Schema(Protocol):
    """What the object is like that a model answers with: any pydantic model is one."""

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        """Return the JSON schema."""
        ...

    @classmethod
    def model_validate(cls, obj: Any) -> Self:
        """Return the object. Raises ValueError."""
        ...


class Role(Enum):
    """Who says a message."""

    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one side says. It may hold what is known of a person, so it is not shown."""

    role: Role = Role.USER
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a model is asked, in one value. It may hold what is known of a person, so it is not shown."""

    messages: tuple[Message, ...] = field(repr=False)
    system: str = field(default="", repr=False)
    max_tokens: int = 1024
    temperature: float = 0.0
    stop: tuple[str, ...] = field(default=(), repr=False)
    schema: type[Any] | None = None
    time_limit: float | None = None

    @property
    def text(self) -> str:
        """Return everything that is said to the model."""
        return "\n".join([self.system, *(message.text for message in self.messages)])


class StopReason(Enum):
    """Why a model stopped: it was done, it came to ``max_tokens``, or to one of the texts in ``stop``."""

    END = "end"
    LENGTH = "length"
    STOP_TEXT = "stop_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How many tokens a call cost."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion(Generic[V_co]):
    """What a model answered.

    - ``text``: what it said; empty where a schema was asked for.
    - ``value``: what it said as an object of that schema, checked; else None.
    - ``latency``: how long it took, in seconds.
    - ``model``: which model it was, as its provider calls it.
    """

    text: str = field(default="", repr=False)
    value: V_co = field(repr=False)
    stop_reason: StopReason = StopReason.END
    usage: Usage = Usage()
    latency: float = 0.0
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of an answer that comes in parts. The last has the ``completion``, with the whole text."""

    text: str = field(default="", repr=False)
    completion: Completion[None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings:
    """What texts mean, as one vector for each, in their order."""

    vectors: tuple[tuple[float, ...], ...] = field(repr=False)
    usage: Usage = Usage()
    model: str = ""


class LanguageModel(Protocol):
    """Continues a conversation, and says what texts mean.

    Every call ends within the time limits of the model, and within ``time_limit`` seconds where one is
    given; an adapter says how closely. Nothing of what was said or answered stands in an error. They raise
    LanguageModelError, in one of its kinds: what the provider refuses, what fails on the way, and what was
    answered but cannot be used are different errors.
    """

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        ...

    @property
    def name(self) -> str:
        """Return which model it is, as its provider calls it."""
        ...

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
        """Return how the model answers the messages.

        ``system`` says what it is for. With a ``schema``, such as a pydantic model, the answer is an object
        of it. Raises ModelReplyError when the answer does not fit, or was cut short by ``max_tokens``.
        """
        ...

    def stream(
        self,
        messages: Sequence[Message],
        *,
        system: str = "",
        max_tokens: int = 1024,
        temperature: float = 0.0,
        stop: Sequence[str] = (),
        time_limit: float | None = None,
    ) -> AsyncGenerator[Piece, None]:
        """Return the answer in pieces, as they come. Closing it ends the call.

        Over a blocking model no step ever waits: see ``userkit.sync.iterate``.
        """
        ...

    async def embed(self, texts: Sequence[str], *, time_limit: float | None = None) -> Embeddings:
        """Return what texts mean."""
        ...

    async def close(self) -> None:
        """Let go of connections. Closing again does no harm, and a later call connects again."""
        ...


class Conversational(ABC):
    """The two verbs of a LanguageModel that take a conversation, for adapters that want it in one value."""

    __slots__ = ()

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
        question = Question(
            messages=tuple(messages),
            system=system,
            max_tokens=max_tokens,
            temperature=temperature,
            stop=tuple(stop),
            schema=schema,
            time_limit=time_limit,
        )
        return await self.answer(question)

    def stream(
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
        question = Question(
            messages=tuple(messages),
            system=system,
            max_tokens=max_tokens,
            temperature=temperature,
            stop=tuple(stop),
            time_limit=time_limit,
        )
        return self.answer_in_pieces(question)

    @abstractmethod
    async def answer(self, question: Question) -> Completion[Any]:
        """Return how the model answers, as ``complete`` does."""

    @abstractmethod
    def answer_in_pieces(self, question: Question) -> AsyncGenerator[Piece, None]:
        """Return the answer in pieces, as ``stream`` does."""


class LanguageModelFactory(Protocol):
    """Makes a language model for a URL."""

    def __call__(self, url: str, *, blocking: bool) -> LanguageModel:
        """Return a model that has not connected yet.

        With ``blocking`` it never waits for an event loop, else it never blocks one. Raises
        InvalidURLError, and never repeats the URL.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelPlugin(Plugin[LanguageModelFactory]):
    """A language model, published in the group ``userkit.language_models`` under its URL scheme."""
