"""The suite for language models, over the scripted one and over Bedrock, and over one that fails it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.servers.bedrock import Asked, BedrockLoopback, Wire, answers, refuses, says, uses
from userkit.errors import ModelReplyError, ModelUnavailableError, UsageError
from userkit.plugins.backends import open_language_model
from userkit.ports.language_model import Message
from userkit.sync import run
from userkit.testing import ScriptedModel
from userkit.testing.language_models import LanguageModelConformance, OpenModel, Opinion


class TestScriptedModel(LanguageModelConformance):
    """The fake is a language model as any other."""

    @pytest.fixture
    def open_model(self) -> OpenModel:
        """Scripts of one answer."""
        return lambda answer: ScriptedModel([ModelUnavailableError() if answer is None else answer])


class _Bedrock(LanguageModelConformance):
    """Bedrock, as the loopback server plays it."""

    blocking: bool

    @pytest.fixture
    def open_model(self, bedrock_loopback: BedrockLoopback) -> OpenModel:
        """Models of a server that answers what it is told to."""

        def open_model(answer: str | Mapping[str, Any] | None) -> Any:
            bedrock_loopback.script = [_act(answer)]
            url = bedrock_loopback.url(attempts=1, embedding_model="amazon.titan-embed-text-v2:0")
            return open_language_model(url, blocking=self.blocking)

        return open_model


class TestBedrock(_Bedrock):
    """Without an event loop."""

    blocking = True


class TestThreadedBedrock(_Bedrock):
    """With one."""

    blocking = False


def _act(answer: str | Mapping[str, Any] | None) -> Any:
    def act(wire: Wire, asked: Asked) -> None:
        if answer is None:
            refuses(400, "ValidationException", f"No: {asked.text}")(wire, asked)
        elif asked.operation == "invoke":
            text = asked.body["inputText"]
            vector = [float(len(text)), float(ord(text[0]))]
            answers({"embedding": vector, "inputTextTokenCount": 1})(wire, asked)
        elif isinstance(answer, str):
            says(answer)(wire, asked)
        else:
            uses(answer)(wire, asked)

    return act


def test_a_suite_without_a_model_says_what_is_missing() -> None:
    """The name of the fixture is in the sentence."""
    with pytest.raises(UsageError, match="open_model"):
        LanguageModelConformance.open_model.__wrapped__(LanguageModelConformance())  # type: ignore[attr-defined]


def test_a_model_that_says_nothing_of_meanings_passes_the_rest() -> None:
    """``embeds = False`` leaves that test out."""

    class Mute(TestScriptedModel):
        embeds = False

    class Bench:
        def run(self, coroutine: Any) -> None:
            run(coroutine)

    Mute().test_texts_have_vectors_in_their_order(bench=Bench())


def test_an_opinion_is_checked() -> None:
    """What is none raises the error that pydantic's models raise."""
    for obj in (None, [], {"kind": "good", "score": "3"}, {"kind": "none", "score": 3}):
        with pytest.raises(ValueError, match="no opinion"):
            Opinion.model_validate(obj)
    with pytest.raises(ModelReplyError):
        run(ScriptedModel([{"kind": "none"}]).complete([Message(text="Who?")], schema=Opinion))
