"""The fault table of Bedrock, row by row: what the server does, and which error of ours it is.

Each row says how many requests are made when two attempts are allowed. Whatever the row, nothing that
was said or answered stands in the error, and the next call with the same model works.
"""

import os
import tracemalloc
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from tests.models.sides import ANSWER, PROMPT, Ask, Side, ask, embed, listen, refused
from tests.servers.bedrock import (
    Act,
    Asked,
    BedrockLoopback,
    Wire,
    answers,
    cuts,
    cuts_body,
    drips,
    floods,
    hangs,
    refuses,
    reply,
    says,
    speaks,
    uses,
)
from tests.servers.ports import free_port
from userkit.errors import (
    ContentFilteredError,
    GuardrailError,
    LanguageModelError,
    ModelAccessError,
    ModelNotReadyError,
    ModelQuotaError,
    ModelReplyError,
    ModelRequestError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
    UnknownModelError,
)
from userkit.ports.language_model import LanguageModel, StopReason, Usage

EMBEDDER = "amazon.titan-embed-text-v2:0"
_MESSAGE = f"Not for you, who asked: {PROMPT}"


class Verdict(BaseModel):
    """What is asked for."""

    verdict: Literal["allow", "review", "refuse"]
    score: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table. With an event loop or without, it is the same."""

    name: str
    act: Act
    error: type[LanguageModelError]
    requests: int = 1
    options: dict[str, Any] = field(default_factory=dict)


def _refused(status: int, kind: str, error: type[LanguageModelError], requests: int) -> Row:
    return Row(f"{status}-{kind}", refuses(status, kind, _MESSAGE), error, requests)


_SOON = {"read_timeout": 1}

_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
_HEAD = b"HTTP/1.1 200 OK\r\nX-Y: "

# What can happen before an answer begins, whatever is asked. What the model has worked on is paid for, so
# that it is not asked a second time.
BEFORE = [
    _refused(400, "ValidationException", ModelRequestError, 1),
    _refused(400, "ServiceQuotaExceededException", ModelQuotaError, 1),
    _refused(402, "ServiceQuotaExceededException", ModelQuotaError, 1),
    _refused(400, "ExpiredTokenException", ModelAccessError, 1),
    _refused(403, "AccessDeniedException", ModelAccessError, 1),
    _refused(403, "UnrecognizedClientException", ModelAccessError, 1),
    _refused(403, "InvalidSignatureException", ModelAccessError, 1),
    _refused(404, "ResourceNotFoundException", UnknownModelError, 1),
    _refused(408, "ModelTimeoutException", ModelTimeoutError, 1),
    _refused(424, "ModelErrorException", ModelUnavailableError, 1),
    _refused(429, "ModelNotReadyException", ModelNotReadyError, 2),
    _refused(429, "ThrottlingException", ModelThrottledError, 2),
    _refused(500, "InternalServerException", ModelUnavailableError, 2),
    _refused(503, "ServiceUnavailableException", ModelUnavailableError, 2),
    Row(
        "502-from-a-proxy",
        answers(b"<html>Bad gateway</html>", status=502, headers={"Content-Type": "text/html"}),
        ModelUnavailableError,
        2,
    ),
    Row("413-from-a-proxy", answers(b"too large", status=413), ModelRequestError, 1),
    Row("cut-before-the-answer", cuts(), ModelUnavailableError, 2),
    Row("closed-before-the-answer", cuts(reset=False), ModelUnavailableError, 2),
    Row("no-http", speaks(b"SSH-2.0-OpenSSH_9.9\r\n" * 20), ModelUnavailableError, 2),
    Row("too-long-a-header", speaks(_HEAD + b"x" * 100_000), ModelUnavailableError, 2),
    Row("too-many-headers", speaks(_HEAD + b"x\r\nX-Y: " * 1000), ModelUnavailableError, 2),
    Row("slow-first-byte", hangs(), ModelTimeoutError, 1, _SOON),
]

_LONG = [reply({"text": ANSWER}), reply({"text": ANSWER * 50})]

# What can happen to an answer that comes as a whole.
WHOLE = [
    Row("slow-body", hangs(status=200), ModelTimeoutError, 1, _SOON),
    Row("cut-in-the-body", cuts_body(_LONG[0], keep=60), ModelUnavailableError, 1),
    Row("closed-in-the-body", cuts_body(_LONG[1], keep=600, reset=False), ModelUnavailableError, 1),
    Row("no-json", answers(ANSWER.encode()), ModelReplyError),
    Row("half-of-the-json", answers(b'{"output": {"message": {"role"'), ModelReplyError),
    Row("empty", answers(b""), ModelReplyError),
    Row("other-json", answers([ANSWER]), ModelReplyError),
    Row("no-content", answers({"stopReason": "end_turn", "said": ANSWER}), ModelReplyError),
    Row("guardrail", says(ANSWER, stop="guardrail_intervened"), GuardrailError),
    Row("filtered", says(ANSWER, stop="content_filtered"), ContentFilteredError),
    Row("malformed", says(ANSWER, stop="malformed_model_output"), ModelReplyError),
]

# What can happen to an object that was asked for.
STRUCTURED = [
    Row("text-instead", says(ANSWER), ModelReplyError),
    Row("another-shape", uses({"verdict": ANSWER, "score": 1}), ModelReplyError),
    Row("another-type", uses([ANSWER]), ModelReplyError),
    Row("another-tool", uses({"verdict": "allow", "score": 1}, name="another"), ModelReplyError),
    Row("malformed-tool-use", says(ANSWER, stop="malformed_tool_use"), ModelReplyError),
    Row("cut-short-in-the-call", uses({"verdict": "allow"}, stop="max_tokens"), ModelReplyError),
    Row("cut-short-all-the-same", uses({"verdict": "allow", "score": 1}, stop="max_tokens"), ModelReplyError),
    Row("cut-short-before-it", says(ANSWER, stop="max_tokens"), ModelReplyError),
    Row("guardrail", says(ANSWER, stop="guardrail_intervened"), GuardrailError),
    Row("filtered", says(ANSWER, stop="content_filtered"), ContentFilteredError),
]


async def _judge(model: LanguageModel) -> Any:
    return await ask(model, schema=Verdict)


def _rows(*tables: tuple[str, Ask, list[Row]]) -> list[Any]:
    return [
        pytest.param(asking, row, id=f"{name}-{row.name}") for name, asking, rows in tables for row in rows
    ]


@pytest.mark.parametrize(
    ("asking", "row"),
    _rows(
        ("complete", ask, BEFORE + WHOLE),
        ("judge", _judge, STRUCTURED),
        ("stream", listen, BEFORE),
        ("embed", embed, BEFORE + WHOLE[:6]),
    ),
)
def test_a_fault_has_a_name_of_its_own(
    bedrock_loopback: BedrockLoopback, side: Side, asking: Ask, row: Row
) -> None:
    """Nothing that was said or answered stands in it, and the next call with the same model works."""
    bedrock_loopback.script = [row.act] * row.requests + [_fine]

    async def scenario(model: LanguageModel) -> None:
        error = await refused(asking(model), row.error)
        assert len(bedrock_loopback.asked) == row.requests
        assert not isinstance(error, ModelUnavailableError) or error.retry_after > 0
        await asking(model)
        assert len(bedrock_loopback.asked) == row.requests + 1

    side.run(bedrock_loopback.url(attempts=2, embedding_model=EMBEDDER, **row.options), scenario)


def _fine(wire: Wire, asked: Asked) -> None:
    if asked.operation == "invoke":
        answers({"embedding": [0.5, -0.5], "inputTextTokenCount": 3})(wire, asked)
    elif "toolConfig" in asked.body:
        uses({"verdict": "allow", "score": 3})(wire, asked)
    else:
        says(ANSWER)(wire, asked)


@pytest.mark.parametrize("asking", [ask, listen, embed])
def test_nobody_listens(side: Side, asking: Ask) -> None:
    """That is told from a model that is slow."""
    url = f"bedrock://amazon.nova-lite-v1:0?region=eu-central-1&endpoint_url=http://127.0.0.1:{free_port()}"

    async def scenario(model: LanguageModel) -> None:
        await refused(asking(model), ModelUnavailableError)

    side.run(f"{url}&attempts=2&embedding_model={EMBEDDER}", scenario)


@pytest.mark.parametrize("asking", [ask, listen, embed])
def test_nobody_is_asked_without_credentials(
    bedrock_loopback: BedrockLoopback,
    side: Side,
    asking: Ask,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """AWS's chain comes to its end, and the sentence says what to set."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))

    async def scenario(model: LanguageModel) -> None:
        error = await refused(asking(model), ModelAccessError)
        assert "AWS_PROFILE" in str(error)

    side.run(bedrock_loopback.url(embedding_model=EMBEDDER), scenario)
    assert bedrock_loopback.asked == []


@pytest.mark.parametrize("asking", [ask, listen, embed])
@pytest.mark.parametrize("kind", ["ThrottlingException", "ModelNotReadyException"])
def test_a_busy_model_is_asked_again(
    bedrock_loopback: BedrockLoopback, side: Side, asking: Ask, kind: str
) -> None:
    """After two refusals it answers."""
    bedrock_loopback.script = [refuses(429, kind, _MESSAGE)] * 2 + [_fine]

    async def scenario(model: LanguageModel) -> None:
        await asking(model)

    side.run(bedrock_loopback.url(attempts=3, embedding_model=EMBEDDER), scenario)
    assert len(bedrock_loopback.asked) == 3


def test_it_is_asked_no_more_often_than_the_settings_say(
    bedrock_loopback: BedrockLoopback, side: Side
) -> None:
    """One attempt is one request."""
    bedrock_loopback.script = [refuses(429, "ThrottlingException")]

    async def scenario(model: LanguageModel) -> None:
        await refused(ask(model), ModelThrottledError)

    side.run(bedrock_loopback.url(attempts=1), scenario)
    assert len(bedrock_loopback.asked) == 1


def test_the_provider_says_when_to_come_again(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """The caller is told."""
    headers = {"Retry-After": "7"}
    bedrock_loopback.script = [refuses(429, "ThrottlingException", headers=headers)]

    async def scenario(model: LanguageModel) -> None:
        error = await refused(ask(model), ModelThrottledError)
        assert isinstance(error, ModelThrottledError)
        assert error.retry_after == 7

    side.run(bedrock_loopback.url(attempts=1), scenario)


@pytest.mark.parametrize("asking", [ask, listen, embed])
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(hangs(), id="hangs"),
        pytest.param(drips(), id="drips"),
        pytest.param(speaks(_HEAD, drip=b"x"), id="drips-in-the-head"),
        pytest.param(speaks(_CHUNKED, drip=b"0"), id="drips-in-a-length"),
    ],
)
def test_a_time_limit_holds_over_all_attempts(
    bedrock_loopback: BedrockLoopback, side: Side, asking: Ask, act: Act
) -> None:
    """However many there are, and however long one alone may take."""
    bedrock_loopback.script = [act]

    async def scenario(model: LanguageModel) -> None:
        await refused(asking(model, time_limit=0.4), ModelTimeoutError)  # type: ignore[call-arg]

    side.run(bedrock_loopback.url(attempts=5, read_timeout=5, embedding_model=EMBEDDER), scenario)
    assert all(asked.closed.wait(20) for asked in bedrock_loopback.asked)


def test_no_attempt_is_begun_that_the_time_limit_cannot_wait_for(
    bedrock_loopback: BedrockLoopback, side: Side
) -> None:
    """Who is told to come again in an hour is not kept waiting."""
    bedrock_loopback.script = [refuses(429, "ThrottlingException", headers={"Retry-After": "3600"})]

    async def scenario(model: LanguageModel) -> None:
        await refused(ask(model, time_limit=5), ModelThrottledError)

    side.run(bedrock_loopback.url(attempts=5), scenario)


_TEXT_HEAD = b'{"output": {"message": {"role": "assistant", "content": [{"text": "'
_VECTOR_HEAD = b'{"inputTextTokenCount": 3, "embedding": ['


@pytest.mark.parametrize(
    ("asking", "act"),
    [
        pytest.param(ask, floods(megabytes=64, head=_TEXT_HEAD, piece=b"No. "), id="complete"),
        pytest.param(embed, floods(megabytes=64, head=_VECTOR_HEAD, piece=b"0.5, "), id="embed"),
        pytest.param(ask, floods(megabytes=64, piece=b" ", status=500), id="refusal"),
    ],
)
def test_a_huge_reply_is_refused_before_it_is_read(
    bedrock_loopback: BedrockLoopback, side: Side, asking: Ask, act: Act
) -> None:
    """Memory stays bounded, and so does the time."""
    bedrock_loopback.script = [act]

    async def scenario(model: LanguageModel) -> int:
        tracemalloc.start()
        try:
            with pytest.raises(LanguageModelError) as caught:
                await asking(model)
            assert type(caught.value) in {ModelReplyError, ModelUnavailableError}
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert side.run(bedrock_loopback.url(attempts=1, embedding_model=EMBEDDER), scenario) < 24 << 20


def test_an_answer_that_is_cut_short_is_an_answer(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """It says that it is, and what it cost."""
    bedrock_loopback.script = [says(ANSWER, stop="max_tokens"), says(ANSWER, stop="stop_sequence")]

    async def scenario(model: LanguageModel) -> None:
        first, second = await ask(model), await ask(model)
        assert (first.text, first.stop_reason) == (ANSWER, StopReason.LENGTH)
        assert (second.text, second.stop_reason) == (ANSWER, StopReason.STOP_TEXT)
        assert first.usage == Usage(input_tokens=11, output_tokens=7)
        assert ANSWER not in repr(first)

    side.run(bedrock_loopback.url(), scenario)


def test_an_object_that_was_asked_for_is_checked(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """It is an object of the schema."""
    bedrock_loopback.script = [uses({"verdict": "allow", "score": 3})]

    async def scenario(model: LanguageModel) -> None:
        answer = await ask(model, schema=Verdict)
        assert answer.value == Verdict(verdict="allow", score=3)
        assert answer.text == ""

    side.run(bedrock_loopback.url(), scenario)
    assert "json" in bedrock_loopback.asked[0].body["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]
