"""What is answered: objects, refusals and nonsense, whole and in pieces."""

from collections.abc import Mapping
from typing import Any

import pytest
from botocore.eventstream import ChecksumMismatch
from botocore.exceptions import EventStreamError
from pydantic import BaseModel
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from tests.models.bedrock.stubs import NOVA, FakeStream, ListedClient, answer, refusal
from userkit.backends.bedrock import BedrockModel
from userkit.errors import (
    ContentFilteredError,
    GuardrailError,
    LanguageModelError,
    ModelReplyError,
    ModelRequestError,
    ModelStreamError,
    ModelThrottledError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from userkit.ports.language_model import Message, Piece, StopReason, Usage
from userkit.sync import iterate, run

SECRET = "Zaphod"


class Verdict(BaseModel):
    """A verdict."""

    good: bool


def use(said: Any, name: str = "answer") -> Mapping[str, Any]:
    """Return the use of a tool."""
    return {"toolUse": {"toolUseId": "t", "name": name, "input": said}}


def complete(reply: Any, schema: Any = None) -> Any:
    """Return what becomes of an answer."""
    return run(
        BedrockModel.from_client(ListedClient(reply), NOVA).complete([Message(text="Hi")], schema=schema)
    )


def pieces(*events: Any, **options: Any) -> tuple[list[Piece], FakeStream, LanguageModelError | None]:
    """Return the pieces of a stream, the stream, and the error that it ended with."""
    stream = FakeStream(*events)
    model = BedrockModel.from_client(ListedClient({"stream": stream}), NOVA, **options)
    got: list[Piece] = []
    try:
        got.extend(iterate(model.stream([Message(text="Hi")])))
    except LanguageModelError as error:
        return got, stream, error
    return got, stream, None


@pytest.mark.parametrize("stop", ["tool_use", "end_turn", "stop_sequence"])
def test_the_use_of_the_tool_is_the_answer(stop: str) -> None:
    """Whatever the family calls the stop, and whatever is said beside it."""
    reply = answer({"reasoningContent": {"reasoningText": {"text": "hm"}}}, use({"good": True}), stop=stop)
    assert complete(reply, Verdict).value == Verdict(good=True)


@pytest.mark.parametrize(
    "reply",
    [
        answer({"text": SECRET}),
        answer(),
        answer(use({"good": SECRET}), stop="tool_use"),
        answer(use({}), stop="tool_use"),
        answer(use(SECRET), stop="tool_use"),
        answer(use({"good": True}, name=SECRET), stop="tool_use"),
        answer(use({"good": True}), use({"good": False}), stop="tool_use"),
        answer(use({"good": True}), stop="max_tokens"),
        answer(use({"good": True}), stop="malformed_tool_use"),
        answer({"text": SECRET}, stop="malformed_model_output"),
        answer({"text": SECRET}, stop="something_new"),
        {"message": SECRET},
        {**answer(), "output": SECRET},
        {**answer(), "stopReason": 7},
        TypeError(SECRET),
    ],
)
def test_an_answer_that_does_not_fit_is_refused(reply: Any) -> None:
    """And nothing of it is repeated."""
    with pytest.raises(ModelReplyError) as refused:
        complete(reply, Verdict)
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"


@pytest.mark.parametrize(
    ("stop", "error"),
    [
        ("content_filtered", ContentFilteredError),
        ("guardrail_intervened", GuardrailError),
        ("malformed_model_output", ModelReplyError),
        ("model_context_window_exceeded", ModelRequestError),
    ],
)
def test_a_refusal_is_an_error(stop: str, error: type[LanguageModelError]) -> None:
    """Whole or in pieces: there at the end, when the text before has been delivered."""
    with pytest.raises(error) as refused:
        complete(answer({"text": SECRET}, stop=stop))
    assert type(refused.value) is error
    text = {"contentBlockDelta": {"delta": {"text": SECRET}}}
    got, stream, failure = pieces(text, {"messageStop": {"stopReason": stop}})
    assert [piece.text for piece in got] == [SECRET]
    assert type(failure) is error
    assert stream.closed == 1


def test_a_text_may_be_cut_short() -> None:
    """It says so, and says what it cost even where nothing was counted."""
    completion = complete(
        {**answer({"text": "Well", "new": 1}, {"new": 2}, stop="max_tokens"), "usage": None}
    )
    assert (completion.text, completion.stop_reason, completion.usage) == ("Well", StopReason.LENGTH, Usage())


def test_a_stream_is_its_pieces_and_the_whole() -> None:
    """What is no text is passed over; the usage comes last."""
    got, stream, failure = pieces(
        {"messageStart": {"role": "assistant"}},
        {"contentBlockStart": {"start": {}, "contentBlockIndex": 0}},
        {"contentBlockDelta": {"delta": {"reasoningContent": {"text": "hm"}}}},
        {"contentBlockDelta": {"delta": {"text": "Hel"}}},
        {"contentBlockDelta": {"delta": {"text": ""}}},
        {"contentBlockDelta": {"delta": {"text": 7}}},
        {"contentBlockDelta": {"delta": {"text": "lo"}}},
        {"messageStop": {"stopReason": "max_tokens"}},
        {"metadata": {"usage": {"inputTokens": 3, "outputTokens": 2}}},
    )
    assert failure is None
    assert [piece.text for piece in got] == ["Hel", "lo", ""]
    whole = got[-1].completion
    assert whole is not None
    assert (whole.text, whole.stop_reason, whole.usage) == (
        "Hello",
        StopReason.LENGTH,
        Usage(input_tokens=3, output_tokens=2),
    )
    assert stream.closed == 1


def _frame(code: str) -> EventStreamError:
    return EventStreamError({"Error": {"Code": code, "Message": SECRET}}, "ConverseStream")


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([_frame("modelStreamErrorException")], ModelStreamError),
        ([_frame("internalServerException")], ModelStreamError),
        ([_frame("serviceUnavailableException")], ModelStreamError),
        ([_frame("validationException")], ModelStreamError),
        ([_frame("throttlingException")], ModelThrottledError),
        ([_frame("")], ModelStreamError),
        ([ProtocolError(SECRET)], ModelStreamError),
        ([ConnectionResetError(SECRET)], ModelStreamError),
        ([ChecksumMismatch(1, 2)], ModelStreamError),
        ([UnicodeDecodeError("utf-8", b"\xff", 0, 1, SECRET)], ModelStreamError),
        ([KeyError(SECRET)], ModelStreamError),
        ([ReadTimeoutError(None, None, SECRET)], ModelTimeoutError),  # type: ignore[arg-type]  # of no pool
        ([TimeoutError(SECRET)], ModelTimeoutError),
        ([{"contentBlockDelta": {}}], ModelStreamError),
        ([{"messageStop": {}}], ModelStreamError),
        ([], ModelStreamError),
    ],
)
def test_a_stream_that_breaks_has_an_error_of_its_own(events: Any, error: type[LanguageModelError]) -> None:
    """After what came before; the stream is closed."""
    got, stream, failure = pieces({"contentBlockDelta": {"delta": {"text": "Hel"}}}, *events)
    assert [piece.text for piece in got] == ["Hel"]
    assert type(failure) is error
    assert SECRET not in f"{failure!r} {failure.__cause__!r} {failure.__context__!r}"
    assert stream.closed == 1


def test_a_stream_that_is_too_long_is_ended() -> None:
    """Nothing more of it is read."""
    text = {"contentBlockDelta": {"delta": {"text": "x" * 600}}}
    got, stream, failure = pieces(text, text, AssertionError(), longest_reply=1000)
    assert len(got) == 1
    assert type(failure) is ModelReplyError
    assert stream.closed == 1


def test_a_stream_that_is_left_is_closed() -> None:
    """Nothing more of it is read."""
    stream = FakeStream({"contentBlockDelta": {"delta": {"text": "a"}}}, AssertionError())
    model = BedrockModel.from_client(ListedClient({"stream": stream}), NOVA)
    heard = iterate(model.stream([Message(text="Hi")]))
    assert next(heard).text == "a"
    heard.close()
    assert stream.closed == 1


@pytest.mark.parametrize("reply", [{}, refusal("ThrottlingException", status=429)])
def test_a_stream_may_fail_to_begin(reply: Any) -> None:
    """As any call."""
    model = BedrockModel.from_client(ListedClient(reply), NOVA, attempts=1)
    with pytest.raises((ModelReplyError, ModelThrottledError)):
        list(iterate(model.stream([Message(text="Hi")])))


def test_a_stream_has_a_time_limit() -> None:
    """A call that is over is not begun."""
    client = ListedClient()
    with pytest.raises(ModelTimeoutError):
        list(iterate(BedrockModel.from_client(client, NOVA).stream([Message(text="Hi")], time_limit=0)))
    assert client.asked == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [(TimeoutError(SECRET), ModelTimeoutError), (ConnectionError(SECRET), ModelUnavailableError)],
)
def test_an_embedding_that_breaks_off_has_an_error(fault: Exception, error: type[LanguageModelError]) -> None:
    """Nothing of it is repeated, and its connection is closed."""
    body = BrokenBody(fault)
    model = BedrockModel.from_client(ListedClient({"body": body}), "amazon.titan-embed-text-v1")
    with pytest.raises(error) as refused:
        run(model.embed(["one"]))
    assert SECRET not in f"{refused.value!r} {refused.value.__cause__!r} {refused.value.__context__!r}"
    assert body.closed


class BrokenBody:
    """An answer that cannot be read to its end."""

    def __init__(self, fault: Exception) -> None:
        """Take what goes wrong."""
        self._fault = fault
        self.closed = False

    def read(self, _amount: int) -> bytes:
        """Fail."""
        raise self._fault

    def close(self) -> None:
        """Note it."""
        self.closed = True
