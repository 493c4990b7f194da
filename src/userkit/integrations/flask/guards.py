"""Guards for an application's own views: who a request is from, and what they may do."""

from collections.abc import Callable, Coroutine, Hashable
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import current_app
from werkzeug.local import LocalProxy

from userkit.errors import UnauthenticatedError
from userkit.features.users import User
from userkit.http.app import FRESH_FOR
from userkit.integrations.flask.extension import installed
from userkit.integrations.flask.translation import asked_request, plain
from userkit.kernel.identity import Identity
from userkit.surface import Surface
from userkit.sync import run

__all__ = [
    "current_identity",
    "current_user",
    "get_current_identity",
    "get_current_user",
    "get_optional_identity",
    "get_optional_user",
    "login_required",
    "require",
    "require_fresh",
]

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")
Ask = Callable[[Surface], Coroutine[Any, Any, T]]

_ANSWERS = "userkit_answers"


def get_optional_identity() -> Identity | None:
    """Return who the request is from, None when it shows nothing. Raises UnauthenticatedError."""
    return _asked("identity", lambda surface: surface.identity_or_none(plain()))


def get_current_identity() -> Identity:
    """Return who the request is from. Raises UnauthenticatedError."""
    return _somebody(get_optional_identity())


def get_optional_user() -> User | None:
    """Return the user the request is from, None when it shows nothing. Raises UnauthenticatedError."""
    return _asked("user", _user_or_none)


def get_current_user() -> User:
    """Return the user the request is from, as they are now. Raises UnauthenticatedError."""
    return _somebody(get_optional_user())


current_identity = cast(Identity, LocalProxy(get_current_identity))
"""Who the request is from. Raises UnauthenticatedError when it is looked at and nobody is signed in."""

current_user = cast(User, LocalProxy(get_current_user))
"""The user the request is from, as they are now. Raises UnauthenticatedError as ``current_identity``."""


def login_required(view: Callable[P, R]) -> Callable[P, R]:
    """Let only those in who are signed in, to an account that is open.

    Raises UnauthenticatedError in the request.
    """
    return _guarded(view, get_current_user)


def require(permission: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only those in who have a permission: ``@require("users:write")``.

    Raises UnauthenticatedError and ForbiddenError in the request.
    """

    def ask() -> object:
        return _asked(("require", permission), lambda surface: surface.require(plain(), permission))

    return lambda view: _guarded(view, ask)


def require_fresh(
    *, minutes: float = FRESH_FOR.total_seconds() / 60
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let only those in who have proved within some minutes who they are.

    Raises UnauthenticatedError and ReauthenticationRequiredError in the request.
    """
    within = timedelta(minutes=minutes)

    def ask() -> object:
        return _asked(("fresh", within), lambda surface: surface.require_fresh(plain(), within=within))

    return lambda view: _guarded(view, ask)


def _guarded(view: Callable[P, R], ask: Callable[[], object]) -> Callable[P, R]:
    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        ask()
        # A view that is a coroutine function is run as Flask runs it.
        return cast(R, current_app.ensure_sync(view)(*args, **kwargs))

    return guarded


def _somebody(found: T | None) -> T:
    if found is None:
        raise UnauthenticatedError
    return found


async def _user_or_none(surface: Surface) -> User | None:
    identity = get_optional_identity()
    return None if identity is None else await surface.users.current(identity)


def _asked(question: Hashable, ask: Ask[T]) -> T:
    """Return the answer to a question about the request, which is asked once.

    It is kept with the request: what is in ``flask.g`` may outlive it.
    """
    found = installed()
    # Looked up once: each look at what stands for the request looks for the request.
    answers: dict[tuple[int, Hashable], T] = vars(asked_request()).setdefault(_ANSWERS, {})
    key = id(found.surface), question
    if key not in answers:
        # What the application does before a request may come before the extension.
        found.opener.open()
        answers[key] = run(ask(found.surface))
    return answers[key]
