"""Frames of application/vnd.amazon.eventstream, as Bedrock streams them.

A frame is its whole length and that of its headers, a checksum of these two, headers, a payload, and a
checksum of all that: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["begun", "error_frame", "exception_frame", "frame", "text_frames", "tool_frames", "wrong"]

_STRING = 7
_PADDING = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234"


def frame(event: str, **payload: Any) -> bytes:
    """Return an event. Bedrock hides how long a text is behind a field of letters."""
    headers = {":event-type": event, ":content-type": "application/json", ":message-type": "event"}
    body = {**payload, "p": _PADDING[: 1 + len(event)]}
    return _framed(headers, json.dumps(body, ensure_ascii=False).encode())


def exception_frame(kind: str, message: str) -> bytes:
    """Return one of the documented exceptions, such as ``throttlingException``."""
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return _framed(headers, json.dumps({"message": message}).encode())


def error_frame(code: str, message: str) -> bytes:
    """Return an error that no service model knows."""
    headers = {":error-code": code, ":error-message": message, ":message-type": "error"}
    return _framed(headers, b"")


def begun(length: int) -> bytes:
    """Return the beginning of a frame that has so many bytes of payload, and no headers."""
    prelude = struct.pack("!II", 16 + length, 0)
    return prelude + _checksum(prelude)


def wrong(data: bytes) -> bytes:
    """Return a frame with a payload that its checksum does not fit."""
    place = len(data) - 6
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def text_frames(
    *pieces: str, stop: str = "end_turn", usage: tuple[int, int] | None = (11, 7), role: str = "assistant"
) -> Iterator[bytes]:
    """Return the frames of a text, from ``messageStart`` to ``metadata``."""
    yield frame("messageStart", role=role)
    for piece in pieces:
        yield frame("contentBlockDelta", contentBlockIndex=0, delta={"text": piece})
    yield frame("contentBlockStop", contentBlockIndex=0)
    yield frame("messageStop", stopReason=stop)
    if usage is not None:
        tokens = {"inputTokens": usage[0], "outputTokens": usage[1], "totalTokens": sum(usage)}
        yield frame("metadata", usage=tokens, metrics={"latencyMs": 42})


def tool_frames(name: str, *pieces: str, stop: str = "tool_use") -> Iterator[bytes]:
    """Return the frames of a call of a tool, whose input comes in pieces of JSON."""
    yield frame("messageStart", role="assistant")
    start = {"toolUse": {"toolUseId": "tooluse_frames", "name": name}}
    yield frame("contentBlockStart", contentBlockIndex=0, start=start)
    for piece in pieces:
        yield frame("contentBlockDelta", contentBlockIndex=0, delta={"toolUse": {"input": piece}})
    yield frame("contentBlockStop", contentBlockIndex=0)
    yield frame("messageStop", stopReason=stop)
    tokens = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    yield frame("metadata", usage=tokens, metrics={"latencyMs": 42})


def _framed(headers: Mapping[str, str], body: bytes) -> bytes:
    named = b"".join(map(_header, headers, headers.values()))
    prelude = struct.pack("!II", 16 + len(named) + len(body), len(named))
    checked = prelude + _checksum(prelude) + named + body
    return checked + _checksum(checked)


def _header(name: str, value: str) -> bytes:
    said = value.encode()
    return struct.pack("!B", len(name)) + name.encode() + struct.pack("!BH", _STRING, len(said)) + said


def _checksum(data: bytes) -> bytes:
    return struct.pack("!I", zlib.crc32(data))
