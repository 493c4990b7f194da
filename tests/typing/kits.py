"""What is inferred of kits, users, events and pages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, assert_type

from pydantic import BaseModel

from userkit import (
    Page,
    Secret,
    SyncUserKit,
    SyncUsers,
    User,
    UserDeleted,
    UserKit,
    UserRegistered,
    UserRepository,
    Users,
    UserUpdated,
)
from userkit.backends.memory import MemoryStore
from userkit.settings import UserKitSettings
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore


class Facts(BaseModel):
    """An application's model for attributes."""

    plan: str = "free"


async def asynchronous(kit: UserKit) -> None:
    """Every use case is awaited, and gives what its synchronous twin gives."""
    assert_type(kit.users, Users)
    assert_type(await kit.users.register(email="ada@example.com", name="Ada"), User)
    assert_type(await kit.users.get("id"), User)
    assert_type(await kit.users.get_by_email("ada@example.com"), User)
    assert_type(await kit.users.list(limit=10, after=None, skip=0, newest_first=True), Page[User])
    assert_type(await kit.users.search("ada", limit=10), Page[User])
    assert_type(await kit.users.count(), int)
    assert_type(await kit.users.update("id", name="Ada", attributes={"plan": "pro"}, version=1), User)
    assert_type(await kit.users.disable("id"), User)
    assert_type(await kit.users.enable("id"), User)
    await kit.users.delete("id")
    assert_type(kit.realm("acme"), UserKit)
    assert_type(await kit.with_store(MemoryStore()), UserKit)
    async with kit as entered:
        assert_type(entered, UserKit)


def synchronous(kit: SyncUserKit) -> None:
    """Parameters and results come through the mirror."""
    assert_type(kit.users, SyncUsers)
    assert_type(kit.users.register(email="ada@example.com", name="Ada", attributes={"plan": "pro"}), User)
    assert_type(kit.users.get("id"), User)
    assert_type(kit.users.get_by_email("ada@example.com"), User)
    assert_type(kit.users.list(limit=10, after=None, skip=0, newest_first=True), Page[User])
    assert_type(kit.users.search("ada", limit=10), Page[User])
    assert_type(kit.users.count(), int)
    assert_type(kit.users.update("id", name="Ada", attributes={"plan": "pro"}, version=1), User)
    assert_type(kit.users.disable("id"), User)
    assert_type(kit.users.enable("id"), User)
    kit.users.delete("id")
    assert_type(kit.realm("acme"), SyncUserKit)
    assert_type(kit.with_store(MemoryStore()), SyncUserKit)
    with kit as entered:
        assert_type(entered, SyncUserKit)


def a_user(user: User, page: Page[User]) -> None:
    """Entities are values whose next revision is of their own type."""
    assert_type(user.id, str)
    assert_type(user.version, int)
    assert_type(user.disabled_at, datetime | None)
    assert_type(user.attributes, Mapping[str, Any])
    assert_type(user.evolve(name="Ada"), User)
    assert_type(page.items, tuple[User, ...])
    assert_type(page.next, str | None)


def made(settings: UserKitSettings, clock: Callable[[], datetime]) -> None:
    """A kit takes URLs and stores, secrets of all kinds, and a model as it is."""
    assert_type(UserKit("memory://", secret="text"), UserKit)
    SyncUserKit(MemoryStore(), secret=b"bytes", attributes=Facts, clock=clock)
    UserKit(ThreadedStore(MemoryStore()), secret=["new", b"old", Secret("older")], prefer={"sqlite": "mine"})
    assert_type(UserKit.from_settings(), UserKit)
    assert_type(SyncUserKit.from_settings(settings, realm="acme"), SyncUserKit)


async def repository(users: UserRepository) -> None:
    """A repository answers None where a use case raises."""
    assert_type(await users.get_by_id("id"), User | None)
    assert_type(await users.get_by_email("ada@example.com"), User | None)
    assert_type(await users.list_all(skip=10, limit=10), tuple[User, ...])


def stores() -> None:
    """What ships fits the port."""
    memory: Store = MemoryStore()
    threaded: Store = ThreadedStore(memory)
    assert_type(MemoryStore().realm("acme"), MemoryStore)
    assert_type(ThreadedStore(threaded).realm("acme"), ThreadedStore)


def listening(kit: UserKit, sync_kit: SyncUserKit) -> None:
    """A listener takes the event that it listens to, or something wider."""

    async def welcome(event: UserRegistered) -> None:
        assert_type(event.user, User)

    def compare(event: UserUpdated) -> None:
        assert_type((event.before, event.user, event.realm), tuple[User, User, str])

    def whatever(event: object) -> None:
        assert event

    kit.listen(UserRegistered, welcome)
    sync_kit.listen(UserUpdated, compare)
    kit.listen(UserDeleted, whatever)
