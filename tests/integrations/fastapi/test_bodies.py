"""Bodies: in pieces, too long, and broken off."""

import json
import logging
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.middleware.base import BaseHTTPMiddleware

from tests.integrations.fastapi.test_errors import Timing
from tests.integrations.fastapi.world import PASSWORD, an_application, kit_over
from userkit.integrations.fastapi import UserKitRouter

ACCOUNT = json.dumps({"email": "ada@example.com", "name": "Ada", "password": PASSWORD}).encode()
Message = dict[str, Any]


async def asked(
    app: Any, *messages: Message, headers: Sequence[tuple[bytes, bytes]] = ()
) -> tuple[list[Message], int]:
    """Return what an application answers to a body in pieces, and how many of them it took."""
    taken = 0
    answers: list[Message] = []

    async def receive() -> Message:
        nonlocal taken
        taken += 1
        return messages[taken - 1]

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "https",
        "path": "/api/v1/users",
        "raw_path": b"/api/v1/users",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"app.example"), (b"content-type", b"application/json"), *headers],
        "client": ("192.0.2.1", 4711),
        "server": ("app.example", 443),
    }
    await app(scope, receive, send)
    return answers, taken


def piece(body: bytes, *, more: bool) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.fixture
async def app() -> AsyncGenerator[FastAPI]:
    """Return an application that runs."""
    app = an_application()
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_a_body_may_come_in_pieces(app: FastAPI) -> None:
    """Without a length, as clients send what they make on the way."""
    pieces = [piece(bytes([byte]), more=True) for byte in ACCOUNT]
    answers, _ = await asked(app, *pieces, piece(b"", more=False))
    assert answers[0]["status"] == 201


@pytest.mark.anyio
async def test_a_body_that_says_how_long_it_is_is_not_read_when_it_is_too_long(app: FastAPI) -> None:
    """Not a byte of it."""
    for length in (b"262145", b"9" * 5000):
        answers, taken = await asked(app, headers=[(b"content-length", length)])
        assert answers[0]["status"] == 413
        assert json.loads(answers[1]["body"])["code"] == "body_too_large"
        assert taken == 0


@pytest.mark.anyio
async def test_a_body_without_an_end_is_read_up_to_the_limit() -> None:
    """No more than one piece beyond it."""
    kit = kit_over()
    app = FastAPI()
    app.include_router(UserKitRouter(kit, body_limit=100))
    async with app.router.lifespan_context(app):
        answers, taken = await asked(app, *[piece(b" " * 50, more=True)] * 100)
    assert answers[0]["status"] == 413
    assert taken == 3


@pytest.mark.anyio
@pytest.mark.parametrize("middleware", [None, Timing], ids=["plain", "behind middleware"])
async def test_a_client_that_goes_away_leaves_nothing_in_the_log(
    middleware: type[BaseHTTPMiddleware] | None, caplog: pytest.LogCaptureFixture
) -> None:
    """In the middle of its body; nothing is written."""
    kit = kit_over()
    app = an_application(kit)
    if middleware is not None:
        app.add_middleware(middleware)
    with caplog.at_level(logging.INFO):
        async with app.router.lifespan_context(app):
            await asked(app, piece(ACCOUNT[:20], more=True), {"type": "http.disconnect"})
            assert await kit.users.count() == 0
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
