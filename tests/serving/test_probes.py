"""Probes and the access log, without a socket."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from tests.storage.doubles import BareStore
from userkit import UserKit
from userkit.backends.memory import MemoryStore
from userkit.http.forwarded import TrustedProxies
from userkit.serving.metrics import Metrics
from userkit.serving.observing import Observed
from userkit.serving.probes import Probes

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"


class StuckStore(BareStore):
    """A store that never answers."""

    blocking = False

    async def step(self) -> None:
        """Wait for nothing."""
        await asyncio.Event().wait()


def asked(peer: str | None = "127.0.0.1", **headers: str) -> Request:
    """Return a request from somebody."""
    return Request(scope(peer, **headers))


def scope(peer: str | None = "127.0.0.1", **headers: str) -> dict[str, Any]:
    """Return what ASGI says of a request."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "type": "http",
        "method": "GET",
        "path": "/secret-path",
        "query_string": b"token=hidden",
        "scheme": "http",
        "client": peer and (peer, 4711),
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }


def probes(**changes: Any) -> Probes:
    """Return probes over a store in memory."""
    kit = UserKit("memory://", secret=SECRET)
    given: dict[str, Any] = {
        "users": kit.users,
        "metrics": Metrics(),
        "proxies": TrustedProxies.of(["10.0.0.1"]),
        "open": False,
    }
    return Probes(**(given | changes))


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.1", {}, 403),
        (None, {}, 403),
        ("127.0.0.1", {"x_forwarded_for": "127.0.0.1"}, 403),
        ("10.0.0.1", {"x_forwarded_for": "127.0.0.1"}, 403),
        ("10.0.0.1", {}, 403),
    ],
)
def test_who_may_read_the_metrics(peer: str | None, headers: dict[str, str], status: int) -> None:
    """This machine, without a proxy in between; everybody once they are open."""
    closed = asyncio.run(probes().figures(asked(peer, **headers)))
    opened = asyncio.run(probes(open=True).figures(asked(peer, **headers)))
    assert (closed.status_code, opened.status_code) == (status, 200)


def test_a_store_that_never_answers_is_not_waited_for() -> None:
    """After the patience is over the server is not ready."""
    kit = UserKit(StuckStore(MemoryStore()), secret=SECRET)
    answer = asyncio.run(probes(users=kit.users, patience=0.0).readiness(asked()))
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert b"unavailable" in answer.body


def observed(level: int, app: Callable[..., Awaitable[None]], caplog: pytest.LogCaptureFixture) -> Metrics:
    """Let an application answer, and return the figures."""
    metrics = Metrics()
    watched = Observed(
        app,
        metrics=metrics,
        routes={"endpoint": "/users/{id}"},
        client_of=TrustedProxies.of(["10.0.0.1"]).client_of,
    )

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(_: Message) -> None:
        """Drop it."""

    with caplog.at_level(level, "userkit.access"):
        request = scope("10.0.0.1", x_forwarded_for="192.0.2.7") | {"endpoint": "endpoint"}
        asyncio.run(watched(request, receive, send))  # type: ignore[arg-type]  # a coroutine
    return metrics


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG])
def test_the_log_names_the_route_and_at_debug_the_client(
    level: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Never the path or the query; the client as trusted proxies tell it."""
    observed(level, Response(status_code=204), caplog)
    (record,) = caplog.records
    told = vars(record)
    assert (told["method"], told["route"], told["status"]) == ("GET", "/users/{id}", 204)
    assert told.get("client") == ("192.0.2.7" if level == logging.DEBUG else None)
    assert not {"hidden", "/secret-path"} & {str(value) for value in told.values()}
    assert "hidden" not in str(told)


def test_a_crash_is_counted_as_one(caplog: pytest.LogCaptureFixture) -> None:
    """Even though nobody has said a status yet."""

    async def crash(*_: object) -> None:
        raise ZeroDivisionError

    metrics = Metrics()
    watched = Observed(crash, metrics=metrics, routes={}, client_of=lambda _: "unknown")
    with pytest.raises(ZeroDivisionError), caplog.at_level(logging.INFO, "userkit.access"):
        asyncio.run(watched(scope(), None, None))  # type: ignore[arg-type]  # it is not asked
    labels = {"method": "GET", "route": "unmatched", "status": "500"}
    assert metrics.registry.get_sample_value("userkit_http_requests_total", labels) == 1
