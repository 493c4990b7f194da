"""The plugin of pytest for applications: a kit, the letters that it sends, and people who are signed in.

``kit`` and ``sync_kit`` of one test are the same kit, with ``await`` and without: they have one store, one
realm and one secret, so that an application on the one finds what a test arranges with the other. Stores are
met through their blocking drivers. So ``kit`` is bound to no event loop: it serves that of the test as well
as that of a test client, and plain tests can have it without any plugin for asynchronous ones.

An application names it: ``pytest_plugins = ["userkit.testing.plugin"]``. Fixtures import what they need when
they run, so that naming it costs little and needs no extra.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from userkit.errors import UsageError, UserKitError

if TYPE_CHECKING:
    from userkit.kit import SyncUserKit, UserKit
    from userkit.storage.port import Store
    from userkit.testing.clients import AsUser
    from userkit.testing.clock import FrozenClock
    from userkit.testing.mailbox import Mailbox

__all__ = [
    "as_user",
    "clock",
    "kit",
    "outbox",
    "pytest_addoption",
    "pytest_configure",
    "sync_kit",
    "userkit_options",
    "userkit_store",
]

T = TypeVar("T")

_MEMORY = "memory://"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--userkit-store``."""
    parser.getgroup("userkit").addoption(
        "--userkit-store",
        metavar="URL",
        help=f"the store of the fixtures kit and sync_kit, such as sqlite:///test.db (default: {_MEMORY})",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a store that there is not, before the first test."""
    url = config.getoption("userkit_store")
    if url is not None:
        from userkit.sync import run

        try:
            run(_opened(url).close())  # nothing is connected yet
        except UserKitError as error:
            raise pytest.UsageError(f"--userkit-store: {error}") from None


@pytest.fixture
def clock() -> FrozenClock:
    """Stand still at the moment of the test; ``clock.advance(minutes=10)`` moves on."""
    from userkit.kernel.clock import utc_now
    from userkit.testing.clock import FrozenClock

    # Not at some day of the past: some engines take out by their own clock what has expired.
    return FrozenClock(utc_now())


@pytest.fixture
def outbox() -> Mailbox:
    """Hold the letters that the kits of the test have sent."""
    from userkit.testing.mailbox import Mailbox

    return Mailbox()


@pytest.fixture
def userkit_options() -> Mapping[str, Any]:
    """Return more arguments for both kits, such as ``features``; define it anew to give some."""
    return {}


@pytest.fixture(scope="session")
def userkit_store(pytestconfig: pytest.Config) -> str | Store:
    """Return what ``--userkit-store`` says, else memory; define it anew with a URL or a store."""
    url: str | None = pytestconfig.getoption("userkit_store")
    return _MEMORY if url is None else url


@pytest.fixture
def kit(_userkit_arguments: Mapping[str, Any], outbox: object) -> Iterator[UserKit]:
    """Open a UserKit in a realm of its own; any event loop may call it."""
    from userkit.kit import UserKit
    from userkit.testing.mailbox import Mailbox

    arguments: dict[str, Any] = {**_userkit_arguments, "store": _opened(_userkit_arguments["store"])}
    kit = UserKit(**arguments)
    _finished(kit.open())
    if isinstance(outbox, Mailbox):
        outbox.relay(lambda: _finished(kit.outbox.deliver()))
    yield kit
    _finished(kit.close())


@pytest.fixture
def sync_kit(_userkit_arguments: Mapping[str, Any], outbox: object) -> Iterator[SyncUserKit]:
    """Open a SyncUserKit that is the same kit as ``kit``, without ``await``."""
    from userkit.kit import SyncUserKit
    from userkit.testing.mailbox import Mailbox

    with SyncUserKit(**_userkit_arguments) as kit:
        if isinstance(outbox, Mailbox):
            outbox.relay(kit.outbox.deliver)
        yield kit


@pytest.fixture
def as_user(request: pytest.FixtureRequest) -> AsUser:
    """Sign somebody in on a client: ``as_user(client, user, fresh=True)``."""
    from userkit.kit import SyncUserKit
    from userkit.sync import run
    from userkit.testing.clients import SignedIn

    kit = request.getfixturevalue("kit" if "kit" in request.fixturenames else "sync_kit")
    return SignedIn(kit, run if isinstance(kit, SyncUserKit) else _finished)


@pytest.fixture
def _userkit_arguments(
    clock: FrozenClock, outbox: object, userkit_options: Mapping[str, Any], userkit_store: str | Store
) -> Mapping[str, Any]:
    """Return what both kits of a test are made of."""
    import secrets
    import uuid
    from importlib.util import find_spec

    from userkit.testing.hashing import InstantHasher

    defaults = {
        # Memory is the same for both kits; of a database each has connections of its own.
        "store": _opened(userkit_store) if userkit_store == _MEMORY else userkit_store,
        "secret": secrets.token_urlsafe(32),
        "realm": f"test-{uuid.uuid4().hex}",
        "hasher": InstantHasher(),
        "mailer": outbox if find_spec("jinja2") else None,  # letters need the extra mail
        "base_url": "https://app.example",
        "relay": False,  # whoever looks into the outbox is the relay
        "clock": clock,
    }
    return {**defaults, **userkit_options}


def _opened(store: str | Store) -> Store:
    """Return a store that is bound to no event loop."""
    from userkit.plugins.opening import open_store

    opened = open_store(store, blocking=True) if isinstance(store, str) else store
    if not opened.blocking:
        raise UsageError(
            f"{type(opened).__name__} is bound to an event loop. The fixture userkit_store returns a URL, or "
            "a store that blocks; the asynchronous kit calls it in threads."
        )
    return opened


def _finished(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread, on an event loop of its own: this thread may be running one."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
