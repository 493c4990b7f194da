"""A measured store and a measured hasher do what those inside of them do."""

import asyncio
from typing import Any

import pytest

from tests.storage.doubles import BareStore
from userkit import OverloadedError, StoreUnavailableError, UserKit
from userkit.backends.memory import MemoryStore
from userkit.ports.passwords import Verification
from userkit.serving.metering import MeteredHasher, MeteredStore, StoreMetering
from userkit.serving.metrics import Metrics
from userkit.storage.capabilities import (
    BulkLoadable,
    Countable,
    Migratable,
    Purgeable,
    Searchable,
    Surveyable,
    supports,
)
from userkit.sync import run
from userkit.testing import InstantHasher, StoreConformance
from userkit.testing.bench import OpenStore

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "mauve otters juggle teapots"
CAPABILITIES = (BulkLoadable, Countable, Purgeable, Searchable, Surveyable)


class TestMeteredStore(StoreConformance):
    """Whoever measures a store breaks none of its promises."""

    durable = False
    shared_between_processes = False

    @pytest.fixture
    def open_store(self) -> OpenStore:
        return lambda: MeteredStore(MemoryStore(), Metrics())


class AsynchronousHasher(InstantHasher):
    """A hasher for an event loop."""

    blocking = False


class AwayStore(BareStore):
    """A store that cannot be reached."""

    async def step(self) -> None:
        """Fail."""
        raise StoreUnavailableError


class FullHasher(InstantHasher):
    """A hasher that turns everybody away."""

    async def hash(self, password: str) -> str:
        """Refuse."""
        raise OverloadedError

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """Refuse."""
        raise OverloadedError


def figure(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Return a figure."""
    return metrics.registry.get_sample_value(name, labels)


def test_capabilities_are_those_of_the_store_inside() -> None:
    """No more and no less."""
    metrics = Metrics()
    able, bare = MeteredStore(MemoryStore(), metrics), MeteredStore(BareStore(MemoryStore()), metrics)
    assert [supports(able, each) for each in CAPABILITIES] == [True] * 5
    assert [supports(bare, each) for each in CAPABILITIES] == [False] * 5
    assert not supports(able, Migratable)


def test_a_kit_is_measured_through_a_hook() -> None:
    """Verbs and realms of the store, hashes, and sign-ins by their outcome."""
    metrics = Metrics()

    async def use() -> None:
        kit = UserKit(
            "memory://",
            secret=SECRET,
            hooks=[StoreMetering(metrics)],
            hasher=MeteredHasher(AsynchronousHasher(), metrics),
        )
        metrics.listen(kit)
        async with kit:
            for each in (kit, kit.realm("acme")):
                await each.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
                await each.sessions.sign_in(email="ada@example.com", password=PASSWORD)
            assert len((await kit.users.search("ada")).items) == 1
            assert await kit.users.count() == 1

    asyncio.run(use())
    assert figure(metrics, "userkit_sign_ins_total", outcome="signed_in") == 2
    for verb in ("search", "count"):
        assert figure(metrics, "userkit_store_seconds_count", verb=verb) == 1
    assert (figure(metrics, "userkit_store_seconds_count", verb="commit") or 0) >= 4
    assert figure(metrics, "userkit_password_hashes_pending") == 0


def test_a_store_that_is_away_is_counted() -> None:
    """By verb, and the error goes on to whoever called."""
    metrics = Metrics()
    store: Any = MeteredStore(AwayStore(MemoryStore()), metrics)
    with pytest.raises(StoreUnavailableError):
        run(store.get(object, "1"))
    assert figure(metrics, "userkit_store_unavailable_total", verb="get") == 1
    assert figure(metrics, "userkit_store_unavailable_total", verb="commit") == 0


@pytest.mark.parametrize("verb", ["hash", "verify"])
def test_passwords_that_are_turned_away_are_counted(verb: str) -> None:
    """And wait no longer."""
    metrics = Metrics()
    hasher = MeteredHasher(FullHasher(), metrics)
    with pytest.raises(OverloadedError):
        run(hasher.hash(PASSWORD) if verb == "hash" else hasher.verify(PASSWORD, None))
    assert figure(metrics, "userkit_password_hashes_refused_total") == 1
    assert figure(metrics, "userkit_password_hashes_pending") == 0
