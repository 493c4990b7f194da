"""Answers that come in pieces: real frames, when they arrive, and every way in which they break off."""

import threading
import tracemalloc
from dataclasses import dataclass

import pytest

from tests.models.sides import ANSWER, PROMPT, Side, ask, listen, refused
from tests.servers.bedrock import (
    Act,
    Asked,
    BedrockLoopback,
    Wire,
    answers,
    drips,
    floods,
    says,
    streams,
)
from tests.servers.eventstream import begun, error_frame, exception_frame, frame, text_frames, wrong
from userkit.errors import (
    ContentFilteredError,
    GuardrailError,
    LanguageModelError,
    ModelReplyError,
    ModelStreamError,
    ModelThrottledError,
    ModelTimeoutError,
)
from userkit.ports.language_model import LanguageModel, Message, Piece, StopReason, Usage

_PIECES = ("No, ", "Trillian-of-the-reply ", "says so. ", "Å·日本")
_TEXT = "".join(_PIECES)
_FRAMES = list(text_frames(*_PIECES))
_BEGUN = _FRAMES[:3]  # up to the second piece
_MESSAGE = f"Not for you, who asked: {PROMPT}"


def _cut(wire: Wire, _: Asked) -> None:
    wire.cut()


def _closed(wire: Wire, _: Asked) -> None:
    wire.cut(reset=False)


def _silence(wire: Wire, _: Asked) -> None:
    wire.until(threading.Event())


def _half_a_frame(wire: Wire, _: Asked) -> None:
    wire.chunk(_FRAMES[3][:-5])


@dataclass(frozen=True, slots=True)
class Break:
    """How a stream breaks off after its second piece. Where the server says no more, the client hangs up."""

    name: str
    rest: tuple[bytes | Act, ...]
    error: type[LanguageModelError] = ModelStreamError
    pieces: int = 2
    read_timeout: float = 20


def _exception(kind: str, error: type[LanguageModelError]) -> Break:
    return Break(kind, (exception_frame(kind, _MESSAGE), _silence), error)


BREAKS = [
    _exception("internalServerException", ModelStreamError),
    _exception("modelStreamErrorException", ModelStreamError),
    _exception("serviceUnavailableException", ModelStreamError),
    _exception("throttlingException", ModelThrottledError),
    _exception("validationException", ModelStreamError),
    _exception("somethingNewException", ModelStreamError),
    Break("error-frame", (error_frame("InternalError", _MESSAGE), _silence)),
    Break("cut", (_cut,)),
    Break("closed", (_closed,)),
    Break("cut-in-a-frame", (_half_a_frame, _cut)),
    Break("ends-in-a-frame", (_half_a_frame,)),
    Break("silence", (_silence,), ModelTimeoutError, read_timeout=1),
    Break("wrong-checksum", (wrong(_FRAMES[3]), _silence)),
    Break("no-frames", (b"<html>Bad gateway</html>" * 20, _silence)),
    Break("ends-without-a-stop", (*_FRAMES[3:6],), pieces=4),
    Break("ends-at-once", ()),
    Break("guardrail", tuple(text_frames(stop="guardrail_intervened"))[1:], GuardrailError),
    Break("filtered", tuple(text_frames(stop="content_filtered"))[1:], ContentFilteredError),
    Break("malformed", tuple(text_frames(stop="malformed_model_output"))[1:], ModelReplyError),
]


@pytest.mark.parametrize("row", [pytest.param(each, id=each.name) for each in BREAKS])
def test_what_came_before_a_break_is_delivered(
    bedrock_loopback: BedrockLoopback, side: Side, row: Break
) -> None:
    """Then comes the error, once and without another request; the next call works."""
    bedrock_loopback.script = [streams(*_BEGUN, *row.rest), says(ANSWER)]

    async def scenario(model: LanguageModel) -> None:
        heard: list[Piece] = []
        await refused(listen(model, heard), row.error)
        assert [piece.text for piece in heard] == list(_PIECES[: row.pieces])
        assert len(bedrock_loopback.asked) == 1
        assert row.rest[-1:] != (_silence,) or bedrock_loopback.asked[0].closed.wait(20)
        assert (await ask(model)).text == ANSWER

    side.run(bedrock_loopback.url(concurrency=1, attempts=3, read_timeout=row.read_timeout), scenario)


def test_pieces_come_before_the_rest_is_sent(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """The server sends each frame only when the piece before it has arrived."""
    gates = [threading.Event() for _ in _PIECES]
    frames: list[bytes | threading.Event] = [_FRAMES[0]]
    for delta, gate in zip(_FRAMES[1:5], gates, strict=True):
        frames += [delta, gate]
    bedrock_loopback.script = [streams(*frames, *_FRAMES[5:])]

    async def scenario(model: LanguageModel) -> list[Piece]:
        pieces = []
        waiting = iter(gates)
        async for piece in model.stream([Message(text=PROMPT)]):
            pieces.append(piece)
            if piece.text:
                next(waiting).set()
        return pieces

    pieces = side.run(bedrock_loopback.url(read_timeout=20), scenario)
    assert [piece.text for piece in pieces] == [*_PIECES, ""]
    completion = pieces[-1].completion
    assert completion is not None
    assert completion.text == _TEXT
    assert completion.usage == Usage(input_tokens=11, output_tokens=7)
    assert completion.stop_reason is StopReason.END
    assert completion.latency > 0
    assert [piece.completion for piece in pieces[:-1]] == [None] * 4


@pytest.mark.parametrize(
    ("stop", "reason"), [("max_tokens", StopReason.LENGTH), ("stop_sequence", StopReason.STOP_TEXT)]
)
def test_a_stream_says_why_it_stopped(
    bedrock_loopback: BedrockLoopback, side: Side, stop: str, reason: StopReason
) -> None:
    """Being cut short is no error."""
    bedrock_loopback.script = [streams(*text_frames(*_PIECES, stop=stop))]
    last = side.run(bedrock_loopback.url(), listen)[-1]
    assert last.completion is not None
    assert last.completion.stop_reason is reason


def test_a_stream_may_not_say_what_it_cost(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """What was said is whole with ``messageStop``."""
    bedrock_loopback.script = [streams(*text_frames(*_PIECES, usage=None))]
    last = side.run(bedrock_loopback.url(), listen)[-1]
    assert last.completion is not None
    assert (last.completion.text, last.completion.usage) == (_TEXT, Usage())


def test_frames_that_are_not_known_are_passed_over(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """AWS adds some now and then; a connection may also come in crumbs."""

    def crumbs(wire: Wire, _: Asked) -> None:
        wire.begin(
            200, {"Transfer-Encoding": "chunked", "Content-Type": "application/vnd.amazon.eventstream"}
        )
        for byte in b"".join([_FRAMES[0], frame("somethingNew", a=1), *_FRAMES[1:]]):
            wire.chunk(bytes([byte]))
        wire.chunk(b"")

    bedrock_loopback.script = [crumbs]
    assert "".join(piece.text for piece in side.run(bedrock_loopback.url(), listen)) == _TEXT


def test_a_finished_connection_is_used_again(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """Whoever has read a stream to its end gives the connection back."""
    bedrock_loopback.script = [says(ANSWER)]

    async def scenario(model: LanguageModel) -> None:
        for _ in range(3):
            await listen(model)
            await ask(model)

    side.run(bedrock_loopback.url(), scenario)
    assert bedrock_loopback.connections == 1


def test_an_answer_that_is_no_stream_is_refused(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """A proxy may answer 200 with a page."""
    page = answers(b"<html>Welcome</html>" * 100, headers={"Content-Type": "text/html"})
    bedrock_loopback.script = [page, says(ANSWER)]

    async def scenario(model: LanguageModel) -> None:
        await refused(listen(model), ModelStreamError)
        await ask(model)

    side.run(bedrock_loopback.url(), scenario)


def test_a_time_limit_holds_for_a_whole_stream(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """Even where a byte comes now and then."""
    bedrock_loopback.script = [drips()]

    async def scenario(model: LanguageModel) -> None:
        await refused(listen(model, time_limit=0.4), ModelTimeoutError)

    side.run(bedrock_loopback.url(read_timeout=5), scenario)
    assert bedrock_loopback.asked[0].closed.wait(20)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        pytest.param(
            _FRAMES[0], frame("contentBlockDelta", contentBlockIndex=0, delta={"text": "No. " * 2000})
        ),
        pytest.param(_FRAMES[0] + begun(0x7000_0000), b"No. "),
        pytest.param(_FRAMES[0], frame("somethingNew", text="No. " * 2000)),
    ],
    ids=["pieces", "one-frame", "unknown-frames"],
)
def test_a_huge_stream_is_ended(
    bedrock_loopback: BedrockLoopback, side: Side, head: bytes, piece: bytes
) -> None:
    """Memory stays bounded, whether it comes as pieces or as one frame that never ends."""
    bedrock_loopback.script = [floods(megabytes=64, head=head, piece=piece, streamed=True)]

    async def scenario(model: LanguageModel) -> int:
        tracemalloc.start()
        try:
            with pytest.raises((ModelReplyError, ModelStreamError)):
                async for _ in model.stream([Message(text=PROMPT)]):
                    pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    assert side.run(bedrock_loopback.url(attempts=1), scenario) < 24 << 20
    assert bedrock_loopback.asked[0].closed.wait(20)
