"""Running routes: who is asking, may they, what do they say, what are they told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from userkit.errors import (
    CsrfFailedError,
    ForbiddenError,
    StaleError,
    UnauthenticatedError,
    UserNotFoundError,
)
from userkit.http.browser import Browser
from userkit.http.decoding import read_body, read_query
from userkit.http.events import EVENT_STREAM_HEADERS, begun
from userkit.http.forwarded import TrustedProxies
from userkit.http.messages import Request, Response
from userkit.http.problems import (
    BodyTooLargeError,
    MethodNotAllowedError,
    PreconditionFailedError,
    to_response,
)
from userkit.http.route import JSON, SEEING, Access, AnyRoute, Call, Reply
from userkit.http.transports import Transport, Transports
from userkit.kernel.identity import Identity
from userkit.kernel.origin import Origin, coming_from

__all__ = ["Gatekeeper", "HttpApp", "Shown", "acting"]

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FRESH_FOR = timedelta(minutes=5)
"""How long somebody who has proved who they are may do what is dangerous."""


class Gatekeeper(Protocol):
    """Knows who somebody is and what they may do at this moment."""

    async def authenticate(self, credential: str) -> Identity:
        """Return whose credential this is, or raise UnauthenticatedError."""
        ...

    async def allows(self, identity: Identity, permission: str) -> bool:
        """Tell whether somebody has a permission."""
        ...

    async def require(self, identity: Identity, permission: str) -> None:
        """Raise ForbiddenError, and record it, unless somebody has a permission."""
        ...

    async def require_current(self, identity: Identity) -> None:
        """Raise UnauthenticatedError unless the account of somebody is there and open."""
        ...

    async def require_fresh(self, identity: Identity, *, within: timedelta) -> None:
        """Raise ReauthenticationRequiredError unless somebody has proved lately who they are."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """Who a request is from, and how it shows it."""

    identity: Identity
    transport: Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApp:
    """Answer requests. It never raises: whatever goes wrong becomes an answer."""

    gatekeeper: Gatekeeper
    transports: Transports
    browser: Browser
    proxies: TrustedProxies
    body_limit: int

    async def run(self, route: AnyRoute, request: Request) -> Response:
        """Answer a request to a route."""
        try:
            with self.origin(request):
                return await self._answer(route, request)
        except Exception as error:  # noqa: BLE001  # an answer for everything, and the log has the rest
            presented = bool(request.values("authorization"))
            return to_response(_meant(error, route, request), presented=presented)

    async def answer(self, routes: Mapping[str, AnyRoute], request: Request) -> Response:
        """Answer a request to a path, whose routes are given by their methods.

        HEAD is GET without the body, OPTIONS tells the methods, and others are not allowed.
        """
        route = routes.get(request.method)
        if route is not None:
            return await self.run(route, request)
        if request.method == "HEAD" and _has_head(routes):
            return (await self.run(routes["GET"], request)).without_body()
        allowed = allowed_methods(routes)
        if request.method == "OPTIONS":
            return Response(
                status=204, headers=(("allow", ", ".join(allowed)), ("cache-control", "no-store"))
            )
        return to_response(MethodNotAllowedError(allowed))

    def too_large(self) -> Response:
        """Answer a request whose body is longer than ``body_limit``."""
        return to_response(
            BodyTooLargeError(f"The body is too large; at most {self.body_limit} bytes are read.")
        )

    def origin(self, request: Request) -> AbstractContextManager[Origin]:
        """Say where the calls inside come from, by what a request tells."""
        agent = request.value("user-agent") or ""
        return coming_from(address=self.proxies.client_of(request), user_agent=agent)

    async def identify(self, request: Request) -> Shown | None:
        """Return who a request is from, None when it shows nothing.

        A change that comes with a cookie must be made by the application's own pages, and one that comes
        with the header of an auth backend by no page of somebody else. Raises
        UnauthenticatedError and CsrfFailedError.
        """
        credential = self.transports.read(request)
        if credential is None:
            return None
        identity = await self.gatekeeper.authenticate(credential.text)
        if not self.transports.fits(credential, identity):
            raise UnauthenticatedError
        if request.method not in _SAFE:
            self._check_csrf(request, credential.transport, identity)
        return Shown(identity, credential.transport)

    def _check_csrf(self, request: Request, transport: Transport, identity: Identity) -> None:
        csrf = self.browser.csrf
        if transport is Transport.COOKIE and not csrf.is_ours(request, identity.session_id or ""):
            raise CsrfFailedError
        # A proxy may put the header into whatever a browser sends; what is no browser tells no origin.
        if transport is Transport.HEADER and csrf.is_foreign(request):
            raise CsrfFailedError

    async def _answer(self, route: AnyRoute, request: Request) -> Response:
        if len(request.body) > self.body_limit:
            return self.too_large()
        shown = await self._admitted(route, request)
        if shown is None:
            return await self._handled(route, request, None)
        with acting(shown.identity):
            await self._check_access(route.access, shown.identity, request)
            return await self._of_somebody(route, request, shown)

    async def _of_somebody(self, route: AnyRoute, request: Request, shown: Shown) -> Response:
        try:
            return await self._handled(route, request, shown)
        except UserNotFoundError:
            if not route.access.public:
                # Perhaps it is the caller who has been deleted, and must hear that first.
                await self.gatekeeper.require_current(shown.identity)
            raise

    async def _admitted(self, route: AnyRoute, request: Request) -> Shown | None:
        try:
            shown = await self.identify(request)
            if shown is not None and route.events and _is_led_here(request, shown):
                raise CsrfFailedError
        except (UnauthenticatedError, CsrfFailedError):
            # Who may do it without signing in may do it with a cookie that has expired.
            if route.access.public:
                return None
            raise
        if shown is None and not route.access.public:
            raise UnauthenticatedError
        return shown

    async def _check_access(self, access: Access, identity: Identity, request: Request) -> None:
        if access.session and identity.session_id is None:
            raise ForbiddenError("Sign in for this; this credential is no session.")
        own = access.subject is not None and request.path_values[access.subject] == identity.user_id
        if access.permission is not None and not (own and access.own):
            await self._require(access, identity, own=own)
        elif access.fresh:
            await self.gatekeeper.require_fresh(identity, within=FRESH_FOR)

    async def _require(self, access: Access, identity: Identity, *, own: bool) -> None:
        assert access.permission is not None
        try:
            await self.gatekeeper.require(identity, access.permission)
        except ForbiddenError:
            hidden = access.subject is not None and not own
            if hidden and not await self.gatekeeper.allows(identity, SEEING):
                raise UserNotFoundError from None
            raise

    async def _handled(self, route: AnyRoute, request: Request, shown: Shown | None) -> Response:
        call: Call[Any, Any] = Call(
            request=request,
            query=read_query(route.query, request.query),
            body=None if route.body is None else read_body(route.body, request, media_type=route.media_type),
            caller=None if shown is None else shown.identity,
            transport=None if shown is None else shown.transport,
            browser=self.browser,
        )
        reply = await route.handler(call)
        stream = None if reply.events is None else await begun(reply.events)
        return _encoded(route, reply, stream)


def _is_led_here(request: Request, shown: Shown) -> bool:
    """Tell whether a link has led a browser to a stream, which costs what it costs, and nobody reads it.

    Pages read streams by scripts of their own; the cookie goes along with links on pages of others, too.
    """
    elsewhere = request.value("sec-fetch-site") == "cross-site"
    navigates = request.value("sec-fetch-mode") == "navigate"
    return shown.transport in (Transport.COOKIE, Transport.HEADER) and (elsewhere or navigates)


def acting(identity: Identity) -> AbstractContextManager[Origin]:
    """Say that the calls inside are made for somebody who is signed in."""
    return coming_from(actor_id=identity.user_id, session_id=identity.session_id)


def allowed_methods(routes: Mapping[str, AnyRoute]) -> tuple[str, ...]:
    """Return what may be asked of a path, as the header Allow tells it."""
    return (*sorted({*routes, *(("HEAD",) if _has_head(routes) else ())}), "OPTIONS")


def _has_head(routes: Mapping[str, AnyRoute]) -> bool:
    """Tell whether HEAD is answered; a stream of events has no length and costs what it costs."""
    return "GET" in routes and not routes["GET"].events


def _meant(error: Exception, route: AnyRoute, request: Request) -> Exception:
    """Return a lost race as what it is to a client who has named a revision."""
    if isinstance(error, StaleError) and route.conditional and request.values("if-match"):
        return PreconditionFailedError(error.detail)
    return error


def _encoded(route: AnyRoute, reply: Reply, stream: AsyncGenerator[bytes, None] | None) -> Response:
    status = reply.status or route.status
    headers = (("cache-control", route.cacheable or "no-store"), *reply.headers)
    if stream is not None:
        return Response(status=status, headers=(*EVENT_STREAM_HEADERS, *headers), stream=stream)
    if reply.value is None:
        return Response(status=status, headers=headers)
    body = reply.value.__pydantic_serializer__.to_json(reply.value)
    return Response(status=status, headers=(("content-type", JSON), *headers), body=body)
