"""What machines ask: is the process up, does it reach its store, how is it doing."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from userkit.errors import ForbiddenError, StoreUnavailableError, UserKitError, UserNotFoundError
from userkit.features.users import Users
from userkit.http.forwarded import TrustedProxies
from userkit.http.messages import Request as PlainRequest
from userkit.http.problems import to_response
from userkit.serving.metrics import EXPOSITION_TYPE, Metrics
from userkit.serving.observing import plain_request

__all__ = ["PATIENCE", "Probes", "problem"]

PATIENCE = 2.0
"""How many seconds the store has to answer."""

# Nobody has it: of the year 1970, and without chance.
_NOBODY = "00000000-0000-7000-8000-000000000000"
_PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip")
_UNCACHED = {"cache-control": "no-store"}

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probes:
    """Answer machines.

    Metrics are for this machine only, unless they are ``open``. A request that came through a
    proxy is not from this machine, whoever the proxy is.
    """

    users: Users
    metrics: Metrics
    proxies: TrustedProxies
    open: bool
    patience: float = PATIENCE

    async def health(self, _: Request) -> Response:
        """Say that the process is up."""
        return _ok()

    async def readiness(self, _: Request) -> Response:
        """Say whether the store is reached."""
        try:
            async with asyncio.timeout(self.patience):
                await self.users.get(_NOBODY)
        except UserNotFoundError:
            return _ok()
        except TimeoutError:
            return problem(StoreUnavailableError("The database does not answer in time."))
        except UserKitError as error:
            return problem(error)
        return _ok()

    async def figures(self, request: Request) -> Response:
        """Return the metrics."""
        if not self.open and not self._is_local(plain_request(request.scope)):
            return problem(
                ForbiddenError(
                    "The metrics are for this machine only; --metrics-open shows them to everybody."
                )
            )
        text = await asyncio.to_thread(self.metrics.exposition)
        return Response(text, headers={"content-type": EXPOSITION_TYPE, **_UNCACHED})

    def _is_local(self, request: PlainRequest) -> bool:
        if any(request.values(name) for name in _PROXIED):
            return False
        try:
            return ipaddress.ip_address(self.proxies.client_of(request)).is_loopback
        except ValueError:
            return False


def problem(error: UserKitError) -> Response:
    """Return an error as problem details."""
    told = to_response(error)
    return Response(told.body, status_code=told.status, headers=dict(told.headers))


def _ok() -> Response:
    return Response(b'{"status":"ok"}', headers={"content-type": "application/json", **_UNCACHED})
