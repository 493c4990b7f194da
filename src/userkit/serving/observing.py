"""Every answer is counted and logged: by method, route and status, never by what was sent."""

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from userkit.http.messages import Request
from userkit.serving.metrics import Metrics, known_method

__all__ = ["UNMATCHED", "Observed", "plain_request"]

_log = logging.getLogger("userkit.access")

UNMATCHED = "unmatched"
"""The route of all paths that nothing is at."""

_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_CRASHED = 500


class Observed:
    """Count and log the answers of an application.

    - ``routes``: the paths of endpoints, as they were declared.
    - ``client_of``: tells who a request is from; it is asked at the level DEBUG only.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        routes: Mapping[Any, str],
        client_of: Callable[[Request], str],
    ) -> None:
        """Take the application, and what it is observed with."""
        self._app, self._metrics = app, metrics
        self._routes, self._client_of = routes, client_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = _CRASHED, time.perf_counter()

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = self._routes.get(scope.get("endpoint"), UNMATCHED)
        method = known_method(scope["method"])
        self._metrics.answered(method, route, status, seconds)
        level = logging.DEBUG if route in _PROBES else logging.INFO
        if not _log.isEnabledFor(level):
            return
        facts = {"method": method, "route": route, "status": status, "duration_ms": round(seconds * 1000, 1)}
        if _log.isEnabledFor(logging.DEBUG):
            facts["client"] = self._client_of(plain_request(scope))
        _log.log(level, "request", extra=facts)


def plain_request(scope: Scope) -> Request:
    """Return what says where a request is from."""
    client = scope.get("client")
    return Request(
        method=scope["method"],
        path=scope["path"],
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        peer=client[0] if client else None,
        scheme=scope["scheme"],
    )
