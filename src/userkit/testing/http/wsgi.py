"""Speak to a WSGI application in the thread that asks, without a server."""

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import unquote_to_bytes

from userkit.errors import UsageError
from userkit.testing.http.answers import Answer, Sent, framed

__all__ = ["WsgiApp", "WsgiClient"]

WsgiApp = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WsgiClient:
    """Call an application as a server does (PEP 3333). Threads may ask at the same time."""

    is_wired = False

    def __init__(self, app: WsgiApp, *, peer: tuple[str, int] = ("127.0.0.1", 50_000)) -> None:
        """Take the application, and from where it is asked."""
        self._app, self._peer = app, peer

    def ask(
        self, method: str, target: str, *, headers: Sent = (), body: bytes | Iterable[bytes] = b""
    ) -> Answer:
        """See Client.ask."""
        sent = framed(headers, body)
        whole = body if isinstance(body, bytes) else b"".join(body)
        environ = self._environ(method, target, whole) | _variables(sent)
        return _called(self._app, environ)

    def _environ(self, method: str, target: str, body: bytes) -> dict[str, Any]:
        path, _, query = target.partition("?")
        return {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
            "SERVER_NAME": "app.example",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": self._peer[0],
            "REMOTE_PORT": str(self._peer[1]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }


def _variables(headers: Sent) -> dict[str, str]:
    """Return header fields as servers hand them over; of several with one name they make a list."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        joint = ";" if key == "HTTP_COOKIE" else ","
        found[key] = f"{found[key]}{joint}{value}" if key in found else value
    return found


def _called(app: WsgiApp, environ: dict[str, Any]) -> Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started.append((status, headers))
        return written.append

    result = app(environ, start_response)
    try:
        written += result
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    if not started:
        raise UsageError("The application has returned without an answer.")
    status, headers = started[-1]
    return Answer(
        status=int(status.split(" ", 1)[0]),
        headers=tuple((name.lower(), value) for name, value in headers),
        body=b"".join(written),
    )
