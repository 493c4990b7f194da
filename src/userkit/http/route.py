"""Routes: what can be asked over HTTP, declared once for every framework."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from userkit.errors import UnauthenticatedError, UserKitError
from userkit.http.messages import Request

if TYPE_CHECKING:
    from pydantic import BaseModel

    from userkit.http.browser import Browser
    from userkit.http.events import ServerEvent
    from userkit.http.transports import Transport
    from userkit.kernel.identity import Identity

__all__ = [
    "FORM",
    "FRESH",
    "JSON",
    "PUBLIC",
    "SEEING",
    "SESSION",
    "USER",
    "Access",
    "AnyCall",
    "AnyRoute",
    "Call",
    "Reply",
    "Route",
    "over_user",
    "permission",
    "self_or",
]

B = TypeVar("B")
Q = TypeVar("Q")

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may call a route. What is not said is not allowed.

    - ``public``: anyone. Who is signed in is told to the handler all the same.
    - ``session``: only somebody who has signed in, not an API key.
    - ``fresh``: only somebody who has proved lately who they are.
    - ``permission``: whoever has this permission.
    - ``subject``: the place in the path that holds the id of a user. To whoever may neither do this
      nor see other users, one that exists is as unknown as one that does not.
    - ``own``: whether that user may do it to themselves, without the permission.
    """

    public: bool = False
    session: bool = False
    fresh: bool = False
    permission: str | None = None
    subject: str | None = None
    own: bool = False


PUBLIC = Access(public=True)
USER = Access()
SESSION = Access(session=True)
FRESH = Access(session=True, fresh=True)

SEEING = "users:read"
"""Whoever has this permission may know which users there are."""


def permission(name: str) -> Access:
    """Let whoever has a permission call a route."""
    return Access(permission=name)


def over_user(name: str) -> Access:
    """Let whoever has a permission do something to the user in the path."""
    return Access(permission=name, subject="id")


def self_or(name: str, *, fresh: bool = False) -> Access:
    """Let the user in the path call a route, perhaps only when fresh, and whoever has a permission."""
    return Access(permission=name, subject="id", own=True, fresh=fresh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[B, Q]):
    """A request that was let in and understood.

    - ``body``, ``query``: as the route declares them.
    - ``caller``: who is signed in, None for nobody. ``transport``: how they showed it.
    - ``browser``: signs browsers in and out.
    """

    request: Request
    body: B
    query: Q
    browser: Browser
    caller: Identity | None = None
    transport: Transport | None = None

    @property
    def identity(self) -> Identity:
        """Return who is signed in. Raises UnauthenticatedError."""
        if self.caller is None:
            raise UnauthenticatedError
        return self.caller

    @property
    def session_id(self) -> str:
        """Return the session of whoever is signed in. Raises UnauthenticatedError."""
        session_id = self.identity.session_id
        if session_id is None:
            raise UnauthenticatedError
        return session_id

    @property
    def has_cookie(self) -> bool:
        """Tell whether whoever is signed in has shown it by a cookie."""
        return self.transport is not None and self.transport.value == "cookie"

    def path(self, name: str) -> str:
        """Return what stands in one place of the path."""
        return self.request.path_values[name]


AnyCall = Call[Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a handler answers: a model that is sent as JSON, and headers.

    ``status`` is only given where it is not that of the route. Headers may set a cookie that opens an
    account, so they are not shown. ``events`` are sent one by one, in the place of a model.
    """

    value: BaseModel | None = None
    headers: Sequence[tuple[str, str]] = field(default=(), repr=False)
    status: int | None = None
    events: AsyncGenerator[ServerEvent, None] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[B, Q]):
    """One thing that can be asked over HTTP.

    - ``name``: the operation id; ``summary`` and ``description`` are for the documentation.
    - ``body``, ``query``, ``reply``: pydantic models; ``media_type`` is that of the body.
    - ``status``: of the answer when all is well; ``also``: other answers that are no errors, with
      what they mean.
    - ``errors``: the errors that this route in particular can answer with.
    - ``headers``: what the answer's headers mean, by name.
    - ``events``: what the answer's server-sent events mean, by name, where it is a stream of them.
    - ``conditional``: whether If-Match is heeded.
    - ``cacheable``: the Cache-Control of the answer; without it nobody may keep it.
    """

    method: str
    path: str
    name: str
    summary: str
    handler: Callable[[Call[B, Q]], Awaitable[Reply]]
    access: Access
    tag: str
    description: str = ""
    body: type[B] | None = None
    media_type: str = JSON
    query: type[Q] | None = None
    reply: type[BaseModel] | None = None
    status: int = 200
    also: Mapping[int, str] = field(default_factory=dict, hash=False)
    errors: tuple[type[UserKitError], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    events: Mapping[str, str] = field(default_factory=dict, hash=False)
    conditional: bool = False
    cacheable: str | None = None

    @property
    def is_safe(self) -> bool:
        """Tell whether it changes nothing (RFC 9110, section 9.2.1)."""
        return self.method in ("GET", "HEAD")

    @property
    def path_names(self) -> tuple[str, ...]:
        """Return the names of the places in the path, in order."""
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


AnyRoute = Route[Any, Any]
