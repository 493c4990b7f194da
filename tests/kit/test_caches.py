"""A kit with a cache before its store."""

import asyncio
import secrets

import pytest

from tests.kit.sides import SECRET
from tests.servers.redis import ValkeyServer
from tests.storage.caches import MemoryCache
from userkit import SyncUserKit, UserKit
from userkit.backends.memory import MemoryStore
from userkit.errors import ConfigurationError, UnauthenticatedError, UnknownBackendError
from userkit.features.sessions import Session
from userkit.testing import InstantHasher

PASSWORD = "mauve otters juggle teapots"


@pytest.fixture
def url(valkey: ValkeyServer) -> str:
    """A cache that nobody else uses."""
    return f"{valkey.url()}?prefix=kit{secrets.token_hex(6)}"


def live(kit: SyncUserKit) -> None:
    """Sign in and out."""
    user = kit.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
    tokens = kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)
    assert kit.users.get(user.id) == kit.users.get(user.id) == user
    kit.sessions.end_all(user.id)
    with pytest.raises(UnauthenticatedError):
        kit.sessions.refresh(tokens.refresh_token)


def test_a_cache_by_url_keeps_what_is_read(url: str, valkey: ValkeyServer) -> None:
    """In both kits."""
    with SyncUserKit("memory://", secret=SECRET, cache=url, hasher=InstantHasher()) as kit:
        live(kit)
    with valkey.client() as client:
        prefix = url.rpartition("=")[2]
        assert client.keys(f"*{prefix}*")

    async def register() -> None:
        async with UserKit("memory://", secret=SECRET, cache=url, hasher=InstantHasher()) as kit:
            user = await kit.users.register(email="bob@example.com", name="Bob")
            assert await kit.users.get(user.id) == await kit.users.get(user.id)

    asyncio.run(register())


def test_a_cache_stands_before_the_main_store_alone() -> None:
    """What is routed elsewhere is there already."""
    cache = MemoryCache()
    kit = SyncUserKit(
        "memory://", secret=SECRET, cache=cache, routes={Session: MemoryStore()}, hasher=InstantHasher()
    )
    with kit:
        live(kit)


def test_a_view_over_the_applications_session_tells_the_cache(tmp_path: object) -> None:
    """What it changes is not served from copies."""
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session as OrmSession

    from userkit.backends.sqlalchemy import SQLAlchemyStore

    url = f"sqlite:///{tmp_path}/app.db"
    engine = create_engine(url)
    with SyncUserKit(url, secret=SECRET, cache=MemoryCache(), hasher=InstantHasher()) as kit:
        user = kit.users.register(email="ada@example.com", name="Ada")
        assert kit.users.get(user.id).name == "Ada"
        with OrmSession(engine) as session, session.begin():
            kit.with_store(SQLAlchemyStore.from_session(session)).users.update(user.id, name="Augusta")
        assert kit.users.get(user.id).name == "Augusta"
    engine.dispose()


def test_a_cache_that_is_none_is_refused() -> None:
    """When the kit is wired."""
    with pytest.raises(UnknownBackendError, match="cache"):
        SyncUserKit("memory://", secret=SECRET, cache="memcached://127.0.0.1")
    with pytest.raises(ConfigurationError, match="lacks one of"):
        SyncUserKit("memory://", secret=SECRET, cache=object())  # type: ignore[arg-type]  # a mistake
