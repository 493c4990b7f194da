"""Kits that find the backend by its entry point, and time that stands still."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from userkit_auth_proxy import ProxySettings

from tests.world import ADA, KEY, SECRET
from userkit import SyncUserKit
from userkit.storage import Store
from userkit.testing import FrozenClock, InstantHasher


@pytest.fixture
def clock() -> FrozenClock:
    """Stop the time."""
    return FrozenClock()


@pytest.fixture
def open_kit(clock: FrozenClock) -> Iterator[Callable[..., SyncUserKit]]:
    """Open kits with the backend, and close them after the test."""
    opened: list[SyncUserKit] = []

    def open_kit(store: Store | None = None, *, attributes: Any = None, **settings: Any) -> SyncUserKit:
        auth: dict[str, Any] = {"proxy": ProxySettings(**{"key": KEY, **settings}), "jwt": None}
        kit = SyncUserKit(
            store or "memory://",
            secret=SECRET,
            auth=auth,
            hasher=InstantHasher(),
            clock=clock,
            attributes=attributes,
        )
        kit.open()
        opened.append(kit)
        return kit

    yield open_kit
    for kit in opened:
        kit.close()


@pytest.fixture
def kit(open_kit: Callable[..., SyncUserKit]) -> SyncUserKit:
    """Open a kit with one user, who has no password."""
    kit = open_kit()
    kit.users.register(email=ADA, name="Ada Lovelace")
    return kit
