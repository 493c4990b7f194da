"""Bedrock as MiniStack plays it: frames, guardrails and calls of tools, thought by a scripted brain."""

from typing import Any, Literal

import pytest
from pydantic import BaseModel

from tests.models.sides import PROMPT, Side, ask, listen, refused
from tests.servers.brain import Brain, MinistackBedrockServer
from userkit.errors import ModelReplyError, ModelRequestError, UnknownModelError
from userkit.ports.language_model import LanguageModel, StopReason, Usage

pytestmark = pytest.mark.server

_PROFILE = "us.anthropic.claude-sonnet-4-20250514-v1:0"
_ARN = f"arn:aws:bedrock:eu-central-1:000000000000:inference-profile/{_PROFILE}"


class Verdict(BaseModel):
    """What is asked for."""

    verdict: Literal["allow", "review", "refuse"]
    score: int


def test_a_model_answers(ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side) -> None:
    """The brain hears what the model is for and what was asked, and says what it cost."""
    brain.script = ["It is a name from a novel."]
    brain.tokens = (123, 45)
    answer = side.run(ministack_bedrock.url(), lambda model: ask(model, max_tokens=77, stop=["Over."]))
    assert answer.text == "It is a name from a novel."
    assert answer.usage == Usage(input_tokens=123, output_tokens=45)
    assert answer.stop_reason is StopReason.END
    (wish,) = brain.asked
    assert wish.body["messages"][-1] == {"role": "user", "content": PROMPT}
    assert "Judge names." in wish.system
    assert (wish.body["max_tokens"], wish.body["stop"], wish.body["temperature"]) == (77, ["Over."], 0)


def test_a_model_answers_with_an_object(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side
) -> None:
    """The brain is told to use the tool, and with which schema."""
    brain.script = [{"verdict": "review", "score": 40}]
    answer = side.run(ministack_bedrock.url(), lambda model: ask(model, schema=Verdict))
    assert answer.value == Verdict(verdict="review", score=40)
    (wish,) = brain.asked
    function = wish.body["tools"][0]["function"]
    assert wish.body["tool_choice"] == {"type": "function", "function": {"name": function["name"]}}
    assert function["parameters"]["required"] == ["verdict", "score"]


@pytest.mark.parametrize(
    "thought", ["allow", {"verdict": "allow everybody", "score": 1}], ids=["text", "other"]
)
def test_an_object_of_another_shape_is_refused(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side, thought: Any
) -> None:
    """Whatever the brain was talked into."""
    brain.script = [thought]

    async def scenario(model: LanguageModel) -> None:
        await refused(ask(model, schema=Verdict), ModelReplyError)

    side.run(ministack_bedrock.url(), scenario)


def test_a_model_streams(ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side) -> None:
    """The pieces together are what was thought, in any script."""
    brain.script = ["It is a name from a novel, 本, by Å. " * 5]
    *pieces, last = side.run(ministack_bedrock.url(), listen)
    assert len(pieces) > 2
    assert "".join(piece.text for piece in pieces) == brain.script[0]
    assert last.completion is not None
    assert last.completion.text == brain.script[0]
    assert last.completion.usage == Usage(input_tokens=12, output_tokens=3)


@pytest.mark.parametrize("model", [_PROFILE, _ARN], ids=["id", "arn"])
def test_an_inference_profile_is_a_model(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side, model: str
) -> None:
    """By its id or its ARN; the colons and slashes reach the other side."""

    async def scenario(opened: LanguageModel) -> str:
        await listen(opened)
        return (await ask(opened)).model

    assert side.run(ministack_bedrock.url(model=model), scenario) == model
    assert [wish.model for wish in brain.asked] == [model] * 2


def test_a_model_of_another_account_is_refused(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side
) -> None:
    """Nobody is asked."""

    async def scenario(model: LanguageModel) -> None:
        await refused(ask(model), ModelRequestError)

    side.run(ministack_bedrock.url(model=_ARN.replace("0" * 12, "1" * 12)), scenario)
    assert brain.asked == []


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_a_guardrail_that_is_not_there_lets_nothing_through(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side, streamed: bool
) -> None:
    """A mistake in the set-up is not a way round."""

    async def scenario(model: LanguageModel) -> None:
        await refused(listen(model) if streamed else ask(model), UnknownModelError)

    side.run(ministack_bedrock.url(guardrail="nosuchguard1"), scenario)
    assert brain.asked == []


def test_what_is_no_embedding_is_refused(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, side: Side
) -> None:
    """MiniStack knows no vectors: it answers an embedding model with a text."""

    async def scenario(model: LanguageModel) -> None:
        await refused(model.embed([PROMPT]), ModelReplyError)

    side.run(ministack_bedrock.url(model="amazon.titan-embed-text-v2:0"), scenario)
