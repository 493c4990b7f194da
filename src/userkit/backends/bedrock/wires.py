"""What we add to a client of our own: calls that can be cut, time limits, and bounded answers.

boto3 reads whole answers into memory, waits as long as its client was told to wait, and cannot be
interrupted. All three are mended where it sends: its connections note on which line they are, and
an answer is read here, up to a limit.
"""

import http.client
import io
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

from botocore.awsrequest import AWSResponse
from urllib3.exceptions import HTTPError

from userkit.backends.bedrock.line import Line, current_line
from userkit.errors import ModelReplyError

__all__ = ["CutShortError", "attach"]

_CHUNK = 2**16
_WHOLE = ("Converse", "InvokeModel")
_STREAMED = ("ConverseStream",)
_ERROR_STATUS = 300


class CutShortError(HTTPError):
    """The connection ended before the answer did."""


def attach(client: Any, *, longest_reply: int, read_timeout: float) -> None:
    """Make a client of our own one whose calls can be cut and whose answers are bounded.

    Where a version of botocore is built otherwise, calls end by its time-outs alone.
    """
    session = getattr(getattr(client, "_endpoint", None), "http_session", None)
    if session is None or not hasattr(session, "send"):
        return
    _trace(session, read_timeout)
    sender = _Sender(session.send, longest_reply, read_timeout)
    for operation in _WHOLE:
        client.meta.events.register(f"before-send.bedrock-runtime.{operation}", sender.whole)
    for operation in _STREAMED:
        client.meta.events.register(f"before-send.bedrock-runtime.{operation}", sender.streamed)


class _Sender:
    """Sends requests, and reads what is answered up to a limit."""

    def __init__(self, send: Callable[[Any], Any], longest: int, read_timeout: float) -> None:
        self._send = send
        self._longest = longest
        self._read_timeout = read_timeout

    def whole(self, request: Any, **_rest: Any) -> Any:
        """Send, and read the answer."""
        request.stream_output = True
        return self._read(self._send(request))

    def streamed(self, request: Any, **_rest: Any) -> Any:
        """Send, and leave the answer to who reads it piece by piece, unless it is an error."""
        answer = self._send(request)
        if answer.status_code >= _ERROR_STATUS:
            return self._read(answer)
        return AWSResponse(answer.url, answer.status_code, answer.headers, self._drawn(answer))

    def _drawn(self, answer: Any) -> "_Drawn":
        return _Drawn(answer.raw, self._longest, self._read_timeout)

    def _read(self, answer: Any) -> Any:
        drawn = self._drawn(answer)
        try:
            body = b"".join(drawn.stream())
        except BaseException:
            # Half-read, the connection must not serve another call, whatever has ended this one.
            drawn.close()
            raise
        expected = answer.headers.get("content-length")
        if expected is not None and expected.isdecimal() and len(body) < int(expected):
            raise CutShortError
        return AWSResponse(answer.url, answer.status_code, answer.headers, _Body(body))


class _Drawn:
    """An answer that is drawn from its connection byte by byte as they come, up to a limit, and in time."""

    def __init__(self, raw: Any, longest: int, read_timeout: float) -> None:
        self._raw = raw
        self._longest = longest
        self._read_timeout = read_timeout

    def stream(self) -> Generator[bytes, None, None]:
        """Return what has come, each time that something has."""
        line = current_line()
        parts = self._parts()
        length = 0
        while True:
            if line is not None:
                line.check()
                line.wait_at_most(self._read_timeout)
            part = next(parts, b"")
            if not part:
                return
            length += len(part)
            if length > self._longest:
                raise ModelReplyError("The answer of the language model is too large.")
            yield part

    def close(self) -> None:
        """Close the connection, unless the answer has come to its end."""
        self._raw.close()

    def _parts(self) -> Iterator[bytes]:
        if hasattr(self._raw, "read1"):
            return iter(partial(self._raw.read1, _CHUNK), b"")
        # urllib3 before 2.
        parts: Iterator[bytes] = self._raw.stream(_CHUNK)
        return parts


class _Body(io.BytesIO):
    """An answer that has been read, in the shape in which botocore takes one."""

    def stream(self, amount: int = _CHUNK) -> Generator[bytes, None, None]:
        """Return it in parts."""
        while part := self.read(amount):
            yield part


def _trace(session: Any, read_timeout: float) -> None:
    manager = getattr(session, "_manager", None)
    known: dict[str, Any] = getattr(manager, "pool_classes_by_scheme", {})
    traced = {scheme: _traced_pool(pool, read_timeout) for scheme, pool in known.items()}
    if manager is not None:
        manager.pool_classes_by_scheme = traced
        # Of it botocore makes the managers for proxies.
        session._pool_classes_by_scheme = traced


def _traced_pool(pool: type[Any], read_timeout: float) -> type[Any]:
    connection: type[Any] = pool.ConnectionCls
    answer = type("HTTPResponse", (_TimedAnswer,), {"most": read_timeout})
    facts = {"most": read_timeout, "response_class": answer}
    traced = type(connection.__name__, (_Traced, connection), facts)
    return type(pool.__name__, (pool,), {"ConnectionCls": traced})


class _Traced:
    """A connection that knows the line of the call that it serves."""

    line: Line | None = None
    most: float
    sock: Any
    timeout: Any

    def request(self, *args: Any, **kwargs: Any) -> Any:
        """Send a request on the line of this thread."""
        line = current_line()
        if line is not None:
            line.take(self)
        return super().request(*args, **kwargs)  # type: ignore[misc]  # the connection class of botocore has it

    def getresponse(self, *args: Any, **kwargs: Any) -> Any:
        """Wait for the answer, no longer than the line lets it."""
        line = current_line()
        if line is not None and line is self.line:
            line.hold(self.sock)
            line.wait_at_most(self.most)
            self.timeout = line.patience(self.most)
        return super().getresponse(*args, **kwargs)  # type: ignore[misc]  # as above


class _TimedAnswer(http.client.HTTPResponse):
    """An answer of which each read is in time, also those of its head and of the lengths of its chunks."""

    most: float

    def __init__(self, connected: Any, *args: Any, **kwargs: Any) -> None:
        """Take the socket."""
        super().__init__(connected, *args, **kwargs)
        self.fp: Any = io.BufferedReader(_TimedFile(self.fp, self.most))


class _TimedFile(io.RawIOBase):
    """What a socket brings, read by a line that looks at the time before each read."""

    def __init__(self, file: Any, most: float) -> None:
        """Take a buffered file of a socket from which nothing was read yet."""
        self._file = file
        self._most = most
        self._line = current_line()

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        """Read what is there, or wait for it no longer than the line lets it."""
        if self._line is not None:
            if self._line.left() == 0:
                raise TimeoutError  # which urllib3 knows
            self._line.wait_at_most(self._most)
        read: int | None = self._file.raw.readinto(buffer)
        return read

    def close(self) -> None:
        """Close the file. Closing again does no harm."""
        self._file.close()
        super().close()
