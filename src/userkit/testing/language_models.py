"""The suite that every adapter for language models passes, whoever the provider is.

A test is a coroutine and runs as in ``StoreConformance``: a blocking model is stepped, any other gets
an event loop. The adapter is tested against something that plays its provider, and says what a test
wants to hear.
"""

import asyncio
import traceback
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self, TypeVar

import pytest

from userkit.errors import LanguageModelError, ModelReplyError, UsageError
from userkit.ports.language_model import LanguageModel, Message, Piece, Role, StopReason
from userkit.sync import run
from userkit.testing.standard import Standard

__all__ = ["LanguageModelConformance", "ModelBench", "OpenModel", "Opinion"]

T = TypeVar("T")

OpenModel = Callable[[str | Mapping[str, Any] | None], LanguageModel]
"""Opens a model whose provider answers with a text, answers with an object, or with None refuses all."""

_TEXT = "It is a name, 本, from a novel. " * 8
_PROMPT = "Who is Zaphod-of-the-prompt?"
_SYSTEM = "You know names-of-the-system-prompt."
_SECRETS = ("Zaphod-of-the-prompt", "names-of-the-system-prompt", "Trillian-of-the-reply")


@dataclass(frozen=True, slots=True)
class Opinion:
    """The object that tests ask for. Like a pydantic model it has a schema, and checks what it is made of."""

    kind: str
    score: int

    @classmethod
    def model_json_schema(cls) -> dict[str, Any]:
        """See Schema."""
        return {
            "type": "object",
            "properties": {
                "kind": {"type": "string", "enum": ["good", "bad"]},
                "score": {"type": "integer"},
            },
            "required": ["kind", "score"],
        }

    @classmethod
    def model_validate(cls, obj: Any) -> Self:
        """See Schema."""
        kind, score = (obj.get("kind"), obj.get("score")) if isinstance(obj, Mapping) else (None, None)
        if kind not in {"good", "bad"} or not isinstance(score, int):
            raise ValueError("This is no opinion.")
        return cls(kind, score)


class ModelBench:
    """Open models, run what is done with them, and close them again."""

    def __init__(self, open_model: OpenModel) -> None:
        """Take what opens models, and see whether they block."""
        self._open = open_model
        self._opened: list[LanguageModel] = []
        self._runner = asyncio.Runner()
        self.blocking = self._runner.run(self._see())

    def open(self, answer: str | Mapping[str, Any] | None = _TEXT) -> LanguageModel:
        """Open a model whose provider says this."""
        model = self._open(answer)
        self._opened.append(model)
        return model

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end, on the loop unless the model is blocking."""
        return run(coroutine) if self.blocking else self._runner.run(coroutine)

    def close(self) -> None:
        """Close every model that was opened here, and the loop."""
        try:
            for model in self._opened:
                self.run(model.close())
        finally:
            self._runner.close()

    async def _see(self) -> bool:
        # A model that does not block may look for the loop that it is opened on.
        return self.open().blocking


class LanguageModelConformance(Standard):
    """Subclass this to test an adapter for language models.

        class TestMyModel(LanguageModelConformance):
            @pytest.fixture
            def open_model(self, my_provider) -> OpenModel:
                def open_model(answer):
                    my_provider.answer = answer
                    return MyModel(my_provider.url)

                return open_model

    ``embeds = False`` is for a model that does not say what texts mean.
    """

    embeds: ClassVar[bool] = True

    @pytest.fixture
    def open_model(self) -> OpenModel:
        """Return what opens models: define this fixture."""
        raise UsageError(f"{type(self).__qualname__} defines no fixture open_model.")

    @pytest.fixture
    def bench(self, open_model: OpenModel) -> Iterator[ModelBench]:
        """Open models, and clean up after the test."""
        bench = ModelBench(open_model)
        yield bench
        bench.close()

    async def test_a_text_is_answered(self, bench: ModelBench) -> None:
        """With what it cost, how long it took and which model it was; nothing of it is shown."""
        model = bench.open()
        said = [
            Message(text="Hello."),
            Message(role=Role.ASSISTANT, text="Who asks?"),
            Message(text=_PROMPT),
        ]
        answer = await model.complete(said, system=_SYSTEM, max_tokens=400, stop=["Over."])
        assert answer.text == _TEXT
        assert answer.value is None
        assert answer.stop_reason is StopReason.END
        assert answer.model
        assert model.name
        assert answer.latency >= 0
        assert answer.usage.input_tokens >= 0
        assert answer.usage.output_tokens >= 0
        assert "novel" not in repr(answer)

    async def test_an_object_is_one_of_the_schema(self, bench: ModelBench) -> None:
        """It is checked, and it is all of the answer."""
        model = bench.open({"kind": "good", "score": 3})
        answer = await model.complete([Message(text=_PROMPT)], schema=Opinion)
        assert answer.value == Opinion("good", 3)
        assert answer.text == ""

    @pytest.mark.parametrize(
        "said",
        [
            {"kind": "Trillian-of-the-reply", "score": 3},
            {"kind": "good"},
            {},
            "Trillian-of-the-reply",
        ],
        ids=["value", "missing", "empty", "text"],
    )
    async def test_what_does_not_fit_the_schema_is_refused(
        self, bench: ModelBench, said: str | Mapping[str, Any]
    ) -> None:
        """Nothing of it stands in the error."""
        model = bench.open(said)
        with pytest.raises(ModelReplyError) as caught:
            await model.complete([Message(text=_PROMPT)], system=_SYSTEM, schema=Opinion)
        _assert_silent(caught.value)

    async def test_a_stream_ends_with_the_whole_answer(self, bench: ModelBench) -> None:
        """The pieces together are its text, and only the last has a completion."""
        model = bench.open()
        pieces = [piece async for piece in model.stream([Message(text=_PROMPT)], system=_SYSTEM)]
        last = pieces.pop().completion
        assert last is not None
        assert last.text == _TEXT
        assert "".join(piece.text for piece in pieces) == _TEXT
        assert all(piece.text and piece.completion is None for piece in pieces)

    async def test_a_stream_may_be_left(self, bench: ModelBench) -> None:
        """Before its first piece, after it, and again; the model serves on."""
        model = bench.open()
        for taken in (0, 1, 1, 1):
            stream = model.stream([Message(text=_PROMPT)])
            heard = [await anext(stream) for _ in range(taken)]
            await stream.aclose()
            await stream.aclose()
            assert all(isinstance(piece, Piece) for piece in heard)
            assert [piece async for piece in stream] == []
        assert (await model.complete([Message(text=_PROMPT)])).text == _TEXT

    async def test_texts_have_vectors_in_their_order(self, bench: ModelBench) -> None:
        """One for each, all as long; equal texts mean the same."""
        if not self.embeds:
            return
        model = bench.open()
        embeddings = await model.embed(["one", "two", "one"])
        one, two, again = embeddings.vectors
        assert one == again
        assert len(one) == len(two) > 0
        assert embeddings.model
        assert (await model.embed([])).vectors == ()

    async def test_an_error_is_one_of_ours_and_repeats_nothing(self, bench: ModelBench) -> None:
        """Whichever way the model is asked, and however often."""
        model = bench.open(None)
        for _ in range(2):
            with pytest.raises(LanguageModelError) as caught:
                await model.complete([Message(text=_PROMPT)], system=_SYSTEM)
            _assert_silent(caught.value)
            with pytest.raises(LanguageModelError) as caught:
                await anext(model.stream([Message(text=_PROMPT)], system=_SYSTEM))
            _assert_silent(caught.value)

    async def test_a_closed_model_connects_again(self, bench: ModelBench) -> None:
        """Closing it twice does no harm."""
        model = bench.open()
        await model.close()
        for _ in range(2):
            assert (await model.complete([Message(text=_PROMPT)])).text == _TEXT
            await model.close()
            await model.close()


def _assert_silent(error: LanguageModelError) -> None:
    """Refuse an error that a log would show with something of what was said."""
    shown = "".join(traceback.format_exception(error)) + repr(error) + str(error.args)
    assert not [secret for secret in _SECRETS if secret in shown]
