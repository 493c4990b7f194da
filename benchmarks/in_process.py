"""An application asked without a server and a socket: one request after the other, in this process."""

import asyncio
import os
import runpy
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["Apps"]

REQUESTS = 300
_GOOD = 200

SignIn = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


@dataclass(frozen=True, slots=True)
class Apps:
    """Applications that live in one event loop, as fast as servers have it, until all of them end."""

    runner: asyncio.Runner
    opened: AsyncExitStack

    @classmethod
    @contextmanager
    def started(cls) -> Iterator["Apps"]:
        """Begin with none."""
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            apps = cls(runner, AsyncExitStack())
            try:
                yield apps
            finally:
                runner.run(apps.opened.aclose())

    def asked(self, module: str, path: str, sign_in: SignIn, **settings: str) -> Callable[[], int]:
        """Start the application of a module; return what asks it for a path many times."""
        os.environ.update(settings)
        app: FastAPI = runpy.run_module(f"benchmarks.served.{module}")["app"]
        token = self.runner.run(self._begin(app, sign_in))
        scope = _scope(path, token)
        return lambda: self.runner.run(_ask(app, scope))

    async def _begin(self, app: "FastAPI", sign_in: SignIn) -> str:
        await self.opened.enter_async_context(app.router.lifespan_context(app))
        asking = partial(httpx.AsyncClient, base_url="http://127.0.0.1", timeout=30)
        async with asking(transport=httpx.ASGITransport(app)) as client:
            answer = (await sign_in(client)).raise_for_status()
        token: str = answer.json()["access_token"]
        return token


def _scope(path: str, token: str) -> dict[str, Any]:
    """Return what uvicorn says of such a request."""
    headers = {"host": "127.0.0.1", "accept": "application/json", "authorization": f"Bearer {token}"}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 80),
    }


async def _ask(app: "FastAPI", scope: dict[str, Any]) -> int:
    statuses: list[int] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    for _ in range(REQUESTS):
        await app({**scope, "state": {}}, _receive, send)
    assert statuses == [_GOOD] * REQUESTS, set(statuses)
    return REQUESTS


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}
