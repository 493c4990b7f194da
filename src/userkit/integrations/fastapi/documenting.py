"""What FastAPI's document tells of our routes, and of how to sign in."""

import inspect
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import Body, Path, Query
from fastapi.openapi.models import APIKey, HTTPBearer, OAuth2
from fastapi.openapi.models import SecurityBase as SchemeModel
from fastapi.params import Depends
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from pydantic import BaseModel
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from userkit.errors import UsageError
from userkit.http.events import EVENT_STREAM
from userkit.http.openapi import (
    event_stream,
    if_match_parameter,
    problem_responses,
    reply_headers,
    request_body,
    security_of,
    security_schemes,
)
from userkit.http.problems import PROBLEM_JSON
from userkit.http.route import FORM, AnyRoute
from userkit.http.settings import DEFAULT_PREFIX

__all__ = [
    "API_KEY",
    "BEARER",
    "PASSWORD",
    "TOKEN_PATH",
    "DocumentedRoute",
    "Scheme",
    "documented",
    "token_url",
]

TOKEN_PATH = "/auth/token"  # noqa: S105  # a path
"""Where the password form is sent to, below the prefix."""

_NO_CONTENT = 204
_MODELS: Mapping[str, type[SchemeModel]] = {"password": OAuth2, "bearer": HTTPBearer, "api_key": APIKey}


class Scheme(SecurityBase):
    """Tell in the document one way to sign in. What a request shows is looked at by the guards.

    Where the password form is sent to, only the application knows that our router is included in. Until
    one does, FastAPI is told what is usual.
    """

    told_url = f"{DEFAULT_PREFIX}{TOKEN_PATH}".removeprefix("/")

    def __init__(self, name: str) -> None:
        """Take one of the names in ``http.openapi``."""
        self.scheme_name = name

    @property
    def model(self) -> SchemeModel:  # type: ignore[override]  # FastAPI reads it when it writes the document
        """Return what the document says."""
        return _MODELS[self.scheme_name].model_validate(security_schemes(Scheme.told_url)[self.scheme_name])

    async def __call__(self) -> None:
        """Let everybody pass."""


PASSWORD, BEARER, API_KEY = Scheme("password"), Scheme("bearer"), Scheme("api_key")
_SCHEMES = {scheme.scheme_name: scheme for scheme in (PASSWORD, BEARER, API_KEY)}


def token_url(path: str, docs_url: str | None) -> str:
    """Return where the password form is sent to, as seen from the page with the documentation.

    A relative URL is right behind a proxy that serves the application below a path of its own, too.
    """
    depth = (docs_url or "/").count("/") - 1
    return "../" * depth + path.removeprefix("/")


class DocumentedRoute(APIRoute):
    """Show one of our operations in FastAPI's document. No request is ever routed to it."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match nothing: the route that answers stands beside it."""
        return Match.NONE, {}


def documented(route: AnyRoute, *, operation_prefix: str) -> Mapping[str, Any]:
    """Return the arguments of ``APIRouter.add_api_route`` that document a route."""
    return {
        "endpoint": _signature_of(route),
        "methods": [route.method],
        "name": route.name,
        "operation_id": operation_prefix + route.name,
        "summary": route.summary,
        "description": route.description or None,
        "tags": [route.tag],
        "status_code": route.status,
        "response_model": route.reply,
        "response_description": "What was asked for." if route.reply or route.events else "Done.",
        "responses": _responses(route),
        "response_class": _response_class(route),
        "dependencies": [Depends(_SCHEMES[name]) for name in security_of(route)],
        "openapi_extra": _extra(route),
        "route_class_override": DocumentedRoute,
    }


class _ProblemResponse(Response):
    """The answers of a route that has no body when all is well."""

    media_type = PROBLEM_JSON


class _EventStream(Response):
    """The answers of a route that are streams of events."""

    media_type = EVENT_STREAM


def _signature_of(route: AnyRoute) -> Callable[..., Any]:
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
    return endpoint


def _response_class(route: AnyRoute) -> type[Response]:
    if route.status == _NO_CONTENT:
        return _ProblemResponse
    if route.events:
        return _EventStream
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
    success: dict[str, Any] = {"headers": headers} if (headers := reply_headers(route)) else {}
    if route.events:
        success["content"] = event_stream(route)
    if success:
        extra["responses"] = {str(route.status): success}
    return extra or None
