"""An application with a gatekeeper that believes what it was told, and requests made by hand."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from userkit.errors import (
    ForbiddenError,
    ReauthenticationRequiredError,
    UnauthenticatedError,
)
from userkit.http.app import HttpApp
from userkit.http.browser import Browser
from userkit.http.cookies import Cookies
from userkit.http.csrf import CsrfGuard
from userkit.http.forwarded import TrustedProxies
from userkit.http.messages import Headers, Request, Response
from userkit.http.route import USER, Access, AnyCall, AnyRoute, Reply, Route
from userkit.http.transports import Transport, Transports
from userkit.kernel.identity import EVERYTHING, Identity

__all__ = [
    "FRESH_USER",
    "HOLDER",
    "KEYS",
    "OTHER",
    "PROXIES",
    "SEER",
    "SELF",
    "STALE_USER",
    "Doorkeeper",
    "answered",
    "application",
    "as_json",
    "asking",
    "bearing",
    "of",
    "problem",
    "route",
]

KEYS = (b"k" * 32, b"j" * 32)
PROXIES = TrustedProxies.of(["10.0.0.0/8", "2001:db8:ffff::/48"])
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)

SELF = "019a0c4e-7b5f-7c3a-9d1e-000000000001"
OTHER = "019a0c4e-7b5f-7c3a-9d1e-000000000002"


def of(
    user_id: str, *, session: str | None = "s1", backend: str = "jwt", scopes: frozenset[str] | None = None
) -> Identity:
    """Return an identity."""
    return Identity(
        user_id=user_id,
        session_id=session,
        authenticated_at=NOON,
        backend=backend,
        scopes=frozenset({EVERYTHING}) if scopes is None else scopes,
    )


FRESH_USER = "fresh"
STALE_USER = "stale"
HOLDER = "holder"
SEER = "seer"


@dataclass
class Doorkeeper:
    """Knows credentials by heart. ``failing``: what its ports raise instead, by their name."""

    known: Mapping[str, Identity] = field(
        default_factory=lambda: {
            FRESH_USER: of(SELF, session="fresh"),
            STALE_USER: of(SELF, session="stale"),
            HOLDER: of(OTHER, session="fresh"),
            "stale-holder": of(OTHER, session="stale"),
            SEER: of(OTHER, session="seer"),
            "stranger": of(OTHER, session="stranger"),
            "key": of(SELF, session=None, backend="api-key"),
            "holder-key": of(OTHER, session=None, backend="api-key", scopes=frozenset({"users:write"})),
            "narrow-key": of(OTHER, session=None, backend="api-key", scopes=frozenset({"orders:read"})),
            "opaque": of(SELF, session="fresh", backend="session"),
        }
    )
    failing: dict[str, BaseException] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    gone: tuple[str, ...] = ()

    async def authenticate(self, credential: str) -> Identity:
        """Return whose credential this is."""
        self._fail("authenticate")
        if credential not in self.known:
            raise UnauthenticatedError
        return self.known[credential]

    async def allows(self, identity: Identity, permission: str) -> bool:
        """Tell whether somebody has a permission: holders have all, seers may see."""
        self._fail("allows")
        return permission in self._held(identity) and identity.covers(permission)

    async def require(self, identity: Identity, permission: str) -> None:
        """Raise ForbiddenError unless somebody has a permission."""
        self._fail("require")
        if permission not in self._held(identity) or not identity.covers(permission):
            raise ForbiddenError

    async def require_current(self, identity: Identity) -> None:
        """Raise UnauthenticatedError when somebody is said to be gone."""
        self._fail("require_current")
        if identity.user_id in self.gone:
            raise UnauthenticatedError

    async def require_fresh(self, identity: Identity, *, within: timedelta) -> None:
        """Raise ReauthenticationRequiredError unless the session is called fresh."""
        self._fail("require_fresh")
        assert within == timedelta(minutes=5)
        if identity.session_id != "fresh":
            raise ReauthenticationRequiredError

    def _held(self, identity: Identity) -> tuple[str, ...]:
        if identity.user_id != OTHER or identity.session_id == "stranger":
            return ()
        return ("users:read",) if identity.session_id == "seer" else ("users:read", "users:write")

    def _fail(self, port: str) -> None:
        self.asked.append(port)
        if port in self.failing:
            raise self.failing[port]


def application(
    gatekeeper: Doorkeeper | None = None,
    *,
    transports: tuple[str, ...] = ("bearer", "api-key", "cookie"),
    proxies: TrustedProxies = PROXIES,
    body_limit: int = 64 * 1024,
) -> HttpApp:
    """Return an application."""
    cookies = Cookies()
    accepted = Transports.of(transports, cookies=cookies)
    csrf = CsrfGuard(KEYS, "default", frozenset(), proxies, "https://app.example")
    return HttpApp(
        gatekeeper=gatekeeper or Doorkeeper(),
        transports=accepted,
        browser=Browser(cookies, csrf, accepted=Transport.COOKIE in accepted.accepted),
        proxies=proxies,
        body_limit=body_limit,
    )


async def _done(_: AnyCall) -> Reply:
    return Reply()


def route(
    handler: Callable[[AnyCall], Awaitable[Reply]] = _done, *, access: Access = USER, **changes: Any
) -> AnyRoute:
    """Return a route; what is given differs from the usual."""
    usual: dict[str, Any] = {
        "method": "GET",
        "path": "/things/{id}" if access.subject else "/things",
        "name": "things",
        "summary": "Do things",
        "tag": "things",
    }
    return Route(handler=handler, access=access, **{**usual, **changes})


def asking(method: str = "GET", *headers: tuple[str, str], **more: Any) -> Request:
    """Return a request."""
    return Request(method=method, path="/api/v1/things", headers=headers, **more)


def bearing(credential: str | None) -> Headers:
    """Return the headers that show a credential, as its name says where."""
    if credential is None:
        return ()
    if credential.endswith("key"):
        return (("x-api-key", credential),)
    return (("authorization", f"Bearer {credential}"),)


def as_json(body: object, **more: Any) -> Request:
    """Return a request with a JSON body; bytes are sent as they are."""
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    return asking("POST", ("content-type", "application/json"), body=sent, **more)


def answered(response: Response) -> dict[str, Any]:
    """Return what the body of a response says."""
    told: dict[str, Any] = json.loads(response.body)
    return told


def problem(response: Response) -> tuple[int, str]:
    """Return the status and the code of a problem, which has the form of RFC 9457."""
    told = answered(response)
    assert response.header("content-type") == "application/problem+json"
    assert response.header("cache-control") == "no-store"
    assert {"type", "title", "status", "detail", "code"} <= set(told)
    assert told["status"] == response.status
    return response.status, told["code"]
