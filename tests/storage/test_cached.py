"""A store with a cache before it: what it costs, what it keeps, and what it does without the cache."""

import asyncio
import contextlib
import dataclasses
import json
import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.storage.caches import MemoryCache, Moments, Shelf
from tests.storage.doubles import BareStore, WaitingStore
from tests.storage.things import NOTES, THINGS, Colour, Note, Thing, new_id, note
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    ConfigurationError,
    DuplicateError,
    InvalidEntityError,
    StaleError,
    StoreUnavailableError,
    UnsupportedStoreError,
    UsageError,
)
from userkit.features.built_in import built_in
from userkit.ports.cache import Answer, Held
from userkit.storage.breaker import Breaker
from userkit.storage.cached import CachedStore
from userkit.storage.cached.copies import Copies
from userkit.storage.capabilities import Concurrent, supports
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.port import LARGEST_PAGE
from userkit.sync import run
from userkit.turns import TaskTurns, ThreadTurns

CACHED = replace(NOTES, cached=True)
KEPT = replace(THINGS, cached=True)
MISSING = new_id()
LATER = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


class CountedStore(BareStore):
    """A store that counts how often it is asked, and may fail."""

    def __init__(self, behind: MemoryStore) -> None:
        """Begin with no calls."""
        super().__init__(behind)
        self.calls: list[str] = []
        self.error: Exception | None = None

    async def get(self, entity: Any, id: str) -> Any:
        """See Store.get."""
        self.calls.append("get")
        return await super().get(entity, id)

    async def find(self, entity: Any, *args: Any, **options: Any) -> Any:
        """See Store.find."""
        self.calls.append("find")
        return await super().find(entity, *args, **options)

    async def commit(self, *changes: Any) -> None:
        """See Store.commit."""
        self.calls.append("commit")
        if self.error is not None:
            raise self.error
        await super().commit(*changes)


class Place:
    """A cached store, and the parts that it is made of."""

    def __init__(self, shelf: Shelf | None = None, memory: MemoryStore | None = None, **options: Any) -> None:
        """Begin with nothing stored, or beside another process."""
        self.shelf = shelf or Shelf()
        self.cache = MemoryCache(self.shelf)
        self.memory = memory or MemoryStore()
        self.counted = CountedStore(self.memory)
        self.store = CachedStore(
            self.counted, self.cache, turns=ThreadTurns(), moment=self.shelf.moments, **options
        )
        run(self.store.prepare([CACHED, KEPT]))

    def beside(self, **options: Any) -> "Place":
        """Return another process on the same store and the same cache."""
        return Place(self.shelf, self.memory, **options)

    def get(self, id: str) -> Note | None:
        """Read by id."""
        return run(self.store.get(Note, id))

    def find(self, label: str) -> tuple[Note, ...]:
        """Find by the unique value."""
        return run(self.store.find(Note, "label", label)).items

    def commit(self, *changes: Any) -> None:
        """Commit."""
        run(self.store.commit(*changes))

    def costs(self) -> tuple[list[str], list[str]]:
        """Return the calls of the cache and of the store since this was last asked."""
        calls = (self.cache.calls[:], self.counted.calls[:])
        self.cache.calls.clear()
        self.counted.calls.clear()
        return calls

    def added(self, text: str = "text", **values: Any) -> Note:
        """Add a note, and forget what that costs."""
        one = note(text, **values)
        self.commit(Add(one))
        self.costs()
        return one


@pytest.fixture
def here() -> Place:
    """A store in which nothing is."""
    return Place()


def test_what_is_kept_costs_one_round_trip_and_no_read(here: Place) -> None:
    """The first time it is read and filled in: by id, by value, and that there is nothing."""
    one = here.added(label="1")
    for ask, verb, answer in (
        (lambda: here.get(one.id), "get", one),
        (lambda: here.find("1"), "find", (one,)),
        (lambda: here.get(MISSING), "get", None),
        (lambda: here.find("none"), "find", ()),
    ):
        assert ask() == answer
        assert here.costs() == (["read", "fill"], [verb])
        assert ask() == answer
        assert here.costs() == (["read"], [])


def test_a_commit_costs_two_round_trips_however_much_it_changes(here: Place) -> None:
    """Fences before, and their end after."""
    notes = [note(label=str(number)) for number in range(20)]
    here.commit(*map(Add, notes))
    assert here.costs() == (["fence", "lift"], ["commit"])
    changed = [Save(each, each.evolve(label=f"{each.label}!")) for each in notes]
    here.commit(*changed, Add(note()))
    assert here.costs() == (["fence", "lift"], ["commit"])
    assert here.shelf.entries == {}


def test_what_is_not_declared_to_be_cached_never_meets_the_cache() -> None:
    """As passwords and limits are."""
    memory, cache = MemoryStore(), MemoryCache()
    store = CachedStore(memory, cache, turns=ThreadTurns())
    run(store.prepare([NOTES]))
    one = note(label="1")
    run(store.commit(Add(one)))
    assert run(store.get(Note, one.id)) == one
    assert run(store.find(Note, "label", "1")).items == (one,)
    assert cache.calls == []


def test_the_collections_of_ours_that_are_cached() -> None:
    """Neither passwords nor limits, links, the outbox or the trail."""
    cached = {each.name for feature in built_in() for each in feature.collections if each.cached}
    assert cached == {"users", "sessions", "api_keys", "roles", "administrators"}


def test_only_reads_by_id_and_by_unique_value_are_answered_from_copies(here: Place) -> None:
    """Lists, searches and counts are the store's."""
    one = here.added("one", label="1", done_at=LATER)
    store = here.store
    assert run(store.find(Note)).items == (one,)
    assert run(store.find(Note, "initial", "o", newest_first=True)).items == (one,)
    assert run(store.find(Note, "label", "1", after=one.id)).items == ()
    assert here.costs()[0] == []


def test_what_could_not_be_stored_is_not_asked_of_the_cache(here: Place) -> None:
    """No keys of any length, and none with what cannot be written."""
    assert here.get("not an id") is None
    for label in ("\0", "\ud800", "x" * 256):
        assert here.find(label) == ()
    assert here.costs()[0] == []


def test_calls_that_break_the_contract_are_refused_as_without_a_cache(here: Place) -> None:
    """Nothing is cached of them."""
    calls: list[Callable[[], Any]] = [
        lambda: run(here.store.find(Note, "label", "1", limit=0)),
        lambda: run(here.store.find(Note, "label", "1", limit=LARGEST_PAGE + 1)),
        lambda: run(here.store.find(Note, "id", MISSING)),
        lambda: run(here.store.find(Note, "label")),
        lambda: run(here.store.find(Note, "text", "1")),
        lambda: here.commit("a change"),
        lambda: here.commit(*(Add(note()) for _ in range(26))),
    ]
    for call in calls:
        with pytest.raises(UsageError):
            call()
    assert here.shelf.entries == {}


def test_changes_are_seen_at_once_in_every_process(here: Place) -> None:
    """By id and by both unique values, the one given up and the one taken."""
    there = here.beside()
    one = here.added("1", label="old")
    for place in (here, there):
        assert (place.get(one.id), place.find("old"), place.find("new")) == (one, (one,), ())
    two = one.evolve(text="2", label="new")
    here.commit(Save(one, two))
    for place in (there, here):
        assert (place.get(one.id), place.find("old"), place.find("new")) == (two, (), (two,))
    there.commit(Remove(two))
    for place in (here, there):
        assert (place.get(one.id), place.find("old"), place.find("new")) == (None, (), ())


def test_a_change_that_leaves_the_unique_value_is_seen_by_it(here: Place) -> None:
    """The copy under the value is a whole one."""
    one = here.added("1", label="same")
    assert here.find("same") == (one,)
    two = one.evolve(text="2")
    here.commit(Save(one, two))
    assert here.find("same") == (two,)


def test_who_joins_is_seen_where_nobody_was_found_before(here: Place) -> None:
    """That there was nothing is forgotten with the commit that adds it."""
    there = here.beside()
    one = note(label="1")
    assert (there.get(one.id), there.find("1")) == (None, ())
    here.commit(Add(one))
    assert (there.get(one.id), there.find("1")) == (one, (one,))


def test_copies_and_the_knowledge_of_nothing_have_their_time(here: Place) -> None:
    """Which bounds how late a change past userkit may be."""
    one = here.added(label="1")
    assert (here.get(one.id), here.find("2")) == (one, ())
    here.costs()
    run(here.memory.commit(Save(one, one.evolve(label="2"))))
    here.shelf.moments.now += 4.9
    assert (here.get(one.id), here.find("2")) == (one, ())
    here.shelf.moments.now += 0.2
    assert here.find("2") != ()
    here.shelf.moments.now += 24.9
    changed = here.get(one.id)
    assert changed is not None
    assert changed.label == "2"


@pytest.mark.parametrize("times", [{"ttl": 0}, {"negative_ttl": -1.0}], ids=["ttl", "negative"])
def test_times_are_above_zero(times: dict[str, float]) -> None:
    """Nothing is kept for no time."""
    with pytest.raises(ConfigurationError):
        Place(None, None, **times)


def test_realms_have_nothing_in_common(here: Place) -> None:
    """Neither copies nor epochs."""
    acme = here.store.realm("acme")
    one = here.added(label="1")
    assert here.find("1") == (one,)
    assert run(acme.find(Note, "label", "1")).items == ()
    two = note("2", label="1")
    run(acme.commit(Add(two)))
    assert run(acme.find(Note, "label", "1")).items == (two,)
    assert here.find("1") == (one,)


def test_a_refused_commit_leaves_no_fence(here: Place) -> None:
    """It has not happened, and will not."""
    one = here.added(label="1")
    for error, change in (
        (DuplicateError, Add(note(label="1"))),
        (StaleError, Save(one.evolve(), one.evolve().evolve())),
        (InvalidEntityError, Add(note("\0"))),
    ):
        with pytest.raises(error):
            here.commit(change)
        assert here.shelf.entries == {}


def test_a_commit_of_which_nobody_knows_whether_it_happened_leaves_its_fences(here: Place) -> None:
    """It may happen later; until then nothing is kept, and after a minute all is as ever."""
    one = here.added(label="1")
    here.get(one.id)
    here.counted.error = StoreUnavailableError("Lost.")
    two = one.evolve(text="2")
    with pytest.raises(StoreUnavailableError):
        here.commit(Save(one, two))
    there = here.beside()
    assert there.get(one.id) == one
    run(here.memory.commit(Save(one, two)))
    assert there.get(one.id) == two
    assert there.costs() == (["read", "read"], ["get", "get"])
    here.shelf.moments.now += 60.0
    assert there.get(one.id) == two
    assert there.costs() == (["read", "fill"], ["get"])


def test_a_fence_of_another_writer_stays(here: Place) -> None:
    """Each takes away only its own, and what is no fence."""
    one = here.added(label="1")
    cache, key = here.cache, f"notes:id:{one.id}"
    run(cache.fence("default", [key], fence="theirs", seconds=60))
    here.commit(Save(one, one.evolve()))
    assert run(cache.read("default", key, lease="x", seconds=3)).held is Held.FENCED
    run(cache.lift("default", [key], fence="theirs"))
    assert run(cache.read("default", key, lease="x", seconds=3)).held is Held.GRANTED


class TestWithoutTheCache:
    """Everything goes on, a little slower, and nothing old comes back."""

    def test_reads_and_commits_go_on(self, here: Place) -> None:
        """The store has the word."""
        one = here.added(label="1")
        here.cache.broken = True
        assert here.get(one.id) == one
        two = one.evolve(text="2")
        here.commit(Save(one, two))
        assert (here.get(one.id), here.find("1")) == (two, (two,))

    def test_it_is_asked_again_after_one_second_then_two_then_four(self, here: Place) -> None:
        """By one caller each time, and at least every thirty seconds."""
        one = here.added()
        here.cache.broken = True
        asked_at = []
        for _ in range(4 * 140):
            here.get(one.id)
            here.get(one.id)
            if here.costs()[0]:
                asked_at.append(here.shelf.moments.now - 1000.0)
            here.shelf.moments.now += 0.25
        assert asked_at == [0, 1, 3, 7, 15, 31, 61, 91, 121]

    def test_it_is_used_again_when_it_is_back(self, here: Place, caplog: pytest.LogCaptureFixture) -> None:
        """Both are told, once."""
        caplog.set_level(logging.INFO, "userkit.cache")
        one = here.added()
        here.cache.broken = True
        for _ in range(3):
            here.get(one.id)
        here.cache.broken = False
        here.shelf.moments.now += 1.0
        assert here.get(one.id) == one
        here.costs()
        assert here.get(one.id) == one
        assert here.costs() == (["read"], [])
        told = [record.getMessage() for record in caplog.records if record.name == "userkit.cache"]
        assert told == [
            "the cache is left alone for 1 seconds: The cache is broken.",
            "the cache is used again",
        ]

    def test_what_was_changed_meanwhile_is_not_read_from_before(self, here: Place) -> None:
        """A new epoch begins before anything is read, in every process."""
        there = here.beside()
        one, other = here.added(label="1"), here.added(label="2")
        assert (here.get(one.id), here.get(other.id)) == (one, other)
        here.cache.broken = True
        two = one.evolve(text="2")
        here.commit(Save(one, two))
        here.cache.broken = False
        here.shelf.moments.now += 1.0
        here.costs()
        assert here.get(other.id) == other
        assert here.costs() == (["renew", "read", "fill"], ["get"])
        assert there.get(one.id) == two

    def test_a_fence_whose_answer_was_lost_may_be_missing(self, here: Place) -> None:
        """So the epoch ends, though the fence stands."""
        one = here.added(label="1")
        here.get(one.id)
        here.cache.lost_answers = True
        two = one.evolve(text="2")
        here.commit(Save(one, two))
        here.cache.lost_answers = False
        assert here.beside().get(one.id) == two
        here.shelf.moments.now += 61.0
        here.costs()
        assert here.get(one.id) == two
        assert here.costs()[0] == ["renew", "read", "fill"]

    def test_a_commit_begins_the_new_epoch_itself_where_the_cache_is_back(self, here: Place) -> None:
        """A reader of another process may have filled in what it replaced, while it went on."""
        one, there = here.added(label="1"), here.beside()
        here.cache.broken = True
        two = one.evolve(text="2")

        class MendingStore(CountedStore):
            async def commit(self, *changes: Any) -> None:
                here.cache.broken = False
                here.shelf.moments.now += 1.0
                assert there.get(one.id) == one
                await super().commit(*changes)

        here.store.inner = MendingStore(here.memory)
        here.commit(Save(one, two))
        assert here.costs()[0] == ["fence", "renew"]
        assert there.get(one.id) == two

    def test_a_commit_without_fences_whose_end_is_unknown_owes_an_epoch(self, here: Place) -> None:
        """It may have happened."""
        one = here.added(label="1")
        here.cache.broken = True
        here.counted.error = StoreUnavailableError("Lost.")
        with pytest.raises(StoreUnavailableError):
            here.commit(Save(one, one.evolve(text="2")))
        here.cache.broken = False
        here.counted.error = None
        here.shelf.moments.now += 1.0
        here.costs()
        here.get(one.id)
        here.get(one.id)
        assert here.costs()[0] == ["renew", "read", "fill", "read"]

    def test_each_realm_gets_its_own_epoch(self, here: Place) -> None:
        """When it is used next."""
        acme = here.store.realm("acme")
        here.cache.broken = True
        here.get(MISSING)
        here.cache.broken = False
        here.shelf.moments.now += 1.0
        here.costs()
        here.get(MISSING)
        run(acme.get(Note, MISSING))
        assert here.costs()[0] == ["renew", "read", "fill", "renew", "read", "fill"]

    def test_fences_that_cannot_be_taken_away_end_by_themselves(self, here: Place) -> None:
        """The commit has happened all the same."""
        one = here.added(label="1")

        async def break_before(verb: str) -> None:
            here.cache.broken = verb == "lift"

        here.cache.between = break_before
        two = one.evolve(text="2")
        here.commit(Save(one, two))
        here.cache.between, here.cache.broken = None, False
        there = here.beside()
        assert there.get(one.id) == two
        assert there.costs() == (["read"], ["get"])

    def test_what_cannot_be_filled_in_is_read_all_the_same(self, here: Place) -> None:
        """The answer is the store's."""
        one = here.added(label="1")

        async def break_before(verb: str) -> None:
            here.cache.broken = verb == "fill"

        here.cache.between = break_before
        assert here.get(one.id) == one

    def test_a_cache_with_a_defect_is_one_that_fails(
        self, here: Place, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nobody is kept out by it, and what it says is not repeated."""
        one = here.added(label="1")

        async def defect(verb: str) -> None:
            raise RuntimeError("redis://:hunter2@host")

        here.cache.between = defect
        two = one.evolve(text="2")
        here.commit(Save(one, two))
        assert here.get(one.id) == two
        assert "RuntimeError" in caplog.text
        assert "hunter2" not in caplog.text

    def test_a_cache_that_lost_everything_is_filled_anew(self, here: Place) -> None:
        """With a new epoch, never one that was used before."""
        one = here.added(label="1")
        here.get(one.id)
        here.shelf.flush()
        here.costs()
        assert here.get(one.id) == one
        assert here.costs() == (["read", "fill"], ["get"])


class TestCopies:
    """What is kept of an entity comes back as it was; anything else is nothing."""

    @given(st.data())
    def test_every_kind_of_value_comes_back(self, data: st.DataObject) -> None:
        """Whatever an entity may hold."""
        one = data.draw(things())
        copies = Copies(KEPT)
        copy = copies.encode(one)
        assert copies.decode(copy, "id", one.id) == one
        assert copies.decode(b"", "id", one.id) is None

    def test_a_copy_is_compact_json_without_derived_values(self) -> None:
        """Times are milliseconds, and nothing is pickled."""
        one = note("text", label="ä", done_at=LATER, colour=Colour.RED)
        _, record = json.loads(Copies(CACHED).encode(one))
        assert record == {
            "id": one.id,
            "version": 1,
            "text": "text",
            "label": "ä",
            "colour": "red",
            "done_at": 1767323045678,
        }

    @pytest.mark.parametrize(
        "copy",
        [
            b"\x80\x04.",
            b"{}",
            b"[]",
            b"null",
            b"17",
            b'"text"',
            b'["form"]',
            b"[" * 100_000,
            b'["FORM", null]',
            b'["FORM", []]',
            b'["FORM", {}]',
            b'["FORM", {"done_at": 1e400}]',
            b'["FORM", {"done_at": "soon"}]',
            b'["FORM", {"done_at": null, "colour": "blue"}]',
            b'["FORM", {"done_at": null, "id": "another", "version": 1}]',
            b'["FORM", {"done_at": 999999999999999999999999, "id": "another"}]',
        ],
        ids=range(16),
    )
    def test_what_cannot_be_read_is_nothing(self, here: Place, copy: bytes) -> None:
        """The store is asked, and its answer counts."""
        one = here.added(label="1")
        here.get(one.id)
        form = Copies(CACHED)._form.encode()
        for place, entry in here.shelf.entries.items():
            here.shelf.entries[place] = entry._replace(text=copy.replace(b"FORM", form))
        here.costs()
        assert here.get(one.id) == one
        assert here.costs() == (["read"], ["get"])

    def test_a_copy_of_another_form_is_nothing(self) -> None:
        """Other versions of an application read and write other fields."""

        @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
        class Newer(Note):
            barred: bool = False

        one = note("text")
        newer = Collection("notes", Newer, unique=("label",), expires="done_at", cached=True)
        copy = Copies(CACHED).encode(one)
        others: list[Collection[Any]] = [newer, replace(CACHED, schema=2)]
        for other in others:
            other_copies: Copies[Any] = Copies(other)
            with pytest.raises(InvalidEntityError):
                other_copies.decode(copy, "id", one.id)

    def test_a_copy_of_something_else_is_nothing(self) -> None:
        """Whoever mixes up keys gets nobody else's account."""
        one = note("text", label="1")
        copies = Copies(CACHED)
        assert copies.decode(copies.encode(one), "label", "1") == one
        with pytest.raises(InvalidEntityError):
            copies.decode(copies.encode(one), "label", "2")

    def test_what_no_store_should_have_held_is_not_kept(self, here: Place) -> None:
        """It is given to the caller as it is."""
        odd = note("odd\0")
        with pytest.raises(InvalidEntityError):
            Copies(CACHED).encode(odd)

        class OddStore(CountedStore):
            async def get(self, entity: Any, id: str) -> Any:
                return odd

        here.store.inner = OddStore(here.memory)
        assert here.get(odd.id) == odd
        assert here.costs()[0] == ["read"]

    def test_keys_show_no_addresses(self, here: Place) -> None:
        """And have one length."""
        here.find("ada@example.com")
        assert not any("ada" in key for _, key in here.shelf.entries)


class TestSeveralAtOnce:
    """Of all who ask for the same, one asks the store."""

    def test_tasks_share_one_look_into_the_store(self) -> None:
        """The others get what it brings."""

        async def use() -> tuple[list[str], list[str]]:
            counted = SlowCountedStore(MemoryStore())
            cache = MemoryCache(blocking=False)
            store = CachedStore(counted, cache, turns=TaskTurns())
            await store.prepare([CACHED])
            one = note(label="1")
            await store.commit(Add(one))
            cache.calls.clear()
            found = await asyncio.gather(*(store.get(Note, one.id) for _ in range(50)))
            assert found == [one] * 50
            assert len(store._reader.flights) == 0
            return cache.calls, counted.calls

        calls, reads = asyncio.run(use())
        assert (calls.count("read"), calls.count("fill"), reads.count("get")) == (50, 1, 1)

    def test_threads_share_one_look_into_the_store(self, here: Place) -> None:
        """They wait for a lock, and not for an event loop."""
        one = here.added(label="1")
        crowd = 8
        gate = threading.Barrier(crowd + 1)
        entered = threading.Event()

        class SlowStore(CountedStore):
            async def get(self, entity: Any, id: str) -> Any:
                entered.set()
                gate.wait(30)
                return await super().get(entity, id)

        slow = SlowStore(here.memory)
        here.store.inner = slow
        found: list[Any] = []

        def look() -> None:
            found.append(here.get(one.id))

        async def count_down(verb: str) -> None:
            if verb == "read" and entered.is_set():
                gate.wait(30)

        here.cache.between = count_down
        threads = [threading.Thread(target=look) for _ in range(crowd + 1)]
        threads[0].start()
        assert entered.wait(30)
        for thread in threads[1:]:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert found == [one] * (crowd + 1)
        assert here.costs()[0].count("fill") == 1

    def test_when_it_fails_the_others_ask_for_themselves(self) -> None:
        """Each gets an answer of its own, or an error of its own."""

        async def use() -> list[object]:
            counted = SlowCountedStore(MemoryStore())
            store = CachedStore(counted, MemoryCache(blocking=False), turns=TaskTurns())
            await store.prepare([CACHED])
            one = note(label="1")
            await store.commit(Add(one))
            counted.failures = 1
            found = await asyncio.gather(*(store.get(Note, one.id) for _ in range(3)), return_exceptions=True)
            assert counted.calls.count("get") == 3
            return [type(each) for each in found]

        assert asyncio.run(use()) == [StoreUnavailableError, Note, Note]

    def test_a_lease_left_behind_is_used_by_the_next(self) -> None:
        """Who was cancelled holds nobody up."""

        async def use() -> None:
            counted = SlowCountedStore(MemoryStore())
            cache = MemoryCache(blocking=False)
            store = CachedStore(counted, cache, turns=TaskTurns())
            await store.prepare([CACHED])
            one = note(label="1")
            await store.commit(Add(one))
            looking = asyncio.create_task(store.get(Note, one.id))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking
            cache.calls.clear()
            assert await store.get(Note, one.id) == one
            assert cache.calls == ["read", "fill"]

        asyncio.run(use())

    def test_another_process_is_waited_for_a_moment(self, here: Place) -> None:
        """Twice, then the store is read, and nothing is filled in."""
        one = here.added(label="1")
        key = f"notes:id:{one.id}"
        run(here.cache.read("default", key, lease="theirs", seconds=3))
        here.costs()
        assert here.get(one.id) == one
        assert here.costs() == (["read"] * 3, ["get"])
        assert here.cache.pauses == [0.005, 0.02]

    def test_what_another_process_fills_in_meanwhile_is_taken(self, here: Place) -> None:
        """The store is not asked."""
        one = here.added(label="1")
        key = f"notes:id:{one.id}"
        run(here.cache.read("default", key, lease="theirs", seconds=3))
        here.costs()

        async def fill(verb: str) -> None:
            if verb == "pause":
                copy = Copies(CACHED).encode(one)
                await MemoryCache(here.shelf).fill("default", key, copy, lease="theirs", seconds=30)

        here.cache.between = fill
        assert here.get(one.id) == one
        assert here.costs() == (["read", "read"], [])


class SlowCountedStore(CountedStore):
    """A store that lets other tasks run before it answers, and may fail first."""

    blocking = False
    failures = 0

    async def get(self, entity: Any, id: str) -> Any:
        """See Store.get."""
        for _ in range(3):
            await asyncio.sleep(0)
        found = await super().get(entity, id)
        if self.failures:
            self.failures -= 1
            raise StoreUnavailableError("Not now.")
        return found


class TestAroundTheVerbs:
    """What else a store can do, and how it is put together."""

    def test_abilities_are_those_of_the_store_within(self, here: Place) -> None:
        """Each is asked of it."""

        async def use() -> None:
            memory = MemoryStore()
            store = CachedStore(memory, MemoryCache(), turns=ThreadTurns())
            await store.prepare([CACHED])
            one, two = note("one", label="1"), note("two", label="2", done_at=LATER)
            assert await store.load(iter([one, two]), batch=1) == 2
            assert (await store.search(Note, "o", limit=5)).items == (one,)
            assert (await store.search(Note, "t", after=two.id)).items == ()
            assert (await store.count(Note), await store.count(Note, "label", "1")) == (2, 1)
            assert await store.realms() == ["default"]
            assert await store.purge(Note, before=LATER + timedelta(1), limit=5) == 1
            assert await memory.count(Note) == 1

        run(use())
        assert supports(here.store, Concurrent) is False

    def test_it_has_no_ability_that_the_store_within_lacks(self, here: Place) -> None:
        """It says so as other stores do."""
        with pytest.raises(UnsupportedStoreError):
            run(here.store.search(Note, "a"))

    def test_it_serves_as_many_calls_at_once_as_the_store_within(self, here: Place) -> None:
        """One, where that says nothing."""

        class PooledStore(CountedStore):
            concurrency = 7

        assert here.store.concurrency == 1
        here.store.inner = PooledStore(here.memory)
        assert here.store.concurrency == 7
        assert supports(here.store, Concurrent)

    def test_what_was_loaded_is_found_where_nothing_was(self) -> None:
        """That there was nothing is forgotten, whether the load ends well or not."""
        memory, cache = MemoryStore(), MemoryCache()
        store = CachedStore(memory, cache, turns=ThreadTurns())
        run(store.prepare([CACHED]))
        for duplicates in ([], [note(label="taken")] * 2):
            one = note(label=new_id())
            assert run(store.get(Note, one.id)) is None
            with contextlib.suppress(DuplicateError):
                run(store.load([one, *duplicates], batch=1))
            assert run(store.get(Note, one.id)) == one

    def test_it_blocks_where_both_parts_do(self) -> None:
        """A cache that blocks is none for an asynchronous store."""
        memory = MemoryStore()
        assert CachedStore(memory, MemoryCache(), turns=ThreadTurns()).blocking
        assert not CachedStore(memory, MemoryCache(blocking=False), turns=TaskTurns()).blocking
        waiting = WaitingStore(memory)
        assert not CachedStore(waiting, MemoryCache(blocking=False), turns=TaskTurns()).blocking
        with pytest.raises(UnsupportedStoreError):
            CachedStore(waiting, MemoryCache(), turns=TaskTurns())

    def test_a_store_on_somebodys_session_reads_without_the_cache_and_leaves_fences(
        self, here: Place
    ) -> None:
        """Nobody says when the application commits; until then others read the store."""
        one, there = here.added(label="1"), here.beside()
        assert there.get(one.id) == one
        session = CountedStore(MemoryStore())
        run(session.prepare([CACHED]))
        run(session.commit(Add(one)))
        joined = here.store.joined(session)
        two = one.evolve(text="2")
        run(joined.commit(Save(one, two)))
        assert run(joined.get(Note, one.id)) == two
        assert run(joined.find(Note, "label", "1")).items == (two,)
        assert here.costs()[0] == ["fence"]
        there.costs()
        assert there.get(one.id) == one
        run(here.memory.commit(Save(one, two)))  # the application commits
        assert there.get(one.id) == two
        assert there.costs()[1] == ["get", "get"]
        run(joined.close())
        assert here.cache.closed == 0

    def test_a_view_of_a_joined_store_is_joined(self, here: Place) -> None:
        """Realms are no way around."""
        session = MemoryStore()
        run(session.prepare([CACHED]))
        view = here.store.joined(session).realm("acme")
        run(view.commit(Add(note(label="1"))))
        assert here.costs()[0] == ["fence"]

    def test_closing_closes_both(self, here: Place) -> None:
        """The cache, too, when the store fails to close."""
        run(here.store.close())
        assert here.cache.closed == 1

        class UnclosedStore(CountedStore):
            async def close(self) -> None:
                raise StoreUnavailableError("Not now.")

        here.store.inner = UnclosedStore(here.memory)
        with pytest.raises(StoreUnavailableError):
            run(here.store.close())
        assert here.cache.closed == 2

    def test_an_answer_shows_nothing_of_its_value(self) -> None:
        """It may be in a traceback."""
        assert "ada" not in repr(Answer(Held.VALUE, b"ada"))


def test_a_late_answer_changes_nothing_about_a_breaker() -> None:
    """Twenty calls that fail together count once, and a late success is none."""
    moments = Moments()
    breaker = Breaker(moments)
    tickets = [breaker.admit() for _ in range(20)]
    assert [breaker.failed(ticket or 0) for ticket in tickets] == [1.0] + [None] * 19
    assert not breaker.succeeded(tickets[0] or 0)
    assert breaker.is_open
    assert breaker.admit() is None
    moments.now += 1.0
    probe = breaker.admit()
    assert (probe, breaker.admit()) == (1, None)
    assert breaker.succeeded(1)
    assert not breaker.is_open
    assert not breaker.succeeded(2)


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
TIMES = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
INTEGERS = st.integers(-(1 << 63), (1 << 63) - 1)
FACTS = st.dictionaries(
    TEXTS,
    st.recursive(
        st.none() | st.booleans() | INTEGERS | TEXTS | st.floats(-1e15, 1e15),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXTS,
    "number": INTEGERS,
    "flag": st.booleans(),
    "at": TIMES,
    "data": st.binary(max_size=20),
    "colour": st.sampled_from(Colour),
    "owner": st.uuids().map(str),
    "tags": st.frozensets(TEXTS, max_size=3),
    "steps": st.lists(TEXTS, max_size=3).map(tuple),
    "facts": FACTS,
}


def things() -> st.SearchStrategy[Thing]:
    """Return anything with a field of every kind, those that may be None included."""
    optional = {f"{name}_or_none": st.none() | strategy for name, strategy in _FIELDS.items()}
    return st.builds(Thing, id=st.uuids().map(str), version=st.integers(1, 9), **_FIELDS, **optional)
