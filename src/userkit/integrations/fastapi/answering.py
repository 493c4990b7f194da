"""The routes that answer: FastAPI routes to them, and reads nothing of the request itself."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Scope

from userkit.http.messages import Request as PlainRequest
from userkit.http.messages import Response as PlainResponse
from userkit.integrations.fastapi.adopting import adopt, as_included
from userkit.integrations.fastapi.documenting import TOKEN_PATH
from userkit.integrations.fastapi.translating import native, plain_request, read_body

if TYPE_CHECKING:
    from userkit.integrations.fastapi.router import UserKitRouter

__all__ = ["AnsweringRoute", "PathEndpoint", "literal_beginning"]

_BAD_REQUEST = 400


@dataclass(frozen=True, slots=True, eq=False)
class PathEndpoint:
    """Answer all methods of one path."""

    router: "UserKitRouter"
    path: str
    answer: Callable[[PlainRequest], Awaitable[PlainResponse]]

    async def respond(self, request: Request) -> Response:
        """Read the body, have the request answered, and translate."""
        self.router.check_open()
        app = self.router.surface.app
        try:
            body = await read_body(request, app.body_limit)
        except ClientDisconnect:
            return Response(status_code=_BAD_REQUEST)  # nobody is there to see it
        if body is None:
            return native(app.too_large())
        return native(await self.answer(plain_request(request, body)))


class AnsweringRoute(APIRoute):
    """Answer all methods of one path; it is not in the document.

    What the application wants of all its routes, such as ``FastAPI(dependencies=[…])``, holds for it as well.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers: the endpoint itself, where FastAPI has nothing to do before it."""
        own: PathEndpoint = self.endpoint.__self__  # type: ignore[attr-defined]  # it is PathEndpoint.respond
        self._beginning = literal_beginning(own.path)
        included = as_included(self)
        if included is None:
            return super().get_route_handler()
        app = included.dependency_overrides_provider
        if isinstance(app, FastAPI):
            own_token = own.path == f"{own.router.surface.prefix}{TOKEN_PATH}"
            adopt(app, own.router, token_path=included.path_format if own_token else None)
        return super().get_route_handler() if included.dependencies else self.endpoint

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See APIRoute.matches; looking for what does not change is cheaper than the pattern."""
        return super().matches(scope) if self._beginning in scope["path"] else (Match.NONE, {})


def literal_beginning(path: str) -> str:
    """Return a path up to its first place."""
    return path.partition("{")[0]
