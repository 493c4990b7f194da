"""FastAPI: every route of userkit in an application, and guards for the application's own.

::

    kit = UserKit("sqlite:///app.db", secret=SECRET)
    app = FastAPI()
    app.include_router(UserKitRouter(kit))

    @app.get("/protected")
    async def protected(user: CurrentUser):
        return {"user_id": user.id}
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Body, Depends, FastAPI, Path, Query, Request, Response, WebSocket
from fastapi.openapi.models import OAuth2 as PasswordForm
from fastapi.openapi.models import OAuthFlowPassword, OAuthFlows
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer, OAuth2PasswordBearer
from fastapi.security.base import SecurityBase
from pydantic import BaseModel
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import HTTPConnection
from starlette.routing import Route as StarletteRoute

from userkit.errors import ConfigurationError, UsageError, UserKitError
from userkit.features.users import User
from userkit.http.app import FRESH_FOR
from userkit.http.messages import Request as PlainRequest
from userkit.http.messages import Response as PlainResponse
from userkit.http.openapi import (
    if_match_parameter,
    problem_responses,
    reply_headers,
    request_body,
    security_of,
    security_schemes,
)
from userkit.http.problems import PROBLEM_JSON, to_response
from userkit.http.route import FORM, AnyRoute
from userkit.http.settings import ALL_TRANSPORTS, DEFAULT_BODY_LIMIT, DEFAULT_PREFIX
from userkit.kernel.identity import Identity
from userkit.kit import UserKit
from userkit.pages import with_pages
from userkit.surface import PageHandler, Surface

__all__ = [
    "CurrentIdentity",
    "CurrentUser",
    "OptionalIdentity",
    "OptionalUser",
    "UserKitRouter",
    "get_current_identity",
    "get_current_user",
    "get_optional_identity",
    "get_optional_user",
    "require",
    "require_fresh",
]

T = TypeVar("T")

_STATE = "userkit"
_NO_CONTENT = 204
_SPOKEN = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


_PASSWORD_FORM = PasswordForm(
    flows=OAuthFlows(password=OAuthFlowPassword(tokenUrl=f"{DEFAULT_PREFIX}/auth/token")),
    description="Sign in with the e-mail address as the user name.",
)


class _ProblemResponse(Response):
    """The answers of a route that has no body when all is well."""

    media_type = PROBLEM_JSON


class UserKitRouter(APIRouter):
    """Everything that a kit offers over HTTP. It opens and closes the kit with the application."""

    def __init__(
        self,
        kit: UserKit,
        *,
        prefix: str = DEFAULT_PREFIX,
        transports: Sequence[str] = ALL_TRANSPORTS,
        trusted_proxies: Sequence[str] = (),
        trusted_origins: Sequence[str] = (),
        body_limit: int = DEFAULT_BODY_LIMIT,
        pages: bool = False,
        opens_kit: bool = True,
    ) -> None:
        """Take a kit, and what the application wants to choose about HTTP.

        - ``prefix``: the path that all routes begin with.
        - ``transports``: how requests show who they are from: ``bearer``, ``api-key``, ``cookie``.
        - ``trusted_proxies``: addresses and networks whose ``X-Forwarded-For`` counts.
        - ``trusted_origins``: where pages of the application are, beside the host that is asked, such
          as ``https://app.example``. They may make changes with a cookie.
        - ``body_limit``: how many bytes of a body are read.
        - ``pages``: whether people find pages to sign in and look after their account, at the path of
          the kit's ``base_url``.
        - ``opens_kit``: whether the kit is opened and closed with the application; false for a view
          of a realm, whose kit is opened elsewhere.

        Raises ConfigurationError.
        """
        if not isinstance(kit, UserKit):
            raise ConfigurationError("FastAPI runs an event loop: give UserKitRouter a UserKit.")
        self.surface = Surface.of(
            kit,
            prefix=prefix,
            transports=transports,
            trusted_proxies=trusted_proxies,
            trusted_origins=trusted_origins,
            body_limit=body_limit,
        )
        if pages:
            self.surface = with_pages(self.surface, kit)
        self._kit, self._opens_kit = kit, opens_kit
        self._schemes = _schemes(f"{prefix}/auth/token")
        super().__init__(lifespan=self._lifespan)
        for path, methods in self.surface.paths.items():
            for route in methods.values():
                self._add_operation(prefix, route)
            self._add_hidden(prefix + path, self._others(methods))
        for path, page in self.surface.pages.items():
            self._add_hidden(path, self._page(page))

    @asynccontextmanager
    async def _lifespan(self, app: Any) -> AsyncGenerator[Mapping[str, Any], None]:
        if isinstance(app, FastAPI):
            _adopt(app, self)
        if not self._opens_kit:
            yield {_STATE: self.surface}
            return
        async with self._kit:
            yield {_STATE: self.surface}

    def _add_operation(self, prefix: str, route: AnyRoute) -> None:
        endpoint = _endpoint(route, self._answer(route))
        self.add_api_route(
            prefix + route.path,
            endpoint,
            methods=[route.method],
            name=route.name,
            operation_id=route.name,
            summary=route.summary,
            description=route.description or None,
            tags=[route.tag],
            status_code=route.status,
            response_model=route.reply,
            response_description="Done." if route.reply is None else "What was asked for.",
            responses=_responses(route),
            response_class=_response_class(route),
            dependencies=[Depends(self._schemes[name]) for name in security_of(route)],
            openapi_extra=_extra(route),
            route_class_override=_Operation,
        )

    def _add_hidden(self, path: str, handler: Handler) -> None:
        # Without methods it takes all that the operations of this path have left.
        self.routes.append(StarletteRoute(path, handler, methods=[], include_in_schema=False))

    def _answer(self, route: AnyRoute) -> Handler:
        async def answer(request: Request) -> Response:
            return await self._run(request, lambda plain: self.surface.app.run(route, plain))

        return answer

    def _others(self, methods: Mapping[str, AnyRoute]) -> Handler:
        async def others(request: Request) -> Response:
            return await self._run(request, lambda plain: self.surface.app.answer(methods, plain))

        return others

    def _page(self, page: PageHandler) -> Handler:
        async def show(request: Request) -> Response:
            return await self._run(request, page)

        return show

    async def _run(
        self, request: Request, answer: Callable[[PlainRequest], Awaitable[PlainResponse]]
    ) -> Response:
        body = await _body(request, self.surface.app.body_limit)
        if body is None:
            return _native(self.surface.app.too_large())
        return _native(await answer(_plain(request, body)))


class _Operation(APIRoute):
    """A route that FastAPI documents and userkit answers, without FastAPI's reading of the request."""

    def get_route_handler(self) -> Handler:
        return self.endpoint.answer  # type: ignore[no-any-return,attr-defined]  # set by _endpoint


class _Guard(SecurityBase, Generic[T]):
    """Asks who a request is from. FastAPI documents it as a security scheme."""

    def __init__(self, ask: Callable[[Surface, PlainRequest], Awaitable[T]], told: str) -> None:
        self.model = _PASSWORD_FORM
        self.scheme_name = "password"
        self._ask = ask
        self.__doc__ = told

    async def __call__(self, connection: HTTPConnection) -> T:
        """Ask."""
        surface = getattr(connection.state, _STATE, None)
        if surface is None:
            raise UsageError(
                "There is no UserKitRouter in this application, or it has not been started: in tests, use "
                "`with TestClient(app) as client`."
            )
        return await self._ask(surface, _plain(connection))


get_current_identity = _Guard(Surface.identity, "Return who a request is from. Raises UnauthenticatedError.")
get_optional_identity = _Guard(
    Surface.identity_or_none,
    "Return who a request is from, None when it shows nothing. Raises UnauthenticatedError.",
)
get_current_user = _Guard(
    Surface.user, "Return the user a request is from, as they are now. Raises UnauthenticatedError."
)
get_optional_user = _Guard(
    Surface.user_or_none,
    "Return the user a request is from, None when it shows nothing. Raises UnauthenticatedError.",
)

CurrentIdentity = Annotated[Identity, Depends(get_current_identity)]
"""Who a request is from; nobody else gets in."""
OptionalIdentity = Annotated[Identity | None, Depends(get_optional_identity)]
"""Who a request is from, None when it shows nothing."""
CurrentUser = Annotated[User, Depends(get_current_user)]
"""The user a request is from, as they are now; nobody else gets in."""
OptionalUser = Annotated[User | None, Depends(get_optional_user)]
"""The user a request is from, None when it shows nothing."""


def require(permission: str) -> Any:
    """Let only those in who have a permission: ``dependencies=[require("users:write")]``.

    As ``Annotated[Identity, require("users:write")]`` it tells who they are. Raises
    UnauthenticatedError and ForbiddenError in the request.
    """

    async def ask(surface: Surface, request: PlainRequest) -> Identity:
        return await surface.require(request, permission)

    return Depends(_Guard(ask, f"Return who a request is from, if they have the permission {permission}."))


def require_fresh(*, minutes: float = FRESH_FOR.total_seconds() / 60) -> Any:
    """Let only those in who have proved within some minutes who they are.

    As ``Annotated[Identity, require_fresh()]`` it tells who they are. Raises UnauthenticatedError and
    ReauthenticationRequiredError in the request.
    """
    within = timedelta(minutes=minutes)

    async def ask(surface: Surface, request: PlainRequest) -> Identity:
        return await surface.require_fresh(request, within=within)

    return Depends(_Guard(ask, "Return who a request is from, if they have proved lately who they are."))


async def _problem(connection: HTTPConnection, error: Exception) -> Response | None:
    """Answer an error of userkit that an endpoint of the application has raised."""
    if isinstance(connection, WebSocket):
        code = error.code if isinstance(error, UserKitError) else ""
        await connection.close(_POLICY_VIOLATION, reason=code)
        return None
    return _native(to_response(error, presented="authorization" in connection.headers))


def _adopt(app: FastAPI, router: UserKitRouter) -> None:
    """Make an application answer errors of userkit as userkit does, and document how to sign in."""
    if UserKitError in app.exception_handlers:
        return
    app.add_exception_handler(UserKitError, _problem)  # type: ignore[arg-type]  # it takes WebSockets as well
    layer: Any = app.middleware_stack
    while layer is not None and not isinstance(layer, ExceptionMiddleware):
        layer = getattr(layer, "app", None)
    if layer is not None:
        # The application has been put together before anybody could be asked.
        layer.add_exception_handler(UserKitError, _problem)  # type: ignore[arg-type]  # as above
    make = app.openapi
    app.openapi = lambda: _mended(make(), app, router)  # type: ignore[method-assign]


def _mended(document: dict[str, Any], app: FastAPI, router: UserKitRouter) -> dict[str, Any]:
    """Say where the password form really is, and that bearer tokens and API keys open guarded endpoints."""
    token_url = next(
        (path for path, item in document["paths"].items() if _operation_id(item) == "token"), None
    )
    schemes = security_schemes(token_url or f"{router.surface.prefix}/auth/token")
    document.setdefault("components", {}).setdefault("securitySchemes", {}).update(schemes)
    for item in document["paths"].values():
        for operation in item.values():
            if isinstance(operation, dict) and operation.get("security") == [{"password": []}]:
                operation["security"] = [{name: []} for name in schemes]
    return document


def _operation_id(item: Mapping[str, Any]) -> str | None:
    operation = item.get("post")
    return operation.get("operationId") if isinstance(operation, dict) else None


def _endpoint(route: AnyRoute, answer: Handler) -> Callable[..., Any]:
    """Return a function whose signature tells FastAPI what to document."""

    async def endpoint(**_: Any) -> None:
        raise UsageError("FastAPI reads the signature of this function, and never calls it.")

    wanted: list[tuple[str, Any]] = [(name, Annotated[str, Path()]) for name in route.path_names]
    if route.query is not None:
        wanted.append(("query", Annotated[route.query, Query()]))
    if route.body is not None and route.media_type != FORM:
        wanted.append(("body", Annotated[route.body, Body()]))
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind) for name, kind in wanted
    ]
    endpoint.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    endpoint.__name__ = route.name
    endpoint.answer = answer  # type: ignore[attr-defined]
    return endpoint


def _schemes(token_url: str) -> dict[str, Callable[..., Any]]:
    told = security_schemes(token_url)
    return {
        "password": OAuth2PasswordBearer(
            token_url,
            scheme_name="password",
            description=told["password"]["description"],
        ),
        "bearer": HTTPBearer(scheme_name="bearer", description=told["bearer"]["description"]),
        "api_key": APIKeyHeader(
            name=told["api_key"]["name"],
            scheme_name="api_key",
            description=told["api_key"]["description"],
        ),
    }


def _response_class(route: AnyRoute) -> type[Response]:
    if route.status == _NO_CONTENT:
        return _ProblemResponse
    return Response if route.reply is None else JSONResponse


def _responses(route: AnyRoute) -> dict[int | str, dict[str, Any]]:
    others: dict[int | str, dict[str, Any]] = {
        status: {"description": told} for status, told in route.also.items()
    }
    for status, (told, model) in problem_responses(route).items():
        # Where the answer has no body of its own, the type of the body is that of problems.
        shown = {"model": model} if route.status == _NO_CONTENT else {"content": _problem_content(model)}
        others[status] = {"description": told, **shown}
    return others


def _problem_content(model: type[BaseModel]) -> dict[str, Any]:
    return {PROBLEM_JSON: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}


def _extra(route: AnyRoute) -> dict[str, Any] | None:
    extra: dict[str, Any] = {}
    if route.body is not None and route.media_type == FORM:
        extra["requestBody"] = request_body(route, route.body.model_json_schema())
    if parameters := if_match_parameter(route):
        extra["parameters"] = parameters
    if headers := reply_headers(route):
        extra["responses"] = {str(route.status): {"headers": headers}}
    return extra or None


async def _body(request: Request, limit: int) -> bytes | None:
    """Return the body of a request, None when it is longer than is read."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _plain(connection: HTTPConnection, body: bytes = b"") -> PlainRequest:
    scope = connection.scope
    client = scope.get("client")
    return PlainRequest(
        # Opening a WebSocket is no method; like a change, it must come from the application's own pages.
        method=scope.get("method", "WEBSOCKET"),
        path=scope["path"],
        path_values=scope.get("path_params", {}),
        query=scope["query_string"].decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        body=body,
        peer=client[0] if client else None,
        scheme=_SPOKEN[scope["scheme"]],
    )


def _native(plain: PlainResponse) -> Response:
    response = Response(plain.body, status_code=plain.status)
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in plain.headers]
    if plain.status != _NO_CONTENT and plain.header("content-length") is None:
        headers.append((b"content-length", b"%d" % len(plain.body)))
    response.raw_headers = headers
    return response
