"""What both kits do alike: open, close, offer users, tell of events, keep realms apart."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from pydantic import BaseModel

from tests.kit.sides import OLD_SECRET, SECRET, Side
from tests.storage.doubles import BareStore
from userkit import (
    ConfigurationError,
    EmailAlreadyExistsError,
    InvalidAttributesError,
    InvalidCursorError,
    Page,
    Secret,
    User,
    UserDeleted,
    UserNotFoundError,
    UserRegistered,
)
from userkit.backends.memory import MemoryStore
from userkit.errors import SchemaOutdatedError, UsageError, WeakSecretError
from userkit.features.built_in import built_in
from userkit.kernel.events import Event
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.testing.clock import FrozenClock


class WitnessedStore(BareStore):
    """A store that notes when it is opened and closed, and fails to open when told to."""

    in_process = True

    def __init__(self, behind: Store, failure: BaseException | None = None) -> None:
        """Begin with nothing noted."""
        super().__init__(behind)
        self.failure = failure
        self.seen: list[str] = []

    async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
        """See Store.prepare."""
        self.seen.append(f"prepare {[each.name for each in collections]} create={create}")
        if self.failure is not None:
            raise self.failure
        await self.behind.prepare(collections, create=create)

    async def close(self) -> None:
        """See Store.close."""
        self.seen.append("close")


def test_the_main_job_is_done(side: Side) -> None:
    """From a URL to users and back."""
    kit = side.opened("memory://")
    user = side.do(
        kit.users.register(email="ada@example.com", name="Ada Lovelace", attributes={"plan": "free"})
    )
    assert isinstance(user, User)
    assert side.do(kit.users.get(user.id)) == user
    assert side.do(kit.users.get_by_email("ADA@example.com")) == user
    with pytest.raises(EmailAlreadyExistsError):
        side.register(kit)
    assert side.do(kit.users.list(limit=50)) == Page((user,))
    assert side.do(kit.users.search("love")).items == (user,)
    assert side.do(kit.users.count()) == 1
    user = side.do(kit.users.update(user.id, name="Ada King", attributes={"plan": "pro"}))
    assert (user.name, user.attributes, user.version) == ("Ada King", {"plan": "pro"}, 2)
    assert side.do(kit.users.disable(user.id)).is_disabled
    assert not side.do(kit.users.enable(user.id)).is_disabled
    assert side.do(kit.users.delete(user.id)) is None
    with pytest.raises(UserNotFoundError):
        side.do(kit.users.get(user.id))
    side.do(kit.close())


@pytest.mark.parametrize("prepare", [True, False])
def test_opening_prepares_and_closing_closes(side: Side, prepare: bool) -> None:
    """Without `prepare` nothing is created, only looked at."""
    store = WitnessedStore(MemoryStore())
    kit = side.kit(store, prepare=prepare)
    assert store.seen == []
    side.do(kit.open())
    side.do(kit.close())
    side.do(kit.close())
    names = [each.name for feature in built_in() for each in feature.collections]
    assert names[0] == "users"
    assert store.seen == [f"prepare {names} create={prepare}", "close", "close"]


def test_a_kit_knows_whether_it_is_open(side: Side) -> None:
    """Opening it again does nothing, by whichever tenant; closed, it may be opened anew."""
    store = WitnessedStore(MemoryStore())
    kit = side.kit(store)
    for _ in range(2):
        assert not kit.is_open
        side.do(kit.open())
        side.do(kit.realm("acme").open())
        assert kit.is_open
        assert kit.realm("acme").is_open
        side.do(kit.close())
    assert [each.partition(" ")[0] for each in store.seen] == ["prepare", "close"] * 2


@pytest.mark.parametrize("failure", [SchemaOutdatedError(), KeyboardInterrupt()], ids=["an error", "Ctrl-C"])
def test_what_cannot_be_opened_is_closed(side: Side, failure: BaseException) -> None:
    """No connection stays behind."""
    store = WitnessedStore(MemoryStore(), failure)
    with pytest.raises(type(failure)):
        side.do(side.kit(store).open())
    assert store.seen[1:] == ["close"]


def test_a_kit_that_was_not_entered_says_so(side: Side) -> None:
    """What to do is in the sentence."""
    with pytest.raises(UsageError, match="enter the kit first"):
        side.register(side.kit())


def test_a_memory_store_outlives_its_kit(side: Side) -> None:
    """So that a test may look at what an application left behind, with a kit of its own."""
    memory = MemoryStore()
    kit = side.opened(memory)
    ada = side.register(kit)
    side.do(kit.close())
    assert side.do(side.opened(memory).users.get(ada.id)) == ada


def test_time_is_what_the_clock_tells(side: Side) -> None:
    """In UTC and whole milliseconds, whatever the clock."""
    noon = datetime(2026, 1, 1, 12, 0, 0, 1999, tzinfo=timezone(timedelta(hours=2)))
    ada = side.register(side.opened(clock=lambda: noon))
    assert ada.created_at == datetime(2026, 1, 1, 10, 0, 0, 1000, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match="aware"):
        side.register(side.opened(clock=lambda: datetime(2026, 1, 1)))  # noqa: DTZ001  # the mistake under test


def test_time_stands_still_with_the_clock_of_tests(side: Side) -> None:
    """And moves when it is told to."""
    clock = FrozenClock()
    kit = side.opened(clock=clock)
    ada = side.register(kit)
    later = clock.advance(days=1)
    assert side.do(kit.users.update(ada.id, name="Ada King")).updated_at == later


def test_attributes_are_checked_by_a_model(side: Side) -> None:
    """The application's own."""

    class Facts(BaseModel):
        seats: int = 1

    kit = side.opened(attributes=Facts)
    assert side.register(kit).attributes == {"seats": 1}
    with pytest.raises(InvalidAttributesError, match="seats"):
        side.do(kit.users.register(email="bo@example.com", name="Bo", attributes={"seats": "many"}))


def test_whoever_listens_hears_of_every_realm(side: Side) -> None:
    """In order, whether a kit or a view of it was asked to listen."""
    told: list[Event] = []
    kit = side.opened()
    acme = kit.realm("acme")
    kit.listen(UserRegistered, told.append)
    acme.listen(UserDeleted, told.append)
    ada = side.register(kit)
    bo = side.register(acme)
    side.do(kit.users.delete(ada.id))
    assert [(type(event), event.realm) for event in told] == [
        (UserRegistered, "default"),
        (UserRegistered, "acme"),
        (UserDeleted, "default"),
    ]
    assert [event.user for event in told] == [ada, bo, ada]  # type: ignore[attr-defined]  # all have one


def test_a_realm_is_the_same_kit_for_another_tenant(side: Side) -> None:
    """It needs no opening, and a view of a view is a view."""
    kit = side.opened()
    acme = kit.realm("acme")
    ada, another = side.register(kit), side.register(acme)
    assert type(acme) is type(kit)
    assert side.do(acme.realm("default").users.list()).items == (ada,)
    assert side.do(kit.realm("acme").users.list()).items == (another,)
    with pytest.raises(UserNotFoundError):
        side.do(acme.users.get(ada.id))


def test_a_kit_may_be_made_for_one_tenant(side: Side) -> None:
    """Beside others over the same store."""
    memory = MemoryStore()
    acme = side.opened(memory, realm="acme")
    ada = side.register(acme)
    assert side.do(side.opened(memory).users.list()).items == ()
    assert side.do(side.opened(memory).realm("acme").users.list()).items == (ada,)


@pytest.mark.parametrize("name", ["", "Acme", "a b", None])
def test_a_tenant_has_a_name_that_can_be_kept(side: Side, name: Any) -> None:
    """Wherever it is given."""
    with pytest.raises(UsageError, match="realm"):
        side.kit(realm=name)
    with pytest.raises(UsageError, match="realm"):
        side.kit().realm(name)


def test_another_store_may_stand_in_for_the_kits_own(side: Side) -> None:
    """With the same features, listeners and tenant; nothing is created there, and it is closed alone."""
    told: list[Event] = []
    kit = side.opened(realm="acme")
    kit.listen(UserRegistered, told.append)
    memory = MemoryStore()
    session = WitnessedStore(memory)
    joined = side.do(kit.with_store(session))
    ada = side.register(joined)
    assert [seen.partition(" ")[0] + seen[-13:] for seen in session.seen] == ["prepare create=False"]
    assert side.do(kit.users.list()).items == ()
    assert side.do(side.opened(memory, realm="acme").users.list()).items == (ada,)
    assert len(told) == 1
    side.do(joined.close())
    assert session.seen[1:] == ["close"]


def test_a_stand_in_that_is_not_ready_is_refused(side: Side) -> None:
    """The kit goes on with its own."""
    kit = side.opened()
    with pytest.raises(SchemaOutdatedError):
        side.do(kit.with_store(WitnessedStore(MemoryStore(), SchemaOutdatedError())))
    assert side.register(kit)


def two_users_and_a_cursor(side: Side, kit: Any) -> str:
    """Return the cursor after the first of two users."""
    for email in ("ada@example.com", "bo@example.com"):
        side.register(kit, email)
    return str(side.do(kit.users.list(limit=1)).next)


def test_a_new_secret_is_put_before_the_old_one(side: Side) -> None:
    """Cursors of the old one still open, until it is taken away."""
    memory = MemoryStore()
    cursor = two_users_and_a_cursor(side, side.opened(memory, secret=OLD_SECRET))
    for secret in (OLD_SECRET.encode(), Secret(OLD_SECRET), [SECRET, OLD_SECRET]):
        assert side.do(side.opened(memory, secret=secret).users.list(after=cursor)).items
    with pytest.raises(InvalidCursorError):
        side.do(side.opened(memory, secret=SECRET).users.list(after=cursor))


@pytest.mark.parametrize("secret", ["", [], "short", None, "changeme" * 5, [SECRET, "x" * 40]])
def test_a_weak_secret_is_refused_before_anything_is_opened(side: Side, secret: Any) -> None:
    """With a command that makes a strong one."""
    store = WitnessedStore(MemoryStore())
    with pytest.raises(WeakSecretError, match="make one with: python"):
        side.kit(store, secret=secret)
    assert store.seen == []


def test_a_kit_keeps_its_secret(side: Side) -> None:
    """Whatever is printed of it."""
    kit = side.kit()
    for shown in (repr(kit), str(kit), repr(vars(kit)), repr(kit.users), repr(vars(kit)["_assembly"])):
        assert SECRET not in shown
