"""The trail is listed, handed out and purged."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.features.audit.world import World, prepared, world
from tests.storage.doubles import BareStore
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidCursorError, InvalidInputError, UnsupportedStoreError
from userkit.features.audit import AuditEntry
from userkit.features.audit.recording import RecordEvent
from userkit.features.users import UserDisabled, UserRegistered
from userkit.kernel.ids import UUIDv7
from userkit.kernel.origin import coming_from
from userkit.kernel.page import Page
from userkit.sync import run
from userkit.testing.clock import FrozenClock

A_YEAR_AGO = datetime(2025, 1, 1, tzinfo=UTC)
NOBODY = "019c9f2f-3d7b-7000-8000-000000000000"


def crowd(here: World, count: int) -> None:
    """Let something happen ``count`` times."""
    ada = here.ada()
    for _ in range(count - 1):
        here.tell(UserDisabled(at=here.clock(), user=ada))


def test_the_newest_come_first(here: World) -> None:
    """Or last, for those who ask."""
    ada = here.ada()
    here.users.disable(ada.id)
    assert [entry.event for entry in here.audit.list().items] == ["user_disabled", "user_registered"]
    assert here.audit.list(newest_first=False).items == here.trail()


def test_the_trail_of_one_user_is_found(here: World) -> None:
    """And of nobody else; what is no id finds nothing."""
    ada = here.ada()
    grace = here.users.register(email="grace@example.com", name="Grace Hopper")
    here.users.disable(ada.id)
    assert [entry.event for entry in here.audit.list(user_id=grace.id).items] == ["user_registered"]
    assert len(here.audit.list(user_id=ada.id).items) == 2
    for stranger in (NOBODY, "", "ada@example.com", "x" * 1000, "\0"):
        assert here.audit.list(user_id=stranger) == Page(())


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_pages_follow_each_other(here: World, newest_first: bool, whole: bool) -> None:
    """Every entry once, in order, to the last page."""
    crowd(here, 7)
    user_id = None if whole else here.trail()[0].user_id
    found: list[AuditEntry] = []
    after: str | None = None
    while True:
        page = here.audit.list(user_id=user_id, limit=3, after=after, newest_first=newest_first)
        found += page.items
        after = page.next
        if after is None:
            break
    assert found == sorted(here.trail(), key=lambda entry: entry.id, reverse=newest_first)


def test_a_cursor_is_good_for_its_own_list(here: World) -> None:
    """Of the same user, in the same order and realm."""
    crowd(here, 3)
    user_id = here.trail()[0].user_id
    cursor = here.audit.list(limit=1).next
    assert cursor is not None
    elsewhere = world(here.store, realm="acme")
    for wrong in (
        lambda: here.audit.list(after=cursor, newest_first=False),
        lambda: here.audit.list(after=cursor, user_id=user_id),
        lambda: elsewhere.audit.list(after=cursor),
        lambda: here.audit.list(after=here.trail()[0].id),
    ):
        with pytest.raises(InvalidCursorError):
            wrong()


@pytest.mark.parametrize("limit", [0, -1, 1001, True])
def test_a_page_is_bounded(here: World, limit: int) -> None:
    """1 to 1,000 entries."""
    with pytest.raises(InvalidInputError):
        here.audit.list(limit=limit)


def test_the_trail_is_handed_out_as_json_lines(here: World) -> None:
    """Oldest first, one object a line, in ASCII."""
    with coming_from(actor_id="grace", session_id="s-1", address="2001:DB8::1", user_agent="Straße"):
        ada = here.ada()
    here.clock.advance(seconds=1.5)
    here.users.disable(ada.id)
    lines: list[str] = []
    assert here.audit.export(lines.append) == 2
    first, second = here.trail()
    assert lines[0] == (
        f'{{"id": "{first.id}", "at": "2026-01-01T00:00:00.000Z", "event": "user_registered", '
        f'"user_id": "{ada.id}", "actor_id": "grace", "session_id": "s-1", "address": "2001:db8::1", '
        '"user_agent": "Stra\\u00dfe", "facts": {}, "expires_at": "2027-01-01T00:00:00.000Z"}\n'
    )
    assert json.loads(lines[1]) == second.document()
    assert second.document()["at"] == "2026-01-01T00:00:01.500Z"


def test_the_trail_of_one_user_is_handed_out(here: World) -> None:
    """For somebody who asks what is known of them; of a stranger it is empty."""
    ada = here.ada()
    here.users.register(email="grace@example.com", name="Grace Hopper")
    lines: list[str] = []
    assert here.audit.export(lines.append, user_id=ada.id) == len(lines) == 1
    assert here.audit.export(lines.append, user_id="nobody") == 0


def test_a_long_trail_is_handed_out_page_by_page() -> None:
    """Every entry once, and never more than one page in memory."""
    pages: list[int] = []

    class Watched(BareStore):
        async def find(self, *args: Any, **kwargs: Any) -> Page[Any]:
            page = await self.behind.find(*args, **kwargs)
            pages.append(len(page.items))
            return page

    here = world(prepared(Watched(MemoryStore())))
    crowd(here, 1201)
    ids: list[str] = []
    assert here.audit.export(lambda line: ids.append(json.loads(line)["id"])) == 1201
    assert ids == sorted(set(ids))
    assert pages == [500, 500, 201]


def test_a_writer_of_an_asynchronous_kit_may_wait(here: World) -> None:
    """As for a network."""
    here.ada()
    lines: list[str] = []

    async def write(line: str) -> None:
        await asyncio.sleep(0)
        lines.append(line)

    assert asyncio.run(here.awaited.export(write)) == len(lines) == 1


def test_an_export_ends_when_its_writer_fails(here: World) -> None:
    """With the writer's own error."""
    crowd(here, 3)

    def write(line: str) -> None:
        raise OSError("The disk is full")

    with pytest.raises(OSError, match="The disk is full"):
        here.audit.export(write)


def test_what_has_expired_is_purged() -> None:
    """And nothing else, least of all what is kept for ever."""
    store = prepared(MemoryStore())
    here = world(store, keep=timedelta(days=90))
    ada = world(store, clock=FrozenClock(A_YEAR_AGO), keep=None).ada()
    here.users.disable(ada.id)
    here.clock.advance(days=1)
    here.users.enable(ada.id)
    here.clock.advance(days=89, seconds=1)
    assert here.audit.purge() == 1
    assert [entry.event for entry in here.trail()] == ["user_registered", "user_enabled"]
    assert here.audit.purge() == 0


def test_a_purge_takes_out_however_many_there_are() -> None:
    """More than one batch of the store."""
    here = world(prepared(MemoryStore()), keep=timedelta(days=1))
    clock = FrozenClock()
    record = RecordEvent(new_id=UUIDv7(clock), keep=timedelta(days=1), routine=False)
    ada = here.ada()
    for _ in range(2000):
        run(here.store.commit(*run(record(UserRegistered(at=clock(), user=ada)))))
    here.clock.advance(days=2)
    told: list[int] = []
    assert here.audit.purge(watch=told.append) == 2001
    assert told == [1000, 1000, 1]
    assert here.trail() == ()


def test_a_store_that_cannot_purge_says_so() -> None:
    """When it is asked."""
    with pytest.raises(UnsupportedStoreError, match="BareStore cannot purge"):
        world(prepared(BareStore(MemoryStore()))).audit.purge()
