"""A commit that begins in one store ends in the other, whatever comes in between."""

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.storage.doubles import BareStore
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    DuplicateError,
    InvalidEntityError,
    StaleError,
    StoreUnavailableError,
    UnsupportedStoreError,
    UsageError,
)
from userkit.kernel.entity import Entity
from userkit.storage.capabilities import Forwarding, bulk_loadable, forwarding, supports
from userkit.storage.catalogue import Catalogue
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.courier import Fate, fate_of
from userkit.storage.parcels import PATIENCE, Packing, Parcel, reverse
from userkit.storage.plain import Plain
from userkit.storage.port import Store
from userkit.storage.records import Records
from userkit.storage.routed import RoutedStore
from userkit.storage.threaded import ThreadedStore
from userkit.sync import run
from userkit.testing import FrozenClock
from userkit.testing.specimens import (
    COLLECTIONS,
    EVERYTHING,
    Account,
    Everything,
    Person,
    Stranger,
    Ticket,
    account,
    everything,
    person,
    ticket,
)


class Failing(BareStore):
    """A store that fails when it is told to; ``late``: once it has done what it was asked."""

    def __init__(self, behind: Store) -> None:
        super().__init__(behind)
        self.failures: list[Exception | None] = []
        self.late = False
        self.commits: list[tuple[type[Entity], ...]] = []

    async def commit(self, *changes: Change) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is not None and not self.late:
            raise failure
        await self.behind.commit(*changes)
        self.commits.append(tuple(type(getattr(each, "entity", None) or each.before) for each in changes))  # type: ignore[union-attr]
        if failure is not None:
            raise failure

    def realm(self, name: str) -> Any:
        return self


class World:
    """People at home, tickets elsewhere; accounts are records."""

    def __init__(self) -> None:
        self.clock = FrozenClock()
        self.main, self.other = Failing(MemoryStore()), Failing(MemoryStore())
        self.store = RoutedStore(self.main, {Ticket: self.other}, records=[Account], now=self.clock)
        run(self.store.prepare(COLLECTIONS))

    def commit(self, *changes: Change) -> None:
        run(self.store.commit(*changes))

    def has(self, *entities: Entity) -> list[bool]:
        return [run(self.store.get(type(each), each.id)) == each for each in entities]

    def parcels(self) -> int:
        return len(run(self.other.behind.find(Parcel)).items)

    def forward(self, *, seconds: float = PATIENCE.total_seconds()) -> int:
        self.clock.advance(seconds=seconds)
        return run(self.store.forward())


@pytest.fixture
def world() -> World:
    return World()


def test_a_commit_within_one_store_is_that_stores(world: World) -> None:
    """Nothing is carried."""
    world.commit(Add(person()), Add(person()))
    world.commit(Add(ticket()))
    world.commit()
    assert world.main.commits == [(Person, Person), ()]
    assert world.other.commits == [(Ticket,)]


def test_a_commit_of_two_stores_is_decided_elsewhere_and_carried_home(world: World) -> None:
    """And leaves nothing behind."""
    seat, ada = ticket(), person()
    world.commit(Add(ada), Add(seat))
    assert world.other.commits == [(Ticket, Parcel), (Parcel,)]
    assert world.main.commits == [(Person,)]
    assert world.has(seat, ada) == [True, True]
    assert world.parcels() == 0


@pytest.mark.parametrize("failure", [StaleError(), DuplicateError("address"), InvalidEntityError()])
def test_what_the_main_store_refuses_is_taken_back(world: World, failure: Exception) -> None:
    """Added, saved and removed; as revisions that nobody takes for the old ones."""
    kept, gone, new = ticket(), ticket(), ticket()
    world.commit(Add(kept), Add(gone))
    world.main.failures = [failure]
    with pytest.raises(type(failure)):
        world.commit(Save(kept, kept.evolve(holder="ada")), Remove(gone), Add(new), Add(person()))
    assert world.has(replace(kept, version=3), replace(gone, version=2), new) == [True, True, False]
    assert world.parcels() == 0


def test_a_refusal_elsewhere_touches_nothing(world: World) -> None:
    """It comes first."""
    ada = person()
    with pytest.raises(StaleError):
        world.commit(Add(ada), Remove(ticket()))
    assert world.main.commits == []
    assert world.parcels() == 0


def test_records_come_later_when_the_main_store_is_away(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """What was decided stays decided."""
    seat, noted = ticket(), account(1)
    world.main.failures = [StoreUnavailableError()]
    with caplog.at_level(logging.WARNING, logger="userkit.storage"):
        world.commit(Add(seat), Add(noted))
    assert caplog.messages
    assert world.has(seat, noted) == [True, False]
    assert world.forward(seconds=1) == 0
    assert world.forward() == 1
    assert world.has(seat, noted) == [True, True]
    assert world.parcels() == 0


def test_an_effect_that_is_not_known_is_told_and_done_later(world: World) -> None:
    """It may be tried again: it never happens twice."""
    seat, ada = ticket(), person()
    world.main.failures = [StoreUnavailableError()]
    with pytest.raises(StoreUnavailableError):
        world.commit(Add(seat), Add(ada))
    assert world.forward() == 1
    assert world.has(seat, ada) == [True, True]
    assert world.forward() == 0


def test_an_effect_whose_answer_was_lost_is_not_done_twice(world: World) -> None:
    """Nor taken back."""
    seat, ada = ticket(), person()
    world.main.failures, world.main.late = [StoreUnavailableError()], True
    with pytest.raises(StoreUnavailableError):
        world.commit(Add(seat), Add(ada))
    assert world.forward() == 1
    assert world.has(seat, ada) == [True, True]


def test_a_process_that_dies_before_the_main_store_leaves_it_to_others(world: World) -> None:
    """As a crash of the interpreter does, which is no Exception."""
    seat, ada = ticket(), person()
    world.main.failures = [KeyboardInterrupt()]  # type: ignore[list-item]  # it is raised all the same
    with pytest.raises(KeyboardInterrupt):
        world.commit(Add(seat), Add(ada))
    assert world.has(seat, ada) == [True, False]
    assert world.forward() == 1
    assert world.has(seat, ada) == [True, True]


def test_a_parcel_that_cannot_be_removed_is_found_to_be_done(world: World) -> None:
    """Its sender has succeeded."""
    seat, ada = ticket(), person()
    world.other.failures = [None, StoreUnavailableError()]
    world.commit(Add(seat), Add(ada))
    assert world.parcels() == 1
    assert world.forward() == 1
    assert world.has(seat, ada) == [True, True]
    assert world.parcels() == 0


def lose(world: World, *changes: Change) -> None:
    """Let a commit reach the other store, and not the main one."""
    world.main.failures, world.main.late = [StoreUnavailableError()], False
    with pytest.raises(StoreUnavailableError):
        world.commit(*changes)


def test_a_parcel_that_is_refused_later_is_taken_back(world: World) -> None:
    """Somebody else was faster in the main store, and that is proven by what is there."""
    seat, ada = ticket(), person()
    world.commit(Add(ada))
    lose(world, Add(seat), Save(ada, ada.evolve(name="Ada")))
    other = ada.evolve(name="Ada King")
    world.commit(Save(ada, other))
    assert world.forward() == 1
    assert world.has(seat, other) == [False, True]
    assert world.parcels() == 0


def test_a_parcel_whose_subject_is_untouched_is_taken_back(world: World) -> None:
    """The main store refuses it for another reason."""
    seat, ada = ticket(), person()
    world.commit(Add(ada))
    lose(world, Add(seat), Save(ada, ada.evolve(address="new@example.com")))
    world.commit(Add(person("new@example.com")))
    assert world.forward() == 1
    assert world.has(seat, ada) == [False, True]
    assert world.parcels() == 0


def test_what_is_proven_of_a_commit() -> None:
    """By one of its changes; exactly what was written, or exactly what was there before."""
    ada, holder = person(), account(1)
    named = ada.evolve(name="Ada")
    writes = Catalogue(COLLECTIONS).plan([Save(ada, named), Add(holder)])
    assert fate_of([named, None], writes) is Fate.DONE
    assert fate_of([named.evolve(name="Ada King"), holder], writes) is Fate.DONE
    assert fate_of([ada, None], writes) is Fate.NOT_DONE
    assert fate_of([ada.evolve(name="Ada King"), None], writes) is Fate.NOT_DONE
    assert fate_of([None, None], writes) is Fate.UNKNOWN
    assert fate_of([named.evolve(name="Ada King"), holder.evolve(amount=2)], writes) is Fate.UNKNOWN


@pytest.mark.parametrize("gone", [False, True], ids=["it is there", "somebody has taken it out"])
def test_a_parcel_that_takes_something_out(world: World, gone: bool) -> None:
    """It is done, or somebody else has done it: then nobody can tell who, and nothing comes back."""
    seat, ada = ticket(), person()
    world.commit(Add(ada))
    lose(world, Add(seat), Remove(ada))
    if gone:
        world.commit(Remove(ada))
    assert world.forward() == 1
    assert world.has(seat, ada) == [True, False]
    assert world.parcels() == 0


def test_a_parcel_that_takes_out_what_was_changed(world: World) -> None:
    """It cannot have happened, or it was added again: nothing is proven, and what was decided stays."""
    seat, ada = ticket(), person()
    world.commit(Add(ada))
    lose(world, Add(seat), Remove(ada))
    newer = ada.evolve(name="Ada")
    world.commit(Save(ada, newer))
    assert world.forward() == 1
    assert world.has(seat, newer) == [True, True]
    assert world.parcels() == 0


def test_what_is_only_added_and_refused_later_stays_decided(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """It may have been there already, and been taken out: nobody can tell."""
    seat, ada = ticket(), person("ada@example.com")
    lose(world, Add(seat), Add(ada))
    world.commit(Add(person("ada@example.com")))
    assert world.forward() == 1
    assert world.has(seat, ada) == [True, False]
    assert world.parcels() == 0
    assert "cannot be told" in caplog.text


def test_a_spent_ticket_never_comes_back_when_what_it_was_for_was_overtaken(world: World) -> None:
    """Its sender died after the main store had done it, and the effect was changed since."""
    seat, ada = ticket(), person()
    world.commit(Add(seat), Add(ada))
    spent, named = seat.evolve(holder="ada"), ada.evolve(name="Ada")
    world.other.failures = [None, KeyboardInterrupt()]  # type: ignore[list-item]  # it is raised all the same
    with pytest.raises(KeyboardInterrupt):
        world.commit(Save(seat, spent), Save(ada, named))
    world.commit(Save(named, named.evolve(name="Ada King")))
    assert world.forward() == 1
    assert world.has(spent) == [True]
    assert world.parcels() == 0


def overtaking(world: World, meanwhile: Callable[[], object]) -> RoutedStore:
    """Return the same stores for a process in which a commit to the main store takes its time."""

    class Slow(Failing):
        async def commit(self, *changes: Change) -> None:
            if world.parcels():
                meanwhile()
            await super().commit(*changes)

    store = RoutedStore(Slow(world.main.behind), {Ticket: world.other}, now=world.clock)
    run(store.prepare(COLLECTIONS))
    return store


def test_whoever_is_late_takes_nothing_back_that_others_have_delivered(world: World) -> None:
    """Although the main store refuses it by now: nobody can tell any more what became of it."""
    seat, ada = ticket(), person()
    world.commit(Add(ada))
    named = ada.evolve(name="Ada")

    def meanwhile() -> None:
        assert world.forward() == 1
        world.commit(Save(named, named.evolve(name="Ada King")))

    with pytest.raises(StoreUnavailableError, match="cannot be told") as caught:
        run(overtaking(world, meanwhile).commit(Add(seat), Save(ada, named)))
    assert isinstance(caught.value.__cause__, StaleError)
    assert world.has(seat) == [True]


def test_whoever_forwards_and_dies_leaves_it_to_the_next(world: World) -> None:
    """Who has their patience, too."""
    seat, ada = ticket(), person()
    lose(world, Add(seat), Add(ada))
    world.main.failures = [KeyboardInterrupt()]  # type: ignore[list-item]  # it is raised all the same
    with pytest.raises(KeyboardInterrupt):
        world.forward()
    assert world.forward(seconds=29) == 0
    assert world.forward(seconds=1) == 1
    assert world.has(seat, ada) == [True, True]
    assert world.parcels() == 0


def test_a_parcel_that_another_has_taken_over_is_theirs(world: World) -> None:
    """Whoever was slower takes out nothing of it, even with the work done."""
    seat, ada = ticket(), person()
    lose(world, Add(seat), Add(ada))

    def taken_over() -> None:
        (parcel,) = run(world.other.find(Parcel)).items
        run(world.other.commit(Save(parcel, parcel.taken(world.clock()))))

    world.clock.advance(seconds=30)
    assert run(overtaking(world, taken_over).forward()) == 0
    assert world.has(seat, ada) == [True, True]
    assert world.parcels() == 1
    assert world.forward() == 1
    assert world.parcels() == 0


@pytest.mark.parametrize(
    "rest",
    [
        lambda ada: [Save(ada, ada.evolve(name="a")), Remove(ada)],
        lambda ada: [Add(person()) for _ in range(25)],
        lambda ada: [Add(Stranger(id=ada.id, version=1, name="x"))],
        lambda ada: [Add(replace(person(), name="\0"))],
    ],
    ids=["one entity twice", "26 changes", "unknown kind", "unfit text"],
)
def test_what_no_store_would_take_is_refused_before_anything_happens(
    world: World, rest: Callable[[Person], list[Change]]
) -> None:
    """Else one part would be done, and the other could never be."""
    ada = person()
    world.commit(Add(ada))
    with pytest.raises((UsageError, InvalidEntityError)):
        world.commit(Add(ticket()), *rest(ada))
    assert world.other.commits == []


def test_a_commit_of_25_changes_fits(world: World) -> None:
    """The parcel takes the place of what it holds."""
    world.commit(*(Add(ticket()) for _ in range(24)), Add(person()))
    world.commit(Add(ticket()), *(Add(person()) for _ in range(24)))
    assert world.parcels() == 0


def test_a_view_on_the_applications_own_session_never_spans(world: World) -> None:
    """What is decided elsewhere could not be taken back when the application changes its mind."""
    session = Failing(world.main.behind)
    view = world.store.joined(session)
    run(view.prepare(COLLECTIONS))
    ada, seat = person(), ticket()
    run(view.commit(Add(ada)))
    run(view.commit(Add(seat)))
    assert session.commits == [(Person,)]
    assert world.has(ada, seat) == [True, True]
    with pytest.raises(UsageError, match="cannot wait"):
        run(view.commit(Add(person()), Add(ticket())))
    world.clock.advance(seconds=30)
    assert run(view.realm("default").forward()) == 0


def test_what_was_changed_since_is_not_taken_back(world: World) -> None:
    """The newer revision counts; the parcel goes."""
    seat, ada = ticket(), person()
    world.commit(Add(seat), Add(ada))
    after = seat.evolve(holder="ada")
    lose(world, Save(seat, after), Save(ada, ada.evolve(name="Ada")))
    newer = after.evolve(holder="grace")
    world.commit(Save(after, newer))
    world.commit(Save(ada, ada.evolve(name="Ada King")))
    assert world.forward() == 1
    assert world.has(newer) == [True]
    assert world.parcels() == 0


def test_whoever_is_late_finds_it_done(world: World) -> None:
    """Another process has forwarded the parcel of one that was slow: nothing is taken back."""
    seat, ada = ticket(), person()

    class Slow(Failing):
        async def commit(self, *changes: Change) -> None:
            if world.parcels() and not self.commits:
                self.commits.append(())
                assert world.forward() == 1
            await super().commit(*changes)

    slow = Slow(world.main.behind)
    store = RoutedStore(slow, {Ticket: world.other}, now=world.clock)
    run(store.prepare(COLLECTIONS))
    run(store.commit(Add(seat), Add(ada)))
    assert world.has(seat, ada) == [True, True]
    assert world.parcels() == 0


def test_where_nobody_can_tell_what_was_decided_stays_decided(world: World) -> None:
    """The effect may have happened, and was changed since; what was spent for it does not come back."""
    seat, ada = ticket(), person()
    world.commit(Add(ada))
    world.main.failures, world.main.late = [StoreUnavailableError()], True
    with pytest.raises(StoreUnavailableError):
        world.commit(Add(seat), Save(ada, ada.evolve(name="Ada")))
    later = ada.evolve(name="Ada").evolve(name="Ada King")
    world.commit(Save(ada.evolve(name="Ada"), later))
    assert world.forward() == 1
    assert world.has(seat, later) == [True, True]
    assert world.parcels() == 0


def test_two_who_forward_do_it_once(world: World) -> None:
    """The second finds it done, and the parcel gone."""
    seat, ada = ticket(), person()
    world.main.failures = [StoreUnavailableError()]
    with pytest.raises(StoreUnavailableError):
        world.commit(Add(seat), Add(ada))
    (parcel,) = run(world.other.find(Parcel)).items
    assert world.forward() == 1
    assert not run(world.store._courier._see_to(world.other, parcel))
    assert world.has(seat, ada) == [True, True]


def test_a_main_store_that_stays_away_is_told(world: World) -> None:
    """The parcel stays."""
    world.main.failures = [StoreUnavailableError(), StoreUnavailableError()]
    with pytest.raises(StoreUnavailableError):
        world.commit(Add(ticket()), Add(person()))
    with pytest.raises(StoreUnavailableError):
        world.forward()
    assert world.parcels() == 1


def test_a_parcel_of_a_collection_that_is_gone_stays(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Another version of the application may know it."""
    catalogue = Catalogue([EVERYTHING])
    packing = Packing(catalogue)
    odd = packing.pack(person().id, [Add(everything())], undo=[], created_at=world.clock())
    changes = {"changes": [{"verb": "add", "entity": {"collection": "gone", "schema": 1, "record": {}}}]}
    run(world.other.commit(Add(replace(odd, changes=changes))))
    with caplog.at_level(logging.WARNING, logger="userkit.storage"):
        assert world.forward() == 0
    assert "gone" in caplog.messages[0]
    assert world.parcels() == 1


def test_a_commit_spans_one_other_store(world: World) -> None:
    """Never two, with or without the main one."""
    third = MemoryStore()
    store = RoutedStore(world.main, {Ticket: world.other, Everything: third}, now=world.clock)
    run(store.prepare(COLLECTIONS))
    with pytest.raises(UsageError, match="one other"):
        run(store.commit(Add(ticket()), Add(everything())))
    with pytest.raises(UsageError, match="one other"):
        run(store.commit(Add(ticket()), Add(everything()), Add(person())))


def test_many_parcels_are_forwarded(world: World) -> None:
    """Page after page."""
    for _ in range(120):
        world.main.failures = [StoreUnavailableError()]
        world.commit(Add(ticket()), Add(account(1)))
    assert world.forward() == 120
    assert world.parcels() == 0


def test_every_kind_of_change_travels() -> None:
    """To the last bit."""
    catalogue = Catalogue(COLLECTIONS)
    packing = Packing(catalogue)
    before = everything(maybe_blob=b"\0\xff", maybe_moment=None)
    after = before.evolve(flag=False)
    changes: list[Change] = [Add(person()), Save(before, after), Remove(ticket())]
    parcel = packing.pack(person().id, changes, undo=reverse(changes), created_at=FrozenClock()())
    assert packing.changes(parcel) == changes
    assert packing.undo(parcel) == reverse(changes)
    assert "changes" not in repr(parcel)


def test_the_plain_form_of_a_record_comes_back() -> None:
    """It is JSON."""
    plain = Plain(Records(EVERYTHING))
    assert plain.read(plain.write(plain.records.encode(everything()))) is not None
    each = everything(maybe_blob=b"\0", maybe_moment=FrozenClock()() + timedelta(milliseconds=1))
    assert plain.read(plain.write(plain.records.encode(each)), schema=1) == each


def test_stores_are_all_blocking_or_all_not() -> None:
    """But for one whose calls never leave the process."""
    assert not RoutedStore(ThreadedStore(MemoryStore()), {Ticket: MemoryStore()}).blocking
    with pytest.raises(UnsupportedStoreError, match="ThreadedStore"):
        RoutedStore(ThreadedStore(MemoryStore()), {Ticket: BareStore(MemoryStore())})


def test_an_ability_is_that_of_the_store_concerned(world: World) -> None:
    """Whoever asks for another kind is refused."""
    with pytest.raises(UnsupportedStoreError, match="Failing cannot purge"):
        run(world.store.purge(Ticket, before=world.clock()))
    memory = RoutedStore(MemoryStore(), {Ticket: MemoryStore()})
    run(memory.prepare(COLLECTIONS))
    assert run(bulk_loadable(memory).load([person(), ticket(), ticket(), person()])) == 4
    assert run(memory.realm("acme").count(Ticket)) == 0
    run(memory.realm("acme").commit(Add(ticket())))
    assert run(memory.realms()) == ["acme", "default"]


def test_reads_go_to_where_a_kind_is_at_home(world: World) -> None:
    """Of the kinds that were prepared, and later of others."""
    store = RoutedStore(MemoryStore(), {Ticket: MemoryStore()})
    run(store.prepare([each for each in COLLECTIONS if each.entity is Person]))
    ada = person(name="Ada Lovelace")
    run(store.commit(Add(ada)))
    assert run(store.search(Person, "love")).items == (ada,)
    assert run(store.find(Person, "address", ada.address)).items == (ada,)
    run(store.prepare([each for each in COLLECTIONS if each.entity is Ticket]))
    assert run(store.find(Ticket)).items == ()


def test_what_must_be_seen_to_is_found_behind_wrappers(world: World) -> None:
    """A metered or a cached store has it inside."""

    class Wrapped(BareStore):
        def __init__(self, inner: Store) -> None:
            super().__init__(inner)
            self.inner = inner

    assert forwarding(Wrapped(world.store)) is world.store
    assert forwarding(world.store) is world.store
    assert forwarding(MemoryStore()) is None
    assert supports(world.store, Forwarding) is False


@pytest.mark.parametrize(
    "failure", [KeyboardInterrupt(), StoreUnavailableError()], ids=["dies", "unavailable"]
)
@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    ("step", "begun"), [("decided", False), ("carried", True), ("removed", True)], ids=str
)
def test_wherever_it_breaks_off_both_parts_are_done_in_the_end_or_none(
    world: World, step: str, begun: bool, late: bool, failure: BaseException
) -> None:
    """A step that fails has happened or not; half a minute later everything is as if none had."""
    seat, ada = ticket(), person()
    world.commit(Add(seat), Add(ada))
    spent, named = seat.evolve(holder="ada"), ada.evolve(name="Ada")
    failing = world.main if step == "carried" else world.other
    failing.late = late
    failing.failures = [None, failure] if step == "removed" else [failure]  # type: ignore[list-item]
    with suppress(KeyboardInterrupt, StoreUnavailableError):
        world.commit(Save(seat, spent), Save(ada, named))
    failing.failures, failing.late = [], False
    world.forward()
    done = begun or late
    assert world.has(spent, named) == [done, done]
    assert world.has(seat, ada) == [not done, not done]
    assert world.parcels() == 0
    assert world.forward() == 0


def test_what_could_not_be_taken_back_at_once_is_taken_back_later(world: World) -> None:
    """The main store has refused, and then the other one was away; the caller cannot know."""
    seat, ada = ticket(), person()
    world.commit(Add(seat), Add(ada))
    spent, other = seat.evolve(holder="ada"), ada.evolve(name="Ada King")
    world.commit(Save(ada, other))
    world.other.failures = [None, StoreUnavailableError()]
    with pytest.raises(StoreUnavailableError):
        world.commit(Save(seat, spent), Save(ada, ada.evolve(name="Ada")))
    assert world.has(spent) == [True]
    assert world.forward() == 1
    assert world.has(replace(seat, version=3), other) == [True, True]
    assert world.parcels() == 0


def test_stores_see_to_what_is_theirs(world: World) -> None:
    """Such as one that is made of others itself."""
    lose(world, Add(ticket()), Add(person()))
    outer = RoutedStore(world.store, {Everything: MemoryStore()}, now=world.clock)
    run(outer.prepare(COLLECTIONS))
    world.clock.advance(seconds=30)
    assert run(outer.forward()) == 1
    assert world.parcels() == 0


class Unclosing(BareStore):
    """A store that cannot be closed."""

    async def close(self) -> None:
        raise StoreUnavailableError


def test_every_store_is_closed() -> None:
    """Also when one fails at it."""
    closed: list[str] = []

    class Closing(BareStore):
        async def close(self) -> None:
            closed.append("closed")

    store = RoutedStore(
        Unclosing(MemoryStore()), {Ticket: Closing(MemoryStore()), Account: Closing(MemoryStore())}
    )
    with pytest.raises(StoreUnavailableError):
        run(store.close())
    assert closed == ["closed", "closed"]
    run(RoutedStore(Closing(MemoryStore()), {}).close())
