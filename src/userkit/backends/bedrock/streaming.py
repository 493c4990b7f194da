"""An answer that comes in pieces: read as it comes, and nothing in advance."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from userkit.backends.bedrock.answering import stop_reason, usage_of
from userkit.backends.bedrock.line import Line
from userkit.backends.bedrock.mishaps import FAILURES
from userkit.backends.bedrock.refusals import broken_stream
from userkit.errors import ModelReplyError, ModelStreamError, ModelTimeoutError
from userkit.ports.language_model import Completion, Piece, StopReason, Usage

__all__ = ["pieces_of"]

Event = Mapping[str, Any]


def pieces_of(
    stream: Any, line: Line, *, model: str, longest: int, begun: float
) -> Generator[Piece, None, None]:
    """Return the pieces of a stream of Converse. The stream is closed when they are at an end or closed.

    Raises ModelStreamError when it breaks off, ModelThrottledError and ModelTimeoutError, ModelReplyError
    when it is longer than ``longest`` characters, and at its end what a refusal is to us.
    """
    line.on_cut(partial(_hang_up, stream))
    ending = _Ending()
    parts: list[str] = []
    length = 0
    try:
        for event in _events(stream, line):
            text = ending.text_of(event)
            length += len(text)
            if length > longest:
                raise ModelReplyError("The answer of the language model is too large.")
            if text:
                parts.append(text)
                yield Piece(text=text)
        yield Piece(completion=ending.completion("".join(parts), model=model, begun=begun))
    finally:
        _close(stream)
        line.release()


class _Ending:
    """What a stream says besides the text."""

    def __init__(self) -> None:
        self._stopped: StopReason | None = None
        self._refused: Any = None
        self._usage = Usage()

    def text_of(self, event: Event) -> str:
        """Note what an event says of the end, and return its text."""
        if "messageStop" in event:
            self._refused = event["messageStop"].get("stopReason")
        if "metadata" in event:
            self._usage = usage_of(event["metadata"].get("usage"))
        if "contentBlockDelta" not in event:
            return ""
        delta = event["contentBlockDelta"].get("delta")
        if not isinstance(delta, Mapping):
            raise ModelStreamError  # botocore makes an empty event of what is no JSON
        text = delta.get("text", "")
        return text if isinstance(text, str) else ""

    def completion(self, text: str, *, model: str, begun: float) -> Completion[None]:
        """Return the whole answer. Raises when there is no end to it, or another than the model's."""
        if self._refused is None:
            raise ModelStreamError
        return Completion(
            text=text,
            value=None,
            stop_reason=stop_reason(self._refused),
            usage=self._usage,
            latency=time.monotonic() - begun,
            model=model,
        )


def _events(stream: Any, line: Line) -> Iterator[Event]:
    events = iter(stream)
    while True:
        if line.left() == 0:
            raise ModelTimeoutError
        event = _next(events, line)
        if event is None:
            return
        yield event


def _next(events: Iterator[Event], line: Line) -> Event | None:
    try:
        with line.open():
            return next(events, None)
    # Whatever is in a frame that is none, botocore's parser raises.
    except (*FAILURES, ValueError, LookupError, AttributeError, TypeError) as error:
        failure = ModelTimeoutError() if line.left() == 0 else broken_stream(error)
    # Outside of the except block: a frame may hold what was answered.
    raise failure


def _hang_up(stream: Any) -> None:
    """End the reading of a stream of the application's client, as far as its urllib3 can (from 2.3 on)."""
    shutdown = getattr(getattr(stream, "_raw_stream", None), "shutdown", None)
    if shutdown is not None:
        # What is read to its end, or closed, has no connection any more.
        with suppress(OSError, RuntimeError, ValueError):
            shutdown()


def _close(stream: Any) -> None:
    """Close a stream, also one that somebody else closes at the same time."""
    with suppress(*FAILURES, ValueError, AttributeError):
        stream.close()
