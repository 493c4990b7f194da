"""What an application learns of our router: whom guards ask, how to answer errors, where to sign in."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, WebSocket, routing
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from userkit.errors import UsageError, UserKitError
from userkit.http.problems import to_response
from userkit.integrations.fastapi.documenting import TOKEN_PATH, Scheme, token_url
from userkit.integrations.fastapi.translating import Answer

if TYPE_CHECKING:
    from userkit.integrations.fastapi.router import UserKitRouter

__all__ = ["CHOSEN", "NotStartedError", "adopt", "answer_errors", "as_included", "router_for"]

CHOSEN = "userkit.chosen"
"""Where a request keeps the router that its guards are to ask, in place of the application's first."""

_PASSED = "userkit.passed"
_ADOPTED = "userkit_router"
_HANDLERS = "starlette.exception_handlers"
_CLOSE_CODES = {500: 1011, 503: 1013}  # the registry of RFC 6455, section 7.4.1
_POLICY_VIOLATION = 1008


class NotStartedError(UsageError):
    """The application has not been started, or is part of one that does not start it."""

    summary = (
        "The kit of this UserKitRouter is not open, because the application has not been started. In tests, "
        "use `with TestClient(app) as client`. One that is mounted in another application is not started "
        "by it: enter `mounted.router.lifespan_context(mounted)` in the lifespan of the other one."
    )


def adopt(app: FastAPI, router: UserKitRouter, *, token_path: str | None = None) -> None:
    """Make an application ask this router's kit, answer its errors, and document how to sign in.

    Of several routers in one application the first counts. ``token_path``: where it takes the password form.
    """
    if getattr(app.state, _ADOPTED, None) is None:
        setattr(app.state, _ADOPTED, router)
        handlers: dict[Any, Any] = app.exception_handlers
        handlers.setdefault(UserKitError, _problem)
        _pass_on(app, router)
        _mend_document(app, router)
    if token_path is not None and getattr(app.state, _ADOPTED) is router:
        Scheme.told_url = token_url(token_path, app.docs_url)


def router_for(connection: HTTPConnection) -> UserKitRouter:
    """Return the router whose kit the guards of a request ask. Raises UsageError where there is none."""
    scope = connection.scope
    found = scope.get(CHOSEN) or _adopted_by(scope.get("app")) or scope.get(_PASSED)
    if found is None:
        raise UsageError("This application has no UserKitRouter: app.include_router(UserKitRouter(kit)).")
    router: UserKitRouter = found
    return router


def answer_errors(scope: MutableMapping[str, Any]) -> None:
    """Let errors of userkit become problem details, unless the application has a handler of its own."""
    handlers = scope.get(_HANDLERS)
    if handlers is not None:
        handlers[0].setdefault(UserKitError, _problem)


def as_included(route: routing.APIRoute) -> Any | None:
    """Return a route as it is in the application that FastAPI is about to include it in.

    Newer versions keep it apart from the route. None where a version to come has hidden it from us.
    """
    if not hasattr(routing, "iter_route_contexts"):
        return route
    included = getattr(routing, "_effective_route_context_var", None)
    return None if included is None else included.get() or route


def _adopted_by(app: Any) -> UserKitRouter | None:
    found = getattr(getattr(app, "state", None), _ADOPTED, None)
    if found is None and isinstance(app, FastAPI) and hasattr(routing, "iter_route_contexts"):
        # FastAPI puts routes together when the first of them is asked for, and then we are called.
        for _ in routing.iter_route_contexts(app.routes):
            pass
        found = getattr(app.state, _ADOPTED, None)
    router: UserKitRouter | None = found
    return router


def _pass_on(app: FastAPI, router: UserKitRouter) -> None:
    """Tell every request which router there is.

    The application may be put together already, and its middleware may hide what it is put together
    from; what all of it leads to is the application's router. Those mounted below it see this, too.
    """
    inner = app.router.middleware_stack

    async def passed_on(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            scope[_PASSED] = router
            answer_errors(scope)
        await inner(scope, receive, send)

    app.router.middleware_stack = passed_on


def _mend_document(app: FastAPI, router: UserKitRouter) -> None:
    """Say in the document where this application, and not the one that came last, takes the password form."""
    make = app.openapi

    def mended() -> dict[str, Any]:
        document = make()
        ending = f"{router.surface.prefix}{TOKEN_PATH}"
        path = next((path for path in document["paths"] if path.endswith(ending)), None)
        schemes = document.get("components", {}).get("securitySchemes", {})
        if path is not None and "password" in schemes:
            schemes["password"]["flows"]["password"]["tokenUrl"] = token_url(path, app.docs_url)
        return document

    app.openapi = mended  # type: ignore[method-assign]  # as FastAPI's documentation says


async def _problem(connection: HTTPConnection, error: Exception) -> Response | None:
    """Answer an error of userkit that an endpoint of the application has raised."""
    if isinstance(error, NotStartedError):
        raise error  # whoever runs the application, or its tests, is to see it
    plain = to_response(error, presented="authorization" in connection.headers)
    if not isinstance(connection, WebSocket):
        return Answer(plain)
    code = error.code if isinstance(error, UserKitError) and plain.status < 500 else ""
    await connection.close(_CLOSE_CODES.get(plain.status, _POLICY_VIOLATION), reason=code)
    return None
