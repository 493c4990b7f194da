"""The FastAPI application of ``userkit serve``."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from userkit.errors import NotFoundError
from userkit.http.problems import MethodNotAllowedError
from userkit.integrations.fastapi import UserKitRouter
from userkit.kit import UserKit
from userkit.plugins.advice import userkit_version
from userkit.plugins.backends import open_hasher
from userkit.serving.kit import kit_arguments
from userkit.serving.metering import MeteredHasher, StoreMetering
from userkit.serving.metrics import Metrics
from userkit.serving.observing import Observed
from userkit.serving.probes import Probes, problem
from userkit.serving.settings import Serving

__all__ = ["create_app", "from_environment"]

_NOT_ALLOWED = 405


def from_environment() -> FastAPI:
    """Return the application that the environment of a worker describes."""
    return create_app(Serving.read())


def create_app(serving: Serving) -> FastAPI:
    """Return the application of a server. Raises ConfigurationError."""
    metrics = Metrics()
    hasher = MeteredHasher(open_hasher("argon2", blocking=False), metrics)
    kit = UserKit(**kit_arguments(serving, hooks=[StoreMetering(metrics)], hasher=hasher))
    metrics.listen(kit)
    router = UserKitRouter(kit, trusted_proxies=serving.server.proxies, pages=serving.server.pages)
    proxies = router.surface.app.proxies
    probes = Probes(
        users=router.surface.users, metrics=metrics, proxies=proxies, open=serving.server.metrics_open
    )
    paths: dict[Any, str] = {}
    app = FastAPI(
        title=serving.kit.app_name,
        version=userkit_version(),
        redoc_url=None,
        # It would send people to whatever host a request names.
        redirect_slashes=False,
        lifespan=_closing(hasher),
        middleware=[Middleware(Observed, metrics=metrics, routes=paths, client_of=proxies.client_of)],
        exception_handlers={HTTPException: _as_problem},
    )
    app.router.routes += _probed(probes)
    app.include_router(router)
    paths |= _paths([*app.routes, *router.routes])
    return app


def _closing(hasher: MeteredHasher) -> Any:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            await hasher.close()

    return lifespan


def _probed(probes: Probes) -> list[Route]:
    answers = {"/healthz": probes.health, "/readyz": probes.readiness, "/metrics": probes.figures}
    return [Route(path, answer, methods=["GET"], include_in_schema=False) for path, answer in answers.items()]


def _paths(routes: Sequence[Any]) -> Mapping[Any, str]:
    found = ((getattr(each, "endpoint", None), getattr(each, "path", None)) for each in routes)
    return {endpoint: path for endpoint, path in found if endpoint is not None and path is not None}


async def _as_problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == _NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        return problem(MethodNotAllowedError(tuple(sorted(allowed.split(", ")))))
    return problem(NotFoundError())
