"""Guards: who a request or a WebSocket is from, and whether they may, as FastAPI's dependencies."""

# Annotations are looked at as they are: FastAPI cannot read those of an object's call when they are text.

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Depends
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from userkit.features.users import User
from userkit.http.app import FRESH_FOR
from userkit.http.messages import Request
from userkit.integrations.fastapi.adopting import answer_errors, router_for
from userkit.integrations.fastapi.documenting import API_KEY, BEARER, PASSWORD
from userkit.integrations.fastapi.translating import plain_request
from userkit.kernel.identity import Identity
from userkit.surface import Surface

__all__ = [
    "CurrentIdentity",
    "CurrentUser",
    "Guard",
    "OptionalIdentity",
    "OptionalUser",
    "get_current_identity",
    "get_current_user",
    "get_optional_identity",
    "get_optional_user",
    "require",
    "require_fresh",
]

T = TypeVar("T")


class Guard(SecurityBase, Generic[T]):
    """Ask who a request is from. The document says by it that one must sign in, and how."""

    scheme_name = PASSWORD.scheme_name

    def __init__(self, ask: Callable[[Surface, Request], Awaitable[T]], told: str) -> None:
        """Take what to ask, and what it is."""
        self._ask = ask
        self.__doc__ = told

    @property
    def model(self) -> Any:  # type: ignore[override]  # as in Scheme
        """Return what the document says."""
        return PASSWORD.model

    async def __call__(
        self,
        connection: HTTPConnection,
        _bearer: Annotated[None, Depends(BEARER)] = None,
        _api_key: Annotated[None, Depends(API_KEY)] = None,
    ) -> T:
        """Ask."""
        router = router_for(connection)
        router.check_open()
        answer_errors(connection.scope)
        return await self._ask(router.surface, plain_request(connection))


get_current_identity = Guard(Surface.identity, "Return who a request is from. Raises UnauthenticatedError.")
get_optional_identity = Guard(
    Surface.identity_or_none,
    "Return who a request is from, None when it shows nothing. Raises UnauthenticatedError.",
)
get_current_user = Guard(
    Surface.user, "Return the user a request is from, as they are now. Raises UnauthenticatedError."
)
get_optional_user = Guard(
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
    return Depends(_holder_of(permission))


def require_fresh(*, minutes: float = FRESH_FOR.total_seconds() / 60) -> Any:
    """Let only those in who have proved within some minutes who they are.

    As ``Annotated[Identity, require_fresh()]`` it tells who they are. Raises UnauthenticatedError and
    ReauthenticationRequiredError in the request.
    """
    return Depends(_fresh_within(timedelta(minutes=minutes)))


# FastAPI asks one guard once in a request, wherever it stands, and tests put others in its place.


@cache
def _holder_of(permission: str) -> Guard[Identity]:
    async def ask(surface: Surface, request: Request) -> Identity:
        return await surface.require(request, permission)

    return Guard(ask, f"Return who a request is from, if they have the permission {permission}.")


@cache
def _fresh_within(within: timedelta) -> Guard[Identity]:
    async def ask(surface: Surface, request: Request) -> Identity:
        return await surface.require_fresh(request, within=within)

    return Guard(ask, "Return who a request is from, if they have proved lately who they are.")
