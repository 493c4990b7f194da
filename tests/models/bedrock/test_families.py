"""Answers as AWS documents them for each family of models, and what we ask each family.

``shapes/*.json`` are written after the pages of AWS's documentation that their SOURCE names.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from tests.models.sides import Side
from tests.servers.bedrock import Act, Asked, BedrockLoopback, Wire, answers, streams
from tests.servers.eventstream import frame
from userkit.errors import ModelReplyError
from userkit.ports.language_model import LanguageModel, Message, Role, StopReason

_SHAPES = Path(__file__).with_name("shapes")
_FAMILIES = ["anthropic", "cohere", "llama", "mistral", "nova"]
_EMBEDDERS = ["cohere_v3", "cohere_v4", "nova_embeddings", "titan_v1", "titan_v2"]
_MESSAGES = [
    Message(text="Who is Zaphod?"),
    Message(role=Role.ASSISTANT, text="Who asks?"),
    Message(text="Me."),
]


class Verdict(BaseModel):
    """What is asked for."""

    verdict: Literal["allow", "review", "refuse"]
    score: int


def _shape(name: str) -> dict[str, Any]:
    shape: dict[str, Any] = json.loads((_SHAPES / f"{name}.json").read_text())
    assert all(source.startswith("https://docs.aws.amazon.com/") for source in shape["SOURCE"])
    return shape


def _answers_tool(body: Mapping[str, Any]) -> Act:
    """Answer with a shape, in which NAME stands for the tool that is asked for."""

    def act(wire: Wire, asked: Asked) -> None:
        answers(json.dumps(body).replace('"NAME"', json.dumps(asked.tool)).encode())(wire, asked)

    return act


@pytest.mark.parametrize("family", _FAMILIES)
def test_a_family_answers_with_a_text(bedrock_loopback: BedrockLoopback, side: Side, family: str) -> None:
    """Reasoning is left out; tokens are those that the reply counts."""
    shape = _shape(family)
    reply = shape["text"]["reply"]
    bedrock_loopback.script = [answers(reply)]

    async def scenario(model: LanguageModel) -> Any:
        assert model.name == shape["model"]
        return await model.complete(
            _MESSAGES, system="You know names.", max_tokens=300, temperature=0.5, stop=["Over."]
        )

    answer = side.run(bedrock_loopback.url(shape["model"]), scenario)
    assert answer.text == shape["text"]["said"]
    assert answer.value is None
    assert answer.stop_reason is StopReason.END
    assert answer.usage.input_tokens == reply["usage"]["inputTokens"]
    assert answer.usage.output_tokens == reply["usage"]["outputTokens"]
    assert answer.model == shape["model"]
    (asked,) = bedrock_loopback.asked
    assert (asked.model, asked.operation) == (shape["model"], "converse")
    assert asked.body["messages"] == [
        {"role": "user", "content": [{"text": "Who is Zaphod?"}]},
        {"role": "assistant", "content": [{"text": "Who asks?"}]},
        {"role": "user", "content": [{"text": "Me."}]},
    ]
    assert asked.body["system"] == [{"text": "You know names."}]
    inference = asked.body["inferenceConfig"]
    assert (inference["maxTokens"], inference["temperature"]) == (300, 0.5)
    assert inference["stopSequences"] == ["Over."]
    assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 ")


@pytest.mark.parametrize("family", _FAMILIES)
def test_what_is_not_said_is_not_sent(bedrock_loopback: BedrockLoopback, side: Side, family: str) -> None:
    """Bedrock refuses an empty system prompt, and families refuse what they do not know."""
    shape = _shape(family)
    bedrock_loopback.script = [answers(shape["text"]["reply"])]

    async def scenario(model: LanguageModel) -> None:
        await model.complete([Message(text="Who is Zaphod?")])

    side.run(bedrock_loopback.url(shape["model"]), scenario)
    (asked,) = bedrock_loopback.asked
    assert set(asked.body) == {"messages", "inferenceConfig"}
    assert "stopSequences" not in asked.body["inferenceConfig"]


@pytest.mark.parametrize("family", _FAMILIES)
def test_a_family_answers_with_an_object(bedrock_loopback: BedrockLoopback, side: Side, family: str) -> None:
    """It is forced to use the one tool where it lets itself be forced; chatter beside it is left out."""
    shape = _shape(family)
    tool = shape["tool"]
    bedrock_loopback.script = [_answers_tool(tool["reply"])]

    async def scenario(model: LanguageModel) -> Any:
        return await model.complete(_MESSAGES, schema=Verdict)

    answer = side.run(bedrock_loopback.url(shape["model"]), scenario)
    assert answer.value == Verdict(**tool["value"])
    assert answer.text == ""
    assert answer.stop_reason is StopReason.END
    (asked,) = bedrock_loopback.asked
    config = asked.body["toolConfig"]
    (offered,) = config["tools"]
    schema = offered["toolSpec"]["inputSchema"]["json"]
    assert schema["type"] == "object"
    assert schema["required"] == ["verdict", "score"]
    named = {"tool": {"name": offered["toolSpec"]["name"]}}
    wanted = named if tool["choice"] == {"tool": {}} else tool["choice"]
    # Where nothing can be forced, `auto` is what no choice means.
    assert config.get("toolChoice", None) in ([wanted] if wanted else [None, {"auto": {}}])


@pytest.mark.parametrize("family", _FAMILIES)
def test_a_family_that_says_something_else_is_not_believed(
    bedrock_loopback: BedrockLoopback, side: Side, family: str
) -> None:
    """A text is no object, even one that looks like it comes from the tool."""
    shape = _shape(family)
    bedrock_loopback.script = [answers(shape["text"]["reply"])]

    async def scenario(model: LanguageModel) -> Any:
        with pytest.raises(ModelReplyError):
            await model.complete(_MESSAGES, schema=Verdict)

    side.run(bedrock_loopback.url(shape["model"]), scenario)


@pytest.mark.parametrize("family", _FAMILIES)
def test_a_family_streams(bedrock_loopback: BedrockLoopback, side: Side, family: str) -> None:
    """Pieces without a text are no pieces."""
    shape = _shape(family)
    events = shape["stream"]["events"]
    bedrock_loopback.script = [streams(*(frame(kind, **payload) for kind, payload in events))]

    async def scenario(model: LanguageModel) -> Any:
        return [piece async for piece in model.stream(_MESSAGES, system="You know names.")]

    *pieces, last = side.run(bedrock_loopback.url(shape["model"]), scenario)
    assert [piece.text for piece in pieces] == shape["stream"]["pieces"]
    usage = events[-1][1]["usage"]
    assert last.completion.text == "".join(shape["stream"]["pieces"])
    assert last.completion.usage.output_tokens == usage["outputTokens"]
    (asked,) = bedrock_loopback.asked
    assert (asked.model, asked.operation) == (shape["model"], "converse-stream")
    assert asked.body["system"] == [{"text": "You know names."}]


@pytest.mark.parametrize("name", _EMBEDDERS)
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside"])
def test_a_family_says_what_texts_mean(
    bedrock_loopback: BedrockLoopback, side: Side, name: str, beside: bool
) -> None:
    """As the model itself, or as the one that is named beside another."""
    shape = _shape(name)
    bedrock_loopback.script = [answers(call["reply"], headers=call.get("headers")) for call in shape["calls"]]

    async def scenario(model: LanguageModel) -> Any:
        return await model.embed(["one", "two"])

    url = (
        bedrock_loopback.url(embedding_model=shape["model"])
        if beside
        else bedrock_loopback.url(shape["model"])
    )
    embeddings = side.run(url, scenario)
    assert embeddings.vectors == tuple(map(tuple, shape["vectors"]))
    assert embeddings.usage.input_tokens == (shape["tokens"] or embeddings.usage.input_tokens)
    assert embeddings.model == shape["model"]
    for asked, call in zip(bedrock_loopback.asked, shape["calls"], strict=True):
        assert (asked.model, asked.operation) == (shape["model"], "invoke")
        assert asked.body.items() >= call["request"].items()
        assert asked.headers["content-type"] == "application/json"


def test_nothing_means_nothing(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """No text, no vector and no request."""

    async def scenario(model: LanguageModel) -> Any:
        return await model.embed([])

    assert side.run(bedrock_loopback.url("amazon.titan-embed-text-v2:0"), scenario).vectors == ()
    assert bedrock_loopback.asked == []


@pytest.mark.parametrize(
    "reply",
    [
        {"embedding": ["0.5"], "inputTextTokenCount": 3},
        {"embedding": [], "inputTextTokenCount": 3},
        {"embedding": [None], "inputTextTokenCount": 3},
        {"embedding": 0.5, "inputTextTokenCount": 3},
        {"message": "no vector"},
        [],
    ],
)
def test_what_is_no_vector_is_refused(bedrock_loopback: BedrockLoopback, side: Side, reply: Any) -> None:
    """Nobody can compare it with others."""
    bedrock_loopback.script = [answers(reply)]

    async def scenario(model: LanguageModel) -> Any:
        with pytest.raises(ModelReplyError):
            await model.embed(["one"])

    side.run(bedrock_loopback.url("amazon.titan-embed-text-v2:0"), scenario)
