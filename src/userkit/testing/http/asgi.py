"""Speak to an ASGI application on an event loop of its own, without a server."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterable, MutableMapping
from typing import Any, Self, TypeVar
from urllib.parse import unquote

from userkit.errors import UsageError
from userkit.testing.bench import PATIENCE
from userkit.testing.http.answers import Answer, Sent, framed

__all__ = ["AsgiApp", "AsgiClient"]

T = TypeVar("T")

Message = MutableMapping[str, Any]
AsgiApp = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class AsgiClient:
    """Start an application when entered, and stop it when left.

    Threads may ask at the same time: each request is a task on the loop. What the application raises
    before it has answered is raised here.
    """

    is_wired = False

    def __init__(self, app: AsgiApp, *, peer: tuple[str, int] = ("127.0.0.1", 50_000)) -> None:
        """Take the application, and from where it is asked."""
        self._app, self._peer = app, peer
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="asgi-client", daemon=True)
        self._state: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._lifespan = self._run(self._start())
        except BaseException:
            self._stop_loop()
            raise
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            self._run(self._lifespan.end())
        finally:
            self._stop_loop()

    def ask(
        self, method: str, target: str, *, headers: Sent = (), body: bytes | Iterable[bytes] = b""
    ) -> Answer:
        """See Client.ask."""
        pieces = [body] if isinstance(body, bytes) else list(body)
        scope = self._scope(method, target, framed(headers, body))
        return self._run(_Exchange(pieces).run(self._app, scope))

    def _scope(self, method: str, target: str, headers: Sent) -> dict[str, Any]:
        path, _, query = target.partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "root_path": "",
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            "client": self._peer,
            "server": ("app.example", 80),
            "state": dict(self._state),
            "extensions": {},
        }

    async def _start(self) -> "_Lifespan":
        lifespan = _Lifespan()
        await lifespan.begin(self._app, self._state)
        return lifespan

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(PATIENCE)

    def _stop_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


class _Exchange:
    """One request and its answer."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self._answered = asyncio.Event()
        self._start: Message | None = None
        self._body = b""

    async def run(self, app: AsgiApp, scope: dict[str, Any]) -> Answer:
        try:
            await app(scope, self._receive, self._send)
        except Exception:
            # A server has sent the answer by then, and logs what was raised behind it.
            if not self._answered.is_set():
                raise
        if self._start is None or not self._answered.is_set():
            raise UsageError("The application has returned without a whole answer.")
        return Answer(
            status=self._start["status"],
            headers=tuple(
                (name.decode("latin-1").lower(), value.decode("latin-1"))
                for name, value in self._start.get("headers", ())
            ),
            body=self._body,
        )

    async def _receive(self) -> Message:
        if self._pieces:
            piece = self._pieces.pop(0)
            return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}
        await self._answered.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if not message.get("more_body", False):
            self._answered.set()


class _Lifespan:
    """An application's start and end, for those that want to know of them."""

    def __init__(self) -> None:
        self._told: asyncio.Queue[Message] = asyncio.Queue()
        self._heard: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def begin(self, app: AsgiApp, state: dict[str, Any]) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": state}
        self._task = asyncio.create_task(self._live(app, scope))
        await self._step("startup")

    async def end(self) -> None:
        assert self._task is not None
        if not self._task.done():
            await self._step("shutdown")
        await self._task

    async def _live(self, app: AsgiApp, scope: dict[str, Any]) -> None:
        await app(scope, self._told.get, self._heard.put)

    async def _step(self, what: str) -> None:
        assert self._task is not None
        await self._told.put({"type": f"lifespan.{what}"})
        heard = asyncio.create_task(self._heard.get())
        await asyncio.wait({heard, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if not heard.done():
            heard.cancel()
            self._task.result()
        elif heard.result()["type"] != f"lifespan.{what}.complete":
            raise UsageError(f"The {what} of the application failed: {heard.result().get('message', '')}")
