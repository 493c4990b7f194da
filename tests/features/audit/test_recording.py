"""Every event has its entry, in the commit of what it tells of."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from tests.features.audit.world import World, prepared, world
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    EmailAlreadyExistsError,
    ForbiddenError,
    InvalidEntityError,
    StaleError,
)
from userkit.features.audit import AuditEntry, audit
from userkit.features.users import User, UserDeleted, UserRegistered
from userkit.kernel.events import Event
from userkit.kernel.origin import coming_from
from userkit.storage.changes import Change, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing.clock import FrozenClock

LATER = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuessFailed(Event):
    """Somebody guessed wrong."""

    user_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSeen(Event):
    """Somebody looked at something, as happens all the time."""

    routine: ClassVar[bool] = True


def test_an_entry_tells_what_happened_to_whom_and_when(here: World) -> None:
    """Where it came from is unknown until somebody says so."""
    ada = here.ada()
    (entry,) = here.trail()
    a_year_later = here.clock() + timedelta(days=365)
    assert entry == AuditEntry(
        id=entry.id, at=here.clock(), event="user_registered", user_id=ada.id, expires_at=a_year_later
    )


def test_every_change_of_a_user_has_its_entry(here: World) -> None:
    """In order; and what changes nothing has none."""
    ada = here.ada()
    here.users.update(ada.id, name="Ada King")
    here.users.update(ada.id, name="Ada King")
    here.users.disable(ada.id)
    here.users.disable(ada.id)
    here.users.enable(ada.id)
    here.users.delete(ada.id)
    assert [(entry.event, entry.user_id, entry.facts) for entry in here.trail()] == [
        ("user_registered", ada.id, {}),
        ("user_updated", ada.id, {}),
        ("user_disabled", ada.id, {}),
        ("user_enabled", ada.id, {}),
        ("user_deleted", ada.id, {}),
    ]


def test_an_entry_tells_who_acts_and_from_where(here: World) -> None:
    """As said around the call, and only there."""
    with coming_from(
        actor_id="grace", session_id="s-1", address="::ffff:192.0.2.7", user_agent="Mozilla/5.0 (X11)"
    ):
        ada = here.ada()
    here.users.disable(ada.id)
    first, second = here.trail()
    assert (first.actor_id, first.session_id) == ("grace", "s-1")
    assert (first.address, first.user_agent) == ("192.0.2.7", "Mozilla/5.0 (X11)")
    assert (second.actor_id, second.session_id, second.address, second.user_agent) == (None,) * 4


def test_an_event_without_a_change_is_committed_on_its_own(here: World) -> None:
    """As failures are; one about nobody has no user."""
    ada = here.ada()
    here.tell(GuessFailed(at=here.clock(), user_id=ada.id), GuessFailed(at=here.clock()))
    assert [(entry.event, entry.user_id) for entry in here.trail()[1:]] == [
        ("guess_failed", ada.id),
        ("guess_failed", None),
    ]


def test_routine_events_have_entries_where_they_are_wanted() -> None:
    """By default they have none."""
    for routine, events in ((False, []), (True, ["page_seen"])):
        here = world(prepared(MemoryStore()), routine=routine)
        here.tell(PageSeen(at=here.clock()))
        assert [entry.event for entry in here.trail()] == events


def test_a_commit_that_is_vetoed_leaves_no_entry(here: World) -> None:
    """What has not happened is not told."""

    async def veto(event: UserRegistered) -> list[Change]:
        raise ForbiddenError

    here.participants.add(UserRegistered, veto)
    with pytest.raises(ForbiddenError):
        here.ada()
    assert here.trail() == ()


def test_a_commit_that_fails_leaves_no_entry(here: World) -> None:
    """The address was taken."""
    here.ada()
    with pytest.raises(EmailAlreadyExistsError):
        here.ada()
    assert len(here.trail()) == 1


def test_a_change_that_is_made_again_has_one_entry() -> None:
    """Somebody else was faster twice; only what was committed at last is told."""
    memory = prepared(MemoryStore())
    ada = world(memory).ada()

    def rival(store: Store) -> None:
        stored = run(store.get(User, ada.id))
        assert stored is not None
        if stored.version < 3:
            run(store.commit(Save(stored, stored.evolve(name="Rival"))))

    here = world(OvertakenStore(memory, rival), clock=FrozenClock(LATER))
    here.users.disable(ada.id)
    assert [entry.event for entry in here.trail()] == ["user_registered", "user_disabled"]


def test_a_change_that_is_given_up_has_no_entry() -> None:
    """Somebody else was always faster."""
    memory = prepared(MemoryStore())
    ada = world(memory).ada()

    def rival(store: Store) -> None:
        stored = run(store.get(User, ada.id))
        assert stored is not None
        run(store.commit(Save(stored, stored.evolve(name="Rival"))))

    here = world(OvertakenStore(memory, rival), clock=FrozenClock(LATER))
    with pytest.raises(StaleError):
        here.users.disable(ada.id)
    assert [entry.event for entry in here.trail()] == ["user_registered"]


def test_the_trail_of_a_user_outlives_the_user(here: World) -> None:
    """It holds ids; the address and the name went with the user."""
    ada = here.ada()
    here.users.delete(ada.id)
    entries = here.audit.list(user_id=ada.id).items
    assert [entry.event for entry in entries] == ["user_deleted", "user_registered"]
    assert "ada" not in repr(entries).lower().replace("user_id", "")


def test_each_realm_has_its_trail() -> None:
    """Neither sees the other's."""
    store = prepared(MemoryStore())
    acme, globex = world(store, realm="acme"), world(store, realm="globex")
    acme.ada()
    assert len(acme.trail()) == 1
    assert globex.trail() == ()


def test_entries_expire_when_they_are_to_be_kept_for_a_time() -> None:
    """Counted from what happened."""
    here = world(prepared(MemoryStore()), keep=timedelta(days=90))
    here.ada()
    assert here.last().expires_at == here.clock() + timedelta(days=90)


@pytest.mark.parametrize("keep", [timedelta(0), -timedelta(days=1), timedelta.max])
def test_a_time_to_keep_is_positive_and_not_absurd(keep: timedelta) -> None:
    """None is for ever."""
    with pytest.raises(ConfigurationError, match=r"audit\(keep=…\) is a time from 0 to 36500 days"):
        audit(keep=keep)


def test_a_time_is_cut_to_the_millisecond(here: World) -> None:
    """The events of an application may know it better than databases do."""
    here.tell(GuessFailed(at=datetime(2026, 1, 1, 0, 0, 0, 1999, tzinfo=UTC)))
    assert here.last().at == datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)


def test_an_event_that_does_not_know_when_is_refused(here: World) -> None:
    """An event of the application with a time without a zone is a mistake in its code."""
    told: list[Event] = []
    here.listeners.add(GuessFailed, told.append)
    with pytest.raises(InvalidEntityError, match=r"AuditEntry\.at"):
        here.tell(GuessFailed(at=datetime(2026, 1, 1)))  # noqa: DTZ001
    assert told == []


def test_listeners_are_told_after_the_entry_is_there(here: World) -> None:
    """So that they can read it."""
    seen: list[Any] = []
    here.listeners.add(UserDeleted, lambda event: seen.append(here.last().event))
    here.users.delete(here.ada().id)
    assert seen == ["user_deleted"]
