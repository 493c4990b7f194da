"""A store that another one follows: what the leader has, the follower has, sooner or later and for good."""

import asyncio
import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.storage.doubles import BareStore, OvertakenStore, WaitingStore
from tests.storage.things import NOTES, THINGS, Colour, Note, Thing, note
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    DuplicateError,
    StaleError,
    StoreUnavailableError,
    UnsupportedStoreError,
    UsageError,
)
from userkit.storage.canonical import canonical, is_same
from userkit.storage.capabilities import BulkLoadable, Purgeable, Searchable, supports
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.collection import Collection
from userkit.storage.following import PENDING, Pending
from userkit.storage.levelling import MARKS, Key, Leveller, Mark
from userkit.storage.migrating import MigratingStore
from userkit.storage.port import Store
from userkit.storage.records import Records
from userkit.sync import run
from userkit.testing import FrozenClock


class Fickle(BareStore):
    """A store that is down at times, and may have done what it does not answer for."""

    def __init__(self, behind: MemoryStore) -> None:
        """Begin up."""
        super().__init__(behind)
        self.state = {"down": False, "mute": False}

    async def step(self) -> None:
        """Fail while it is down."""
        if self.state["down"]:
            raise StoreUnavailableError("It is down.")

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        await super().commit(*changes)
        if self.state["mute"]:
            raise StoreUnavailableError("Nobody knows what became of it.")

    async def purge(self, entity: Any, *, before: datetime, limit: int = 1000) -> int:
        """See Purgeable.purge."""
        await self.step()
        behind: Any = self.behind
        return int(await behind.purge(entity, before=before, limit=limit))


class Pair:
    """A migrating store over two stores in memory, of which the second is fickle."""

    def __init__(self, follower: Any = None) -> None:
        """Prepare it."""
        self.clock = FrozenClock()
        self.leader, self.behind = MemoryStore(), MemoryStore()
        self.follower = Fickle(self.behind) if follower is None else follower
        self.store = MigratingStore(self.leader, self.follower, now=self.clock)
        run(self.store.prepare([NOTES]))

    def down(self, *, is_down: bool = True) -> None:
        """Let the follower fail, or serve again."""
        self.follower.state["down"] = is_down

    def followed(self, realm: str = "default") -> Sequence[Note]:
        """Return what the follower has."""
        return run(self.behind.realm(realm).find(Note, limit=1000)).items

    def are_equal(self, realm: str = "default") -> bool:
        """Compare the two."""
        return self.followed(realm) == run(self.leader.realm(realm).find(Note, limit=1000)).items


@pytest.fixture
def pair() -> Pair:
    return Pair()


def test_every_commit_reaches_the_follower(pair: Pair) -> None:
    """Before it returns, and nothing stays pending."""
    one, other = note("a", label="x"), note("b")
    run(pair.store.commit(Add(one), Add(other)))
    assert pair.are_equal()
    run(pair.store.commit(Save(one, one.evolve(label="y")), Remove(other)))
    assert pair.followed() == (one.evolve(label="y"),)
    assert run(pair.store.is_level())
    assert run(pair.store.pending()) == 0


def test_the_follower_keeps_versions(pair: Pair) -> None:
    """One that missed some is given the newest revision, not each of them."""
    run(pair.store.commit(Add(one := note("a"))))
    pair.down()
    for _ in range(3):
        before, one = one, one.evolve(text=one.text + "a")
        run(pair.store.commit(Save(before, one)))
    assert not run(pair.store.is_level())
    assert run(pair.store.pending()) == 3
    pair.down(is_down=False)
    assert run(pair.store.catch_up()) == 3
    assert pair.followed() == (one,)
    assert one.version == 4
    assert run(pair.store.forward()) == 0


def test_a_failing_follower_fails_no_commit(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    """The log says so, without what was committed; it is made good later."""
    pair.down()
    with caplog.at_level(logging.WARNING, logger="userkit.storage"):
        run(pair.store.commit(Add(note("secret"))))
    (record,) = caplog.records
    assert record.getMessage() == "A follower could not be levelled: It is down."
    assert (record.userkit_realm, record.userkit_error) == ("default", "StoreUnavailableError")
    with pytest.raises(StoreUnavailableError):
        run(pair.store.catch_up())
    pair.down(is_down=False)
    assert run(pair.store.catch_up()) == 1
    assert pair.are_equal()


def test_a_follower_that_is_down_at_the_start_is_prepared_later() -> None:
    """The application starts all the same."""
    follower = Fickle(MemoryStore())
    follower.state["down"] = True
    pair = Pair(follower)
    pair.behind = follower.behind
    run(pair.store.commit(Add(note("a"))))
    follower.state["down"] = False
    assert run(pair.store.catch_up()) == 1
    assert pair.are_equal()


def test_a_follower_with_a_mistake_is_no_follower() -> None:
    """What no time mends is said at the start."""

    class Other(MemoryStore):
        async def prepare(self, collections: Sequence[Collection[Any]], *, create: bool = True) -> None:
            raise UsageError("No.")

    with pytest.raises(UsageError, match="No"):
        Pair(Other())


def test_what_the_leader_refuses_the_follower_never_sees(pair: Pair) -> None:
    """Nothing is pending then."""
    one = note("a", label="x")
    run(pair.store.commit(Add(one)))
    for changes, error in (
        ([Add(note("b", label="x"))], DuplicateError),
        ([Save(one.evolve(), one.evolve().evolve())], StaleError),
        ([Add(note(str(number))) for number in range(26)], UsageError),
        ([*(Add(note(str(number))) for number in range(24)), Add(note("b", label="x"))], DuplicateError),
        ([Add(one), object()], UsageError),
    ):
        with pytest.raises(error):
            run(pair.store.commit(*changes))  # type: ignore[arg-type]
    assert pair.followed() == (one,)
    assert run(pair.store.is_level())
    run(pair.store.commit())


def test_a_full_commit_reaches_the_follower_too(pair: Pair) -> None:
    """There is no room for a twenty-sixth change, so it is announced before."""
    run(pair.store.commit(*(Add(note(str(number))) for number in range(25))))
    assert len(pair.followed()) == 25
    assert run(pair.store.is_level())
    pair.down()
    run(pair.store.commit(*(Add(note(str(number))) for number in range(25))))
    pair.down(is_down=False)
    assert run(pair.store.pending()) == 1
    assert run(pair.store.catch_up()) == 1
    assert len(pair.followed()) == 50


def test_what_was_announced_is_left_to_who_did_so_for_an_hour() -> None:
    """It may not have been done yet: to see to it now would be too early."""
    pair = Pair()
    leader = Fickle(pair.leader)
    pair.store = MigratingStore(leader, pair.follower, now=pair.clock)
    run(pair.store.prepare([NOTES]))

    usual = leader.commit

    async def lost(*changes: Change) -> None:
        await usual(*changes)
        if len(changes) == 25:
            raise StoreUnavailableError

    leader.commit = lost  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailableError):
        run(pair.store.commit(*(Add(note(str(number))) for number in range(25))))
    assert run(pair.store.catch_up()) == 0
    pair.clock.advance(hours=1, seconds=1)
    assert run(pair.store.catch_up()) == 1
    assert len(pair.followed()) == 25


def test_a_load_reaches_the_follower(pair: Pair) -> None:
    """What stops it stops both; what is not loaded because it is unfit is announced to nobody."""
    assert run(pair.store.load((note(str(number)) for number in range(2500)), batch=2000)) == 2500
    assert len(pair.followed()) == 1000
    assert run(pair.behind.count(Note)) == 2500
    with pytest.raises(DuplicateError):
        run(pair.store.load([note("a", label="x"), note("b", label="x")]))
    assert run(pair.behind.count(Note)) == 2500
    assert run(pair.store.is_level())


def test_what_expired_is_purged_from_both(pair: Pair, caplog: pytest.LogCaptureFixture) -> None:
    """A follower that is down is purged the next time."""
    past = pair.clock() - timedelta(days=1)
    run(pair.store.commit(*(Add(note(str(number), done_at=past)) for number in range(4))))
    assert run(pair.store.purge(Note, before=pair.clock(), limit=2)) == 2
    assert len(pair.followed()) == 2
    pair.down()
    assert run(pair.store.purge(Note, before=pair.clock())) == 2
    assert "could not be levelled" in caplog.text
    pair.down(is_down=False)
    assert run(pair.store.purge(Note, before=pair.clock())) == 0
    assert pair.followed() == ()
    bare = Pair(BareStore(MemoryStore()))
    assert run(bare.store.purge(Note, before=pair.clock())) == 0


def test_each_realm_has_its_own(pair: Pair) -> None:
    """A view is caught up by itself."""
    acme = pair.store.realm("acme")
    run(acme.commit(Add(note("a"))))
    assert pair.are_equal("acme")
    assert pair.followed() == ()
    pair.down()
    run(acme.commit(Add(note("b"))))
    pair.down(is_down=False)
    assert run(pair.store.catch_up()) == 0
    assert run(pair.store.is_level())
    assert run(acme.catch_up()) == 1
    assert pair.are_equal("acme")
    assert run(pair.store.realms()) == ["acme"]


def test_the_leader_answers_every_question(pair: Pair) -> None:
    """Whatever the follower has."""
    run(pair.store.commit(Add(mine := note("ada"))))
    run(pair.behind.commit(Add(note("ada", label="x"))))
    pair.down()
    assert run(pair.store.get(Note, mine.id)) == mine
    assert run(pair.store.find(Note, "initial", "a", newest_first=True)).items == (mine,)
    assert run(pair.store.search(Note, "ad")).items == (mine,)
    assert run(pair.store.count(Note)) == 1


def test_it_can_do_what_the_leader_can() -> None:
    """The follower's abilities do not matter."""
    rich = MigratingStore(MemoryStore(), BareStore(MemoryStore()))
    poor = MigratingStore(BareStore(MemoryStore()), MemoryStore())
    for capability in (BulkLoadable, Purgeable, Searchable):
        assert supports(rich, capability)
        assert not supports(poor, capability)
    assert (rich.concurrency, rich.blocking) == (1, True)


def test_two_kinds_of_stores_do_not_go_together() -> None:
    """One of them would wait for an event loop in a synchronous kit."""
    with pytest.raises(UnsupportedStoreError, match="ThreadedStore"):
        MigratingStore(MemoryStore(), WaitingStore(MemoryStore()))


def test_as_many_calls_at_once_as_the_leader_serves() -> None:
    """For those who put it into threads."""

    class Pooled(MemoryStore):
        concurrency = 7

    assert MigratingStore(Pooled(), MemoryStore()).concurrency == 7


def test_it_works_on_an_event_loop() -> None:
    """With two stores that wait."""

    async def work() -> None:
        behind = MemoryStore()
        store = MigratingStore(WaitingStore(MemoryStore()), WaitingStore(behind))
        await store.prepare([NOTES])
        notes = [note(str(number)) for number in range(20)]
        await asyncio.gather(*(store.commit(Add(each)) for each in notes))
        assert list((await behind.find(Note)).items) == notes
        await store.close()

    asyncio.run(work())


def test_swapped_names_reach_the_follower(pair: Pair) -> None:
    """Each is in the way of the other, and in a ring of three as well."""
    notes = [note(str(number), label=str(number)) for number in range(3)]
    run(pair.store.commit(*map(Add, notes)))
    free = [each.evolve(label=None) for each in notes]
    moved = [each.evolve(label=str((number + 1) % 3)) for number, each in enumerate(free)]
    run(pair.store.commit(*map(Save, notes, free)))
    run(pair.store.commit(*map(Save, free, moved)))
    assert pair.are_equal()
    pair.down()
    again = [each.evolve(label=None) for each in moved]
    run(pair.store.commit(*map(Save, moved, again)))
    run(pair.store.commit(*(Save(each, each.evolve(label=each.text)) for each in again)))
    pair.down(is_down=False)
    run(pair.store.catch_up())
    assert pair.are_equal()
    assert run(pair.store.is_level())


def test_a_name_of_somebody_who_is_gone_reaches_who_has_it_now(pair: Pair) -> None:
    """Whichever of the two is levelled first."""
    run(pair.store.commit(Add(one := note("a", label="x"))))
    pair.down()
    run(pair.store.commit(Remove(one)))
    run(pair.store.commit(Add(other := note("b", label="x"))))
    pair.down(is_down=False)
    (first, second) = run(pair.leader.find(Pending)).items
    run(pair.leader.commit(Remove(first), Add(replace(first, id=note().id))))
    assert second.id < run(pair.leader.find(Pending)).items[1].id
    assert run(pair.store.catch_up()) >= 2
    assert pair.followed() == (other,)
    assert run(pair.store.is_level())


def test_a_record_that_the_follower_refuses_stays_pending(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    """The others are levelled, and the log names it."""
    foreign = note("a")
    run(pair.behind.realm("elsewhere").commit(Add(foreign)))

    class OneSpace(BareStore):
        """A store where an id belongs to one realm."""

        async def commit(self, *changes: Change) -> None:
            if any(isinstance(each, Add) and each.entity.id == foreign.id for each in changes):
                raise DuplicateError("id")
            await super().commit(*changes)

    refusing = Pair(OneSpace(pair.behind))
    refusing.behind = pair.behind
    run(refusing.store.commit(Add(foreign), Add(note("b"))))
    run(refusing.store.commit(Add(other := note("c"))))
    assert run(refusing.store.catch_up()) == 0
    assert refusing.followed() == (other,)
    assert "Another record already has this id" in caplog.text
    assert run(refusing.store.pending()) == 1


def test_a_collection_that_this_version_does_not_know_stays_pending(pair: Pair) -> None:
    """Another process of a newer version sees to it."""
    pending = Pending(id=note().id, names=(f"later/{note().id}",), settled=True, created_at=pair.clock())
    run(pair.leader.commit(Add(pending)))
    with pytest.raises(UsageError, match="later"):
        run(pair.store.catch_up())
    assert run(pair.store.pending()) == 1


def test_many_pending_commits_are_caught_up(pair: Pair) -> None:
    """More than a page of them; what the count says and what was done agree."""
    pair.down()
    for number in range(230):
        run(pair.store.commit(Add(note(str(number)))))
    for _ in range(900):
        run(pair.leader.commit(Add(Pending(id=note().id, names=(), settled=True, created_at=pair.clock()))))
    assert run(pair.store.pending()) == 1130
    pair.down(is_down=False)
    assert run(pair.store.catch_up()) == 1130
    assert pair.are_equal()
    assert run(pair.store.is_level())


def leveller(leader: Store, follower: Store) -> Leveller:
    return Leveller(leader=leader, follower=follower, catalogue=Catalogue([NOTES]), realm="default")


def prepared() -> MemoryStore:
    store = MemoryStore()
    run(store.prepare([NOTES, MARKS, PENDING]))
    return store


def test_who_is_late_does_not_bring_back_what_is_gone() -> None:
    """A write that was decided before another one of the same record is refused by the follower."""
    leader, follower = prepared(), prepared()
    one = note("a")
    run(leader.commit(Add(one)))
    key = Key("notes", one.id)
    overtaken = False

    def rival(behind: Store) -> None:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            run(leader.commit(Remove(one)))
            run(leveller(leader, behind).level(key))

    late = OvertakenStore(follower, rival)
    run(leveller(leader, late).level(key))
    assert late.commits == 2
    assert run(follower.find(Note)).items == ()


def test_who_is_late_does_not_put_an_older_revision_over_a_newer_one() -> None:
    """Also between the two commits that replace a record."""
    leader, follower = prepared(), prepared()
    one = note("a")
    run(follower.commit(Add(one)))
    now = one.evolve().evolve(text="third")
    run(leader.commit(Add(now)))
    key = Key("notes", one.id)
    newest = now.evolve(text="fourth")
    calls: list[int] = []

    def rival(behind: Store) -> None:
        calls.append(1)
        if len(calls) == 2:
            run(leader.commit(Save(now, newest)))
            run(leveller(leader, behind).level(key))

    run(leveller(leader, OvertakenStore(follower, rival)).level(key))
    assert run(follower.find(Note)).items == (newest,)


def test_who_is_overtaken_for_ever_gives_up() -> None:
    """It stays pending then."""
    leader, follower = prepared(), prepared()
    one = note("a")
    run(leader.commit(Add(one)))

    def rival(behind: Store) -> None:
        run(leveller(leader, behind).level(Key("notes", one.id)))

    with pytest.raises((StaleError, DuplicateError)):
        run(leveller(leader, OvertakenStore(follower, rival)).level(Key("notes", one.id)))
    assert run(follower.find(Note)).items == (one,)
    assert len(run(follower.find(Mark)).items) == 1


def test_who_made_room_in_the_meantime_is_left_alone() -> None:
    """A holder that somebody else levels, or that the leader has given the name back to."""
    leader, follower = prepared(), prepared()
    one, other = note("a", label="x"), note("b", label="x")
    run(follower.commit(Add(one)))
    run(leader.commit(Add(other)))
    calls: list[int] = []

    def rival(behind: Store) -> None:
        calls.append(1)
        if len(calls) == 2:  # the removal of who holds the name
            run(leveller(leader, behind).level(Key("notes", one.id)))

    run(leveller(leader, OvertakenStore(follower, rival)).level(Key("notes", other.id)))
    assert run(follower.find(Note)).items == (other,)


class Shifting(BareStore):
    """A leader that changes just before the questions of these numbers."""

    def __init__(self, behind: MemoryStore, turns: dict[int, Any]) -> None:
        """Count the questions."""
        super().__init__(behind)
        self.turns, self.asked = turns, [0]

    async def get(self, entity: Any, id: str) -> Any:
        """See Store.get."""
        self.asked[0] += 1
        for change in self.turns.pop(self.asked[0], ()):
            await self.behind.commit(change)
        return await super().get(entity, id)


@pytest.mark.parametrize("turn", [2, 3])
def test_a_leader_that_moves_on_is_read_again(turn: int) -> None:
    """Between the refusal and the question who holds the name, or whose it is now."""
    leader, follower = prepared(), prepared()
    one, other = note("a", label="x"), note("b", label="x")
    run(follower.commit(Add(one)))
    run(leader.commit(Add(other)))
    changes = [Remove(other), Add(one)]
    run(leveller(Shifting(leader, {turn: changes}), follower).level(Key("notes", other.id)))
    assert run(follower.find(Note)).items == (one,)


def test_a_name_that_is_free_again_is_taken() -> None:
    """Who held it has gone between the refusal and the question."""
    leader, follower = prepared(), prepared()
    one, other = note("a", label="x"), note("b", label="x")
    run(follower.commit(Add(one)))
    run(leader.commit(Add(other)))

    class Leaving(BareStore):
        async def find(self, *arguments: Any, **how: Any) -> Any:
            await self.behind.commit(Remove(one))
            return await super().find(*arguments, **how)

    run(leveller(leader, Leaving(follower)).level(Key("notes", other.id)))
    assert run(follower.find(Note)).items == (other,)


def test_threads_that_level_the_same_records_agree() -> None:
    """While the leader changes, several threads level what they are told; the last word is the leader's."""
    leader, follower = prepared(), prepared()
    notes = [note(str(number), label=str(number)) for number in range(6)]
    run(leader.commit(*map(Add, notes)))
    errors: list[BaseException] = []

    def work(start: int) -> None:
        store = MigratingStore(leader, follower)
        run(store.prepare([NOTES]))
        for turn in range(60):
            one, other = notes[(start + turn) % 6].id, notes[(start + turn * 5 + 1) % 6].id
            try:
                run(shuffle(store, one, other))
            except (StaleError, DuplicateError):
                pass
            except BaseException as error:  # noqa: BLE001
                errors.append(error)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    store = MigratingStore(leader, follower)
    run(store.prepare([NOTES]))
    run(store.catch_up())
    assert run(store.is_level())
    assert run(follower.find(Note)).items == run(leader.find(Note)).items


async def shuffle(store: Store, one: str, other: str) -> None:
    """Swap the labels of two notes, or take one out and put it back."""
    first, second = await store.get(Note, one), await store.get(Note, other)
    if first is None or second is None or one == other:
        await store.commit(Add(replace(note(one), id=one)))
    elif first.version % 5 == 0:
        await store.commit(Remove(first))
    else:
        free = first.evolve(label=None)
        await store.commit(Save(first, free))
        await store.commit(
            Save(second, second.evolve(label=first.label)), Save(free, free.evolve(label=second.label))
        )


def test_closing_closes_both() -> None:
    """Also when one fails."""
    closed: list[str] = []

    class Closing(BareStore):
        async def close(self) -> None:
            closed.append("one")
            raise StoreUnavailableError

    with pytest.raises(StoreUnavailableError):
        run(MigratingStore(Closing(MemoryStore()), Closing(MemoryStore())).close())
    assert closed == ["one", "one"]


def test_times_and_bytes_are_compared() -> None:
    """Two records are the same when every field is, to the millisecond and the last bit."""
    thing = Thing(
        id="019c9f2f-3d7b-7000-8000-000000000000",
        text="ä",
        number=1,
        flag=True,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        data=b"\x00\xff",
        colour=Colour.RED,
        owner="019c9f2f-3d7b-7000-8000-000000000000",
        tags=frozenset({"b", "a"}),
        steps=("b", "a"),
        facts={"b": 1, "a": 1.0},
    )
    records = Records(THINGS)
    text = canonical(records, thing)
    assert b'"at":"2026-01-01T00:00:00.000+00:00"' in text
    assert b'"data":"00ff"' in text
    assert b'"facts":{"a":1.0,"b":1},"facts_or_none":null,"flag":true' in text
    assert b'"text":"\\u00e4"' in text
    assert is_same(records, thing, replace(thing, facts={"a": 1.0, "b": 1}))
    for other in (replace(thing, facts={"a": 1, "b": 1}), replace(thing, data=b""), thing.evolve(), None):
        assert not is_same(records, thing, other)
    assert is_same(records, None, None)
