"""The router: everything that a kit offers over HTTP, in an application of FastAPI."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import HTTPConnection
from starlette.routing import Match
from starlette.types import Scope

from userkit.errors import ConfigurationError
from userkit.http.route import AnyRoute
from userkit.http.settings import ALL_TRANSPORTS, DEFAULT_BODY_LIMIT, DEFAULT_PREFIX
from userkit.integrations.fastapi.adopting import CHOSEN, NotStartedError, adopt
from userkit.integrations.fastapi.answering import AnsweringRoute, PathEndpoint, literal_beginning
from userkit.integrations.fastapi.documenting import documented
from userkit.kit import UserKit
from userkit.pages import PageSettings, with_pages
from userkit.storage.port import DEFAULT_REALM
from userkit.surface import PageHandler, Surface

__all__ = ["UserKitRouter"]


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
        pages: PageSettings | bool = False,
        opens_kit: bool = True,
        operation_prefix: str | None = None,
    ) -> None:
        """Take a kit, and what the application wants to choose about HTTP.

        - ``prefix``: the path that all routes begin with.
        - ``transports``: how requests show who they are from: ``bearer``, ``api-key``, ``header`` (that
          of an auth backend), ``cookie``.
        - ``trusted_proxies``: addresses and networks whose ``X-Forwarded-For`` counts.
        - ``trusted_origins``: where pages of the application are, beside the host that is asked, such
          as ``https://app.example``. They may make changes with a cookie.
        - ``body_limit``: how many bytes of a body are read.
        - ``pages``: whether people find pages to sign in and look after their account, at the path of
          the kit's ``base_url``; or what to choose about them.
        - ``opens_kit``: whether the kit is opened and closed with the application, unless it is open
          already; false for a view of a realm, whose kit is opened elsewhere.
        - ``operation_prefix``: what operation ids begin with, where one application has several
          routers; without it the name of the realm, and nothing in the usual one.

        Raises ConfigurationError.
        """
        if not isinstance(kit, UserKit):
            raise ConfigurationError("FastAPI runs an event loop: give UserKitRouter a UserKit.")
        surface = Surface.of(
            kit,
            prefix=prefix,
            transports=transports,
            trusted_proxies=trusted_proxies,
            trusted_origins=trusted_origins,
            body_limit=body_limit,
        )
        self.kit, self._opens_kit = kit, opens_kit
        self.surface = surface if pages is False else with_pages(surface, kit, pages)
        super().__init__(lifespan=self._lifespan)
        for path, methods in self.surface.paths.items():
            self._answer(prefix + path, partial(self.surface.app.answer, methods))
        for path, page in self.surface.pages.items():
            self._answer(path, page)
        for route in self.surface.routes:
            self._document(route, _operation_prefix(kit) if operation_prefix is None else operation_prefix)
        beginnings = {literal_beginning(path) for path in self.surface.pages}
        self._beginnings = (f"{prefix}/", *sorted(beginnings))

    def guarding(self) -> Any:
        """Let this router's kit guard endpoints, where an application has several routers.

        ``APIRouter(prefix="/acme", dependencies=[acme.guarding()])``: guards below it ask the kit of
        ``acme``. Everywhere else they ask that of the first router in the application.
        """
        return Depends(self._choose)

    def check_open(self) -> None:
        """Raise NotStartedError unless the kit is open."""
        if not self.kit.is_open:
            raise NotStartedError

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """See APIRouter.matches; a request that cannot be for us is told apart before any route is tried."""
        path: str = scope["path"]
        return super().matches(scope) if any(each in path for each in self._beginnings) else (Match.NONE, {})

    async def _choose(self, connection: HTTPConnection) -> None:
        connection.scope[CHOSEN] = self

    @asynccontextmanager
    async def _lifespan(self, app: Any) -> AsyncGenerator[None, None]:
        if isinstance(app, FastAPI):
            adopt(app, self)
        if not self._opens_kit or self.kit.is_open:
            yield
            return
        async with self.kit:
            yield

    def _answer(self, path: str, answer: PageHandler) -> None:
        self.add_api_route(
            path,
            PathEndpoint(self, path, answer).respond,
            # All methods are for us, also those that the path does not have.
            methods=[],
            name=path,
            # FastAPI makes one up from the first method, which there is not.
            operation_id=path,
            response_model=None,
            include_in_schema=False,
            route_class_override=AnsweringRoute,
        )

    def _document(self, route: AnyRoute, operation_prefix: str) -> None:
        arguments: Mapping[str, Any] = documented(route, operation_prefix=operation_prefix)
        self.add_api_route(self.surface.prefix + route.path, **arguments)


def _operation_prefix(kit: UserKit) -> str:
    realm = kit.wiring().realm
    return "" if realm == DEFAULT_REALM else f"{realm}_"
