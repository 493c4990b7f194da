"""Two headers of a proxy become an assertion, and nobody else's do."""

import asyncio
import secrets
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from userkit_auth_proxy import ForwardedUser

from tests.world import ADA, KEY
from userkit import SyncUserKit, UnauthenticatedError
from userkit.errors import WeakSecretError
from userkit.testing import FrozenClock

PROXY_SECRET = secrets.token_urlsafe(32)
USER, SECRET = "X-Forwarded-User", "X-Proxy-Secret"
Pairs = list[tuple[str, str]]
Through = Callable[[ForwardedUser, Pairs], Pairs]


def _by_wsgi(forwarded: ForwardedUser, headers: Pairs) -> Pairs:
    """Send headers through as a WSGI server does, which joins those of one name."""
    environ: dict[str, Any] = {}
    for name, value in headers:
        key = f"HTTP_{name.upper().replace('-', '_')}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.update(environ)
        return []

    forwarded.wsgi(app)(environ, lambda *_: None)
    return [(key.removeprefix("HTTP_").replace("_", "-").title(), value) for key, value in seen.items()]


def _by_asgi(forwarded: ForwardedUser, headers: Pairs) -> Pairs:
    """Send headers through as an ASGI server does."""
    seen: Pairs = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.extend((name.decode().title(), value.decode("latin-1")) for name, value in scope["headers"])

    async def never(*_: object) -> None:
        raise AssertionError

    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    asyncio.run(forwarded.asgi(app)({"type": "http", "headers": sent}, never, never))
    return seen


@pytest.fixture
def forwarded(clock: FrozenClock) -> ForwardedUser:
    """Share a key with the kits."""
    return ForwardedUser(key=KEY, secret=PROXY_SECRET, now=clock)


@pytest.fixture(params=[_by_wsgi, _by_asgi], ids=["wsgi", "asgi"])
def through(request: pytest.FixtureRequest) -> Through:
    """Send headers through, by each kind of server."""
    way: Through = request.param
    return way


def test_the_user_of_the_proxy_is_the_user_of_the_application(
    forwarded: ForwardedUser, through: Through, open_kit: Callable[..., SyncUserKit]
) -> None:
    """Whatever the client has sent as its own credential; the secret goes no further."""
    kit = open_kit(register=True)
    own = [
        ("Authorization", "Bearer of-the-client"),
        ("X-API-Key", "of-the-client"),
        ("X-Proxy-Assertion", "of-the-client"),
    ]
    sent = [*own, (USER, ADA), (SECRET, PROXY_SECRET), ("Accept", "*/*")]
    seen = through(forwarded, sent)
    assert sorted(name for name, _ in seen) == ["Accept", "X-Proxy-Assertion"]
    identity = kit.authenticate(dict(seen)["X-Proxy-Assertion"])
    assert kit.users.get(identity.user_id).email == ADA


@pytest.mark.parametrize(
    "sent",
    [
        [(USER, ADA)],
        [(SECRET, PROXY_SECRET)],
        [(USER, ADA), (SECRET, "guessed")],
        [(USER, ADA), (SECRET, "gu\xe9ssed")],
        [(USER, ADA), (SECRET, "")],
        [(USER, ADA), (SECRET, "guessed"), (SECRET, PROXY_SECRET)],
        [(USER, ADA), (SECRET, PROXY_SECRET), (SECRET, "guessed")],
        [(USER, ""), (SECRET, PROXY_SECRET)],
        [(USER, "\xe9@example.com"), (SECRET, PROXY_SECRET)],
    ],
    ids=[
        "no-secret",
        "no-user",
        "wrong",
        "no-ascii",
        "empty",
        "two-secrets",
        "and-back",
        "empty-user",
        "user-no-ascii",
    ],
)
def test_others_say_nothing(forwarded: ForwardedUser, through: Through, sent: Pairs) -> None:
    """Their headers are gone, and what they present themselves is left to be judged."""
    own = [("Authorization", "Bearer of-the-client")]
    assert through(forwarded, [*own, *sent]) == own


def test_two_users_are_nobody(
    forwarded: ForwardedUser, through: Through, open_kit: Callable[..., SyncUserKit]
) -> None:
    """A client has sent one beside the proxy's."""
    kit = open_kit(register=True)
    sent = [(USER, "eve@example.com"), (USER, ADA), (SECRET, PROXY_SECRET)]
    for _, value in through(forwarded, sent):
        with pytest.raises(UnauthenticatedError):
            kit.authenticate(value)
    assert kit.users.count() == 0


def test_what_is_no_request_passes(forwarded: ForwardedUser) -> None:
    """Such as the start of an ASGI application."""
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)

    async def never(*_: object) -> None:
        raise AssertionError

    asyncio.run(forwarded.asgi(app)({"type": "lifespan"}, never, never))
    assert seen == [{"type": "lifespan"}]


def test_secrets_are_long_and_not_shown(forwarded: ForwardedUser) -> None:
    """Neither of the two."""
    assert PROXY_SECRET not in repr(forwarded)
    with pytest.raises(WeakSecretError):
        ForwardedUser(key=KEY, secret="short")
