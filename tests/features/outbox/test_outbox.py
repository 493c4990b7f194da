"""Entries are done once they are due, tried again when they fail, and given up only where people see it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.features.outbox.world import World, world
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidCursorError, InvalidInputError, NotFoundError, UsageError
from userkit.features.outbox import Delivery, OutboxEntry, OutboxState
from userkit.features.outbox.model import LEASE, MOST_ATTEMPTS
from userkit.storage.changes import Save
from userkit.storage.port import Store
from userkit.sync import run


@pytest.fixture
def here() -> World:
    """An empty outbox."""
    return world(MemoryStore())


def test_what_is_due_is_done_and_gone(here: World) -> None:
    """In the order in which it came."""
    for text in ("one", "two", "three"):
        here.post(text)
    assert here.outbox.deliver() == Delivery(done=3)
    assert here.done == ["one", "two", "three"]
    assert here.stored() == ()
    assert here.outbox.deliver() == Delivery()


def test_a_pass_is_bounded(here: World) -> None:
    """The rest waits for the next."""
    for number in range(5):
        here.post(str(number))
    assert here.outbox.deliver(limit=2) == Delivery(done=2)
    assert len(here.stored()) == 3


def test_a_pass_goes_over_pages(here: World) -> None:
    """However many there are."""
    for number in range(250):
        here.post(str(number))
    assert here.outbox.deliver(limit=1000) == Delivery(done=250)


def test_what_fails_is_tried_again_later_and_later(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """And keeps nobody else waiting; the log names the kind of the error and not its text."""
    here.post("one")
    here.failing.extend([OSError("password=hunter2")] * 3)
    here.post("two")
    assert here.outbox.deliver() == Delivery(done=0, failed=2)
    assert "OSError" in caplog.text
    assert "hunter2" not in caplog.text
    assert here.outbox.deliver() == Delivery()
    here.clock.advance(seconds=10)
    assert here.outbox.deliver() == Delivery(done=1, failed=1)
    here.clock.advance(seconds=19)
    assert here.outbox.deliver() == Delivery()
    here.clock.advance(seconds=1)
    assert here.outbox.deliver() == Delivery(done=1)
    assert sorted(here.done) == ["one", "two"]


def test_what_fails_again_and_again_is_given_up_and_can_be_seen(here: World) -> None:
    """It stays, with the kind of its last problem, until somebody tries it again."""
    entry = here.post("one")
    here.failing.extend([OSError("no")] * MOST_ATTEMPTS)
    for _ in range(MOST_ATTEMPTS):
        assert here.outbox.deliver() == Delivery(failed=1)
        here.clock.advance(hours=1)
    assert here.outbox.deliver() == Delivery()
    (failed,) = here.outbox.failed().items
    assert (failed.id, failed.state, failed.problem) == (entry.id, OutboxState.FAILED, "OSError")
    assert here.outbox.retry(entry.id).state is OutboxState.PENDING
    assert here.outbox.deliver() == Delivery(done=1)
    assert here.outbox.failed().items == ()
    with pytest.raises(NotFoundError):
        here.outbox.retry(entry.id)


def test_what_was_given_up_is_listed_by_pages(here: World) -> None:
    """With cursors of this list."""
    for number in range(3):
        entry = here.post(str(number))
        run(here.parts.store.commit(Save(entry, entry.evolve(state=OutboxState.FAILED))))
    page = here.outbox.failed(limit=2)
    assert len(page.items) == 2
    assert page.next is not None
    assert len(here.outbox.failed(limit=2, after=page.next).items) == 1
    with pytest.raises(InvalidCursorError):
        here.outbox.failed(after="made up")
    with pytest.raises(InvalidInputError):
        here.outbox.failed(limit=0)


def test_nobody_handles_it(here: World) -> None:
    """It is a failure like others: another process may have the feature."""
    here.post_other("telegram", {})
    assert here.outbox.deliver() == Delivery(failed=1)
    assert here.stored()[0].problem == "UsageError"


def test_two_features_do_not_handle_one_topic(here: World) -> None:
    """It is refused when the kit is wired."""

    async def handle(_: OutboxEntry) -> None:
        raise AssertionError

    with pytest.raises(UsageError, match="note"):
        here.awaited.handle("note", handle)


def test_who_takes_an_entry_and_dies_leaves_it_to_others_after_a_while(here: World) -> None:
    """At least once."""
    entry = here.post("one")
    run(here.parts.store.commit(Save(entry, entry.taken(here.clock()))))
    assert here.outbox.deliver() == Delivery()
    here.clock.advance(seconds=LEASE.total_seconds())
    assert here.outbox.deliver() == Delivery(done=1)


def test_of_many_who_look_at_once_one_does_it() -> None:
    """Each entry is taken by a conditional write."""
    memory = MemoryStore()
    here = world(memory)
    for number in range(40):
        here.post(str(number))
    gate = Barrier(8)

    def enter(_: int) -> Delivery:
        gate.wait()
        return here.outbox.deliver()

    with ThreadPoolExecutor(8) as threads:
        passes = list(threads.map(enter, range(8)))
    assert sum((each.done for each in passes), 0) == 40
    assert sorted(here.done, key=int) == [str(number) for number in range(40)]
    assert here.stored() == ()


def test_who_is_late_to_take_an_entry_leaves_it_to_who_was_faster() -> None:
    """It is not theirs to do, and not a failure."""
    memory = MemoryStore()
    here = world(memory)
    entry = here.post("one")

    def rival(store: Store) -> None:
        run(store.commit(Save(entry, entry.taken(here.clock()))))

    late = replace(here.awaited.deliver, store=OvertakenStore(memory, rival))
    assert run(late()) == Delivery()
    assert here.done == []


def test_who_took_longer_than_the_lease_leaves_it_to_who_took_over() -> None:
    """What they did is done again, and nothing is lost."""
    memory = MemoryStore()
    here = world(memory)
    here.post("one")
    rivals = iter([None, "take over"])

    def rival(store: Store) -> None:
        if next(rivals, None):
            entry = run(store.find(OutboxEntry)).items[0]
            run(store.commit(Save(entry, entry.taken(here.clock()))))

    slow = replace(here.awaited.deliver, store=OvertakenStore(memory, rival))
    assert run(slow()) == Delivery(done=1)
    assert len(here.stored()) == 1


def test_a_deleted_user_is_forgotten_by_every_feature_at_once_and_again_later(here: World) -> None:
    """Somebody may have read the user before, and stored something of theirs after it."""
    forgotten: list[str] = []

    async def forget(user_id: str) -> None:
        forgotten.append(user_id)

    here.parts.forget.extend([forget, forget])
    ada = here.users.register(email="ada@example.com", name="Ada")
    here.users.delete(ada.id)
    assert forgotten == [ada.id, ada.id]
    assert here.outbox.deliver() == Delivery()
    here.clock.advance(seconds=LEASE.total_seconds())
    assert here.outbox.deliver() == Delivery(done=1)
    assert forgotten == [ada.id] * 4
    assert here.stored() == ()


def test_who_is_deleted_later_lets_the_earlier_ones_be_forgotten_again(here: World) -> None:
    """So that it is done as well where nobody looks at the outbox."""
    for email in ("ada@example.com", "bo@example.com"):
        here.users.delete(here.users.register(email=email, name="Somebody").id)
        here.clock.advance(seconds=LEASE.total_seconds())
    assert len(here.stored()) == 1


def test_forgetting_goes_on_after_a_failure(here: World, caplog: pytest.LogCaptureFixture) -> None:
    """The commit that deletes the user holds what is still to be done; the deletion has succeeded."""
    forgotten: list[str] = []

    async def forget(user_id: str) -> None:
        if here.failing:
            raise here.failing.pop()
        forgotten.append(user_id)

    here.parts.forget.append(forget)
    here.failing.append(OSError("the lights went out"))
    ada = here.users.register(email="ada@example.com", name="Ada")
    here.users.delete(ada.id)
    assert forgotten == []
    assert "could not be forgotten at once" in caplog.text
    here.clock.advance(seconds=LEASE.total_seconds())
    assert here.outbox.deliver() == Delivery(done=1)
    assert forgotten == [ada.id]


def test_a_pass_may_be_for_some_topics(here: World) -> None:
    """The others wait for whoever does them."""
    here.post("one")
    here.post_other("telegram", {})
    assert here.outbox.deliver(topics=("note",)) == Delivery(done=1)
    assert [entry.topic for entry in here.stored()] == ["telegram"]


def test_x14_an_entry_of_a_clock_that_was_ahead_is_not_waited_for(here: World) -> None:
    """No right clock puts one off for longer than an hour."""
    here.clock.advance(days=400)
    here.post("one")
    here.clock.advance(days=-400)
    assert here.outbox.deliver() == Delivery(done=1)
