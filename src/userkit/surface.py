"""A kit as frameworks see it: what can be asked of it over HTTP, and who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from userkit.errors import ForbiddenError, UnauthenticatedError, UsageError
from userkit.http.app import FRESH_FOR, HttpApp, acting
from userkit.http.browser import Browser
from userkit.http.cookies import Cookies
from userkit.http.csrf import CsrfGuard
from userkit.http.forwarded import TrustedProxies
from userkit.http.messages import Request, Response
from userkit.http.route import AnyRoute
from userkit.http.settings import (
    ALL_TRANSPORTS,
    DEFAULT_BODY_LIMIT,
    DEFAULT_PREFIX,
    check_body_limit,
    check_origins,
    check_prefix,
)
from userkit.http.transports import Transport, Transports

if TYPE_CHECKING:
    from userkit.authentication import Authentication
    from userkit.features.roles import Roles
    from userkit.features.sessions import Sessions
    from userkit.features.users import User, Users
    from userkit.kernel.identity import Identity
    from userkit.kit import SyncUserKit, UserKit

__all__ = ["PageHandler", "Surface"]

PageHandler = Callable[[Request], Awaitable[Response]]
"""Answers every method of one page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What integrations translate; nothing is decided by them.

    ``paths``: the routes by path, below the prefix, and by method. Those without places come first.
    Guards return who a request is from, or raise UnauthenticatedError, ForbiddenError and its kinds.
    """

    app: HttpApp
    prefix: str
    paths: Mapping[str, Mapping[str, AnyRoute]]
    users: Users
    pages: Mapping[str, PageHandler] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        kit: UserKit | SyncUserKit,
        *,
        prefix: str = DEFAULT_PREFIX,
        transports: Sequence[str] = ALL_TRANSPORTS,
        trusted_proxies: Sequence[str] = (),
        trusted_origins: Sequence[str] = (),
        body_limit: int = DEFAULT_BODY_LIMIT,
    ) -> Self:
        """Return the surface of a kit.

        - ``prefix``: the path that all routes begin with.
        - ``transports``: how requests show who they are from: ``bearer``, ``api-key``, ``header`` (that
          of an auth backend), ``cookie``.
        - ``trusted_proxies``: addresses and networks whose ``X-Forwarded-For`` counts.
        - ``trusted_origins``: where pages of the application are, beside the host that is asked, such
          as ``https://app.example``. They may make changes with a cookie.
        - ``body_limit``: how many bytes of a body are read.

        Raises ConfigurationError.
        """
        wiring = kit.wiring()
        offered = wiring.offered
        proxies = TrustedProxies.of(trusted_proxies)
        cookies = Cookies.for_base_url(wiring.base_url)
        accepted = Transports.of(transports, cookies=cookies, headers=wiring.authentication.headers())
        csrf = CsrfGuard(
            wiring.keys.derive("csrf"),
            wiring.realm,
            check_origins(trusted_origins),
            proxies,
            wiring.base_url,
        )
        app = HttpApp(
            gatekeeper=_Gatekeeper(
                wiring.authentication, offered["users"], offered["roles"], offered["sessions"]
            ),
            transports=accepted,
            browser=Browser(cookies, csrf, accepted=Transport.COOKIE in accepted.accepted),
            proxies=proxies,
            body_limit=check_body_limit(body_limit),
        )
        paths = _by_path(kit.routes())
        return cls(app=app, prefix=check_prefix(prefix), paths=paths, users=offered["users"])

    @property
    def routes(self) -> Sequence[AnyRoute]:
        """Return all routes, in the order in which they must be looked for."""
        return [route for methods in self.paths.values() for route in methods.values()]

    async def identity(self, request: Request) -> Identity:
        """Return who a request is from."""
        identity = await self.identity_or_none(request)
        if identity is None:
            raise UnauthenticatedError
        return identity

    async def identity_or_none(self, request: Request) -> Identity | None:
        """Return who a request is from, None when it shows nothing; what it shows must be good."""
        with self.app.origin(request):
            shown = await self.app.identify(request)
        return None if shown is None else shown.identity

    async def user(self, request: Request) -> User:
        """Return the user a request is from, as they are now."""
        return await self.users.current(await self.identity(request))

    async def user_or_none(self, request: Request) -> User | None:
        """Return the user a request is from, None when it shows nothing."""
        identity = await self.identity_or_none(request)
        return None if identity is None else await self.users.current(identity)

    async def require(self, request: Request, permission: str) -> Identity:
        """Return who a request is from, if they have a permission at this moment."""
        identity = await self.identity(request)
        with self.app.origin(request), acting(identity):
            await self.app.gatekeeper.require(identity, permission)
        return identity

    async def require_fresh(self, request: Request, *, within: timedelta = FRESH_FOR) -> Identity:
        """Return who a request is from, if they have proved lately who they are."""
        identity = await self.identity(request)
        if identity.session_id is None:
            raise ForbiddenError("Sign in for this; this credential is no session.")
        with self.app.origin(request), acting(identity):
            await self.app.gatekeeper.require_fresh(identity, within=within)
        return identity


@dataclass(frozen=True, slots=True)
class _Gatekeeper:
    authentication: Authentication
    users: Users
    roles: Roles
    sessions: Sessions

    async def authenticate(self, credential: str) -> Identity:
        return await self.authentication(credential)

    async def allows(self, identity: Identity, permission: str) -> bool:
        return await self.roles.allows(identity, permission)

    async def require(self, identity: Identity, permission: str) -> None:
        await self.roles.require(identity, permission)

    async def require_current(self, identity: Identity) -> None:
        await self.users.current(identity)

    async def require_fresh(self, identity: Identity, *, within: timedelta) -> None:
        await self.sessions.require_fresh(identity, within=within)


def _by_path(routes: Sequence[AnyRoute]) -> Mapping[str, Mapping[str, AnyRoute]]:
    """Return routes by path and method; a path that names a word comes before one that takes any."""
    paths: dict[str, dict[str, Any]] = {}
    written: dict[tuple[str, ...], str] = {}
    for route in sorted(routes, key=lambda route: [part.startswith("{") for part in route.path.split("/")]):
        methods = paths.setdefault(route.path, {})
        if route.method in methods:
            raise UsageError(f"Two features offer {route.method} {route.path}.")
        methods[route.method] = route
        # Of two paths that take the same requests, frameworks would only ever find the first.
        shape = tuple("{}" if part.startswith("{") else part for part in route.path.split("/"))
        if (other := written.setdefault(shape, route.path)) != route.path:
            raise UsageError(f"{other} and {route.path} are one path: call its places alike.")
    return paths
