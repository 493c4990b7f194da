"""What happens and what is recorded of it are one commit; it is told when both are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tests.storage.doubles import BareStore, OvertakenStore
from tests.storage.test_records import thing
from tests.storage.test_rewriting import relabelling
from tests.storage.things import NOTES, THINGS, Note, Thing, note
from userkit.backends.memory import MemoryStore
from userkit.errors import ForbiddenError, StaleError
from userkit.kernel.events import Event, Listeners, Publisher
from userkit.storage.changes import Add, Change
from userkit.storage.journal import Journal, Participants
from userkit.storage.migrating import MigratingStore
from userkit.storage.port import Store
from userkit.storage.routed import RoutedStore
from userkit.sync import run

THEN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written(Event):
    """Somebody wrote something."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Written):
    """Everybody can read it."""


@dataclass(frozen=True)
class Desk:
    """A journal with a participant that writes a note about each event."""

    store: Store
    journal: Journal
    told: list[Event]

    def texts(self) -> list[str]:
        """Return what is stored."""
        return [each.text for each in run(self.store.find(Note)).items]


def desk(store: Store | None = None) -> Desk:
    """Make one over a store that is prepared."""
    store = MemoryStore() if store is None else store
    run(store.prepare([NOTES]))
    listeners, participants, told = Listeners(), Participants(), list[Event]()
    for kind in (Written, Published):
        listeners.add(kind, told.append)

    async def record(event: Written) -> Sequence[Change]:
        return [Add(note(f"recorded {event.text} in {event.realm}"))]

    participants.add(Written, record)
    journal = Journal(
        store=store, realm="default", participants=participants, publish=Publisher("default", listeners)
    )
    return Desk(store, journal, told)


def written(text: str) -> Written:
    """Return an event."""
    return Written(at=THEN, text=text)


def test_a_change_and_its_record_are_stored_together() -> None:
    """And told afterwards, with the realm filled in."""
    here = desk()
    run(here.journal.commit(Add(note("one")), tell=[written("one")]))
    assert sorted(here.texts()) == ["one", "recorded one in default"]
    assert here.told == [Written(at=THEN, realm="default", text="one")]


def test_an_event_without_a_change_is_recorded_on_its_own() -> None:
    """As failures are."""
    here = desk()
    run(here.journal.commit(tell=[written("failure")]))
    assert here.texts() == ["recorded failure in default"]


def test_nothing_to_store_is_no_commit_but_is_told() -> None:
    """The store is not asked."""
    here = desk()
    journal = Journal(
        store=OvertakenStore(here.store, lambda _: pytest.fail("no commit was needed")),
        realm="default",
        participants=Participants(),
        publish=here.journal.publish,
    )
    run(journal.commit(tell=[written("nothing")]))
    assert len(here.told) == 1


def test_a_participant_is_asked_for_the_kinds_below_its_own() -> None:
    """The most particular ones first."""
    here = desk()
    asked: list[str] = []

    async def particular(event: Published) -> Sequence[Change]:
        asked.append(f"particular {len(here.texts())}")
        return []

    async def every(event: Event) -> Sequence[Change]:
        asked.append("every")
        return []

    here.journal.participants.add(Event, every)
    here.journal.participants.add(Published, particular)
    run(here.journal.commit(tell=[Published(at=THEN, text="one")]))
    run(here.journal.commit(tell=[written("two")]))
    assert asked == ["particular 0", "every", "every"]


async def veto(_: Event) -> Sequence[Change]:
    """Have something against it."""
    raise ForbiddenError("No.")


def test_a_veto_leaves_everything_as_it_was() -> None:
    """Neither the change nor its record is stored, and nobody is told."""
    here = desk()
    one = note("one")
    run(here.store.commit(Add(one)))
    here.journal.participants.add(Written, veto)

    def tell(*_: Note) -> list[Event]:
        return [written("x")]

    with pytest.raises(ForbiddenError):
        run(here.journal.commit(Add(note("two")), tell=[written("two")]))
    with pytest.raises(ForbiddenError):
        run(here.journal.rewrite(Note, one.id, lambda it: it.evolve(text="x"), tell=tell))
    with pytest.raises(ForbiddenError):
        run(here.journal.discard(Note, one.id, tell=tell))
    assert here.texts() == ["one"]
    assert here.told == []


def test_a_commit_that_fails_is_not_told() -> None:
    """Nor is its record kept."""
    here = desk()
    one = note("one")
    run(here.store.commit(Add(one)))
    with pytest.raises(Exception, match="id"):
        run(here.journal.commit(Add(one), tell=[written("again")]))
    assert (here.texts(), here.told) == (["one"], [])


def test_a_rewrite_records_what_it_did_once() -> None:
    """However often it had to read again."""
    memory = MemoryStore()
    one = note("one")
    run(memory.prepare([NOTES]))
    run(memory.commit(Add(one)))
    here = desk(OvertakenStore(memory, relabelling(one.id, times=2)))
    done = run(
        here.journal.rewrite(
            Note,
            one.id,
            lambda it: it.evolve(text="two"),
            tell=lambda before, after: [written(f"{before.text} to {after.text}")],
        )
    )
    assert done is not None
    assert sorted(here.texts()) == ["recorded one to two in default", "two"]
    assert len(here.told) == 1


def test_a_rewrite_that_changes_nothing_records_nothing() -> None:
    """Nor does one of what is not there."""
    here = desk()
    one = note("one")
    run(here.store.commit(Add(one)))

    def tell(*_: Note) -> list[Event]:
        return [written("x")]

    assert run(here.journal.rewrite(Note, one.id, lambda it: it, tell=tell)) == (one, one)
    assert run(here.journal.rewrite(Note, note("two").id, lambda it: it.evolve(text="y"), tell=tell)) is None
    assert run(here.journal.discard(Note, note("two").id, tell=tell)) is None
    assert (here.texts(), here.told) == (["one"], [])


def test_what_is_discarded_is_recorded_and_told() -> None:
    """With the last revision."""
    here = desk()
    one = note("one")
    run(here.store.commit(Add(one)))
    assert run(here.journal.discard(Note, one.id, tell=lambda it: [written(f"no {it.text}")])) == one
    assert here.texts() == ["recorded no one in default"]
    assert len(here.told) == 1


def test_when_others_are_always_faster_nothing_is_recorded() -> None:
    """The error comes through."""
    memory = MemoryStore()
    one = note("one")
    run(memory.prepare([NOTES]))
    run(memory.commit(Add(one)))
    here = desk(OvertakenStore(memory, relabelling(one.id, times=5)))
    with pytest.raises(StaleError):
        run(
            here.journal.rewrite(
                Note, one.id, lambda it: it.evolve(text="two"), tell=lambda *_: [written("two")]
            )
        )
    assert (here.texts(), here.told) == (["one"], [])


class Riding:
    """Adds a note along with a commit; ``elsewhere`` it is none of the journal's store."""

    def __init__(self, store: Store, *, elsewhere: bool = False, notes: int = 1) -> None:
        self.store, self.elsewhere, self.notes = store, elsewhere, notes
        self.asked: list[str] = []

    async def changes(self, *, anew: bool) -> Sequence[Change] | None:
        """Ride along, unless it is elsewhere."""
        self.asked.append("anew" if anew else "known")
        return None if self.elsewhere else [Add(note("ridden")) for _ in range(self.notes)]

    async def alone(self) -> None:
        """Do the same alone."""
        self.asked.append("alone")
        await self.store.commit(Add(note("alone")))


def test_a_rider_is_a_part_of_the_commit() -> None:
    """Of one that has changes of its own, and of one that has none."""
    here = desk()
    rider = Riding(here.store)
    run(here.journal.commit(Add(note("one")), tell=[written("one")], rider=rider))
    assert sorted(here.texts()) == ["one", "recorded one in default", "ridden"]
    assert rider.asked == ["known"]
    run(here.journal.commit(rider=rider))
    assert here.texts().count("ridden") == 2
    assert len(here.told) == 1


@pytest.mark.parametrize(("times", "asked"), [(1, ["known", "anew"]), (2, ["known", "anew", "anew"])])
def test_a_rider_that_comes_too_late_looks_again(times: int, asked: list[str]) -> None:
    """The commit is made once all the same."""
    here = desk(stale(times))
    rider = Riding(here.store)
    run(here.journal.commit(Add(note("one")), tell=[written("one")], rider=rider))
    assert sorted(here.texts()) == ["one", "recorded one in default", "ridden"]
    assert rider.asked == asked
    assert len(here.told) == 1


def stale(times: int) -> Store:
    """Return a store where somebody else is faster at the first commits."""
    left = [StaleError] * times

    def rival(_: Store) -> None:
        if left:
            raise left.pop()

    return OvertakenStore(MemoryStore(), rival)


def test_a_commit_does_not_depend_on_its_rider() -> None:
    """Where others are always faster than the rider, it goes alone."""
    here = desk(stale(3))
    rider = Riding(here.store)
    run(here.journal.commit(Add(note("one")), tell=[written("one")], rider=rider))
    assert sorted(here.texts()) == ["alone", "one", "recorded one in default"]
    assert rider.asked == ["known", "anew", "anew", "alone"]
    assert len(here.told) == 1


def test_where_it_is_the_commit_that_comes_too_late_it_is_said() -> None:
    """And nobody is told of it."""
    here = desk(stale(5))
    rider = Riding(MemoryStore())
    run(rider.store.prepare([NOTES]))
    with pytest.raises(StaleError):
        run(here.journal.commit(Add(note("one")), tell=[written("one")], rider=rider))
    assert (here.texts(), here.told) == ([], [])


@pytest.mark.parametrize("notes", [1, 24])
def test_a_rider_that_is_elsewhere_or_too_large_goes_alone(notes: int) -> None:
    """Before the commit, which is as it would be without it."""
    here = desk()
    rider = Riding(here.store, elsewhere=notes == 1, notes=notes)
    run(here.journal.commit(Add(note("one")), tell=[written("one")], rider=rider))
    assert sorted(here.texts()) == ["alone", "one", "recorded one in default"]
    assert rider.asked == ["known", "alone"]


def test_in_a_store_of_several_a_rider_goes_alone() -> None:
    """Whatever is wrapped around it: a commit that spans two is decided by neither's rider."""
    routed = RoutedStore(MemoryStore(), {Thing: MemoryStore()})
    here = desk(MigratingStore(routed, MemoryStore()))
    rider = Riding(here.store)
    run(here.journal.commit(Add(note("one")), rider=rider))
    assert sorted(here.texts()) == ["alone", "one"]


class RidingThing(Riding):
    """Rides along with what has its home elsewhere."""

    async def changes(self, *, anew: bool) -> Sequence[Change]:
        """Add a thing."""
        return [Add(thing())]


def test_where_nothing_shows_that_a_store_is_of_several_a_rider_goes_alone_all_the_same() -> None:
    """Such a store refuses what is at home in two others, and a commit does not depend on its rider."""
    routed = RoutedStore(MemoryStore(), {Note: MemoryStore(), Thing: MemoryStore()})
    run(routed.prepare([THINGS]))
    here = desk(BareStore(routed))
    run(here.journal.commit(Add(note("one")), rider=RidingThing(here.store)))
    assert sorted(here.texts()) == ["alone", "one"]


def test_where_a_participant_vetoes_nothing_rides() -> None:
    """The rider is left where it is."""
    here = desk()
    here.journal.participants.add(Written, veto)
    rider = Riding(here.store)
    with pytest.raises(ForbiddenError):
        run(here.journal.commit(Add(note("one")), tell=[written("one")], rider=rider))
    assert (here.texts(), rider.asked) == ([], [])
