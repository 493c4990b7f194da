"""A copy has everything, exactly as it was; what goes wrong is said, and the rest stays."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.copying.people import COLLECTIONS, fill
from tests.storage.doubles import BareStore
from tests.storage.things import NOTES, THINGS, Colour, Note, Thing, note
from userkit.backends.memory import MemoryStore
from userkit.copying import Bookmark, Copied, Copying, Scope, Verified, collections_of, scope_of, verify
from userkit.errors import ConfigurationError, StoreUnavailableError
from userkit.kernel.clock import utc_now
from userkit.storage.capabilities import BulkLoadable
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.levelling import Key
from userkit.storage.port import Store
from userkit.sync import run

REALMS = ("default", "acme", "tenant-3")


def opened(collections: Any = COLLECTIONS) -> MemoryStore:
    store = MemoryStore()
    run(store.prepare(collections))
    return store


def copied(source: Store, target: Store, **how: Any) -> list[Copied]:
    scope = run(scope_of([source], how.pop("collections", [NOTES])))
    return list(run(Copying(source=source, target=target, scope=scope, **how)()))


def compared(source: Store, target: Store, collections: Any = (NOTES,)) -> list[Verified]:
    scope = run(scope_of([source, target], collections))
    return list(run(verify(source, target, scope)))


def are_equal(source: Store, target: Store, collections: Any = (NOTES,)) -> bool:
    found = compared(source, target, collections)
    same = [
        (each.source_count, each.source_digest) == (each.target_count, each.target_digest) for each in found
    ]
    assert same == [each.ok for each in found]
    return all(same)


class Unready(BareStore):
    """A store that fails at a call of one verb."""

    def __init__(self, behind: Store, verb: str, *, after: int = 0) -> None:
        super().__init__(behind)
        self.verb, self.left = verb, [after]

    def fail(self, verb: str) -> None:
        if verb == self.verb:
            self.left[0] -= 1
            if self.left[0] < 0:
                raise StoreUnavailableError("The database is gone.")

    async def find(self, *arguments: Any, **how: Any) -> Any:
        self.fail("find")
        return await super().find(*arguments, **how)

    async def commit(self, *changes: Change) -> None:
        self.fail("commit")
        await super().commit(*changes)


class Meddled(MemoryStore):
    """A target, during whose loads something happens."""

    meddle: Any = None

    async def load(self, entities: Any, *, batch: int = 1000) -> int:
        meddle, type(self).meddle = type(self).meddle, None
        loaded = await super().load(entities, batch=batch)
        if meddle is not None:
            meddle()
        return loaded


@pytest.mark.parametrize("batch", [1000, 7])
def test_everything_is_copied_as_it_was(batch: int) -> None:
    """Every collection of every realm: ids, versions, times, and what each field holds."""
    source, target = opened(), opened()
    run(fill(source, 90, realms=REALMS))
    done = copied(source, target, collections=COLLECTIONS, batch=batch)
    assert are_equal(source, target, COLLECTIONS)
    assert {each.place.collection for each in done if each.seen} == {each.name for each in COLLECTIONS}
    assert all(each.loaded == each.seen == each.total for each in done)
    assert run(target.realms()) == sorted(REALMS)


def test_a_source_that_cannot_count_is_copied_all_the_same() -> None:
    """And so is one whose target takes commits only."""
    source, target = opened([NOTES]), opened([NOTES])
    run(source.load(note(str(number)) for number in range(60)))
    scope = Scope(collections=(NOTES,), realms=("default",))
    copying = Copying(source=BareStore(source), target=BareStore(target), scope=scope)
    (done,) = run(copying())
    assert (done.total, done.seen, done.loaded) == (None, 60, 60)
    assert are_equal(source, target)


def test_a_store_that_cannot_list_its_realms_needs_their_names() -> None:
    """They are not guessed."""
    with pytest.raises(ConfigurationError, match="--realm"):
        run(scope_of([BareStore(opened([NOTES]))], [NOTES]))
    scope = run(scope_of([BareStore(opened([NOTES]))], [NOTES], ["b", "a", "b"]))
    assert [str(place) for place, _ in scope] == ["a/notes", "b/notes"]


def test_collections_are_chosen_by_name() -> None:
    """A name that is not there is an error, not nothing."""
    assert [each.name for each in collections_of(COLLECTIONS, ["users", "audit"])] == ["users", "audit"]
    with pytest.raises(ConfigurationError, match="'user'; there are users"):
        collections_of(COLLECTIONS, ["user"])


def test_a_target_that_is_not_empty_is_refused() -> None:
    """Nothing is written to it."""
    source, target = opened([NOTES]), opened([NOTES])
    run(source.commit(Add(note("a"))))
    run(target.commit(Add(there := note("b"))))
    with pytest.raises(ConfigurationError, match="not empty"):
        copied(source, target)
    assert run(target.find(Note)).items == (there,)


def test_what_is_there_and_equal_or_older_is_fine(tmp_path: Path) -> None:
    """With a resume file the target may have a part of it; an older revision is replaced."""
    source, target = opened([NOTES]), opened([NOTES])
    notes = [note(str(number), label=str(number)) for number in range(10)]
    run(source.load(notes))
    run(target.load(notes[::2]))
    later = notes[2].evolve(text="later").evolve(text="latest")
    run(source.commit(Save(notes[2], notes[2].evolve(text="later"))))
    run(source.commit(Save(notes[2].evolve(text="later"), later)))
    (done,) = copied(source, target, bookmark=Bookmark(tmp_path / "bookmark"))
    assert (done.there, done.levelled, done.loaded, done.conflicts) == (4, 1, 5, 0)
    assert are_equal(source, target)


def test_another_record_in_the_place_is_reported_and_stays(tmp_path: Path) -> None:
    """As is one that holds a unique value which the source gives to another."""
    source, target = opened([NOTES]), opened([NOTES])
    first, second, third = note("a"), note("b", label="x"), note("c")
    run(source.load([first, second, third]))
    mine, rival = replace(first, text="mine"), note("d", label="x")
    run(target.load([mine, rival]))
    (done,) = copied(source, target, bookmark=Bookmark(tmp_path / "bookmark"))
    assert (done.conflicts, done.first) == (2, [first.id, second.id])
    assert set(run(target.find(Note)).items) == {mine, rival, third}
    (done,) = copied(source, target, replace=True)
    assert (done.conflicts, done.there) == (0, 1)
    assert are_equal(source, target)


def test_with_replace_what_the_source_lacks_is_taken_out() -> None:
    """Before, between and after what it has."""
    source, target = opened([NOTES]), opened([NOTES])
    notes = [note(str(number)) for number in range(9)]
    run(source.load(notes[2:6:2]))
    run(target.load(notes))
    copied(source, target, replace=True, batch=2)
    assert run(target.find(Note)).items == (notes[2], notes[4])


@pytest.mark.parametrize("batch", [1000, 3])
def test_what_was_removed_while_it_was_copied_does_not_come_back(batch: int) -> None:
    """What was changed is as it is now, and what was added within the batch is there."""
    source, target = opened([NOTES]), Meddled()
    run(target.prepare([NOTES]))
    notes = [note(str(number)) for number in range(5)]
    run(source.load([notes[0], *notes[2:]]))

    def meddle() -> None:
        run(source.commit(Remove(notes[0]), Add(notes[1]), Save(notes[2], notes[2].evolve(text="new"))))

    Meddled.meddle = staticmethod(meddle)
    copied(source, target, batch=batch)
    assert are_equal(source, target)


def test_names_that_are_swapped_while_they_are_copied_arrive() -> None:
    """Each is in the way of the other."""
    source, target = opened([NOTES]), Meddled()
    run(target.prepare([NOTES]))
    one, other = note("a", label="x"), note("b", label="y")
    run(source.load([one, other]))

    def meddle() -> None:
        free = one.evolve(label=None)
        run(source.commit(Save(one, free)))
        run(source.commit(Save(other, other.evolve(label="x")), Save(free, free.evolve(label="y"))))

    Meddled.meddle = staticmethod(meddle)
    (done,) = copied(source, target)
    assert (done.conflicts, done.levelled + done.there) == (0, 2)
    assert are_equal(source, target)


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_side_that_fails_is_named_and_it_says_how_to_go_on(side: str, tmp_path: Path) -> None:
    """The next copy goes on where this one ended."""
    source, target = opened([NOTES]), opened([NOTES])
    run(source.load(note(str(number)) for number in range(40)))
    stores: dict[str, Store] = {"source": source, "target": target}
    stores[side] = Unready(stores[side], "find" if side == "source" else "commit", after=3)
    if side == "target":
        assert not isinstance(stores[side], BulkLoadable)
    scope = Scope(collections=(NOTES,), realms=("default",))
    path = tmp_path / "bookmark"
    with pytest.raises(StoreUnavailableError, match=f"The {side} of the copy: .* run the same command again"):
        run(Copying(**stores, scope=scope, batch=5, bookmark=Bookmark(path))())
    assert 0 < len(run(target.find(Note)).items) < 40
    (done,) = copied(source, target, batch=5, bookmark=Bookmark(path))
    assert done.seen < 40
    assert are_equal(source, target)
    stores = {"source": source, "target": opened([NOTES])}
    stores[side] = Unready(stores[side], "find")
    with pytest.raises(StoreUnavailableError, match="--resume FILE"):
        run(Copying(**stores, scope=scope)())


def test_a_batch_that_arrived_in_part_is_completed(tmp_path: Path) -> None:
    """What is there and equal stays, what is missing is added, what was removed meanwhile goes."""
    source, target = opened([NOTES]), opened([NOTES])
    notes = [note(str(number)) for number in range(10)]
    run(source.load(notes))
    bookmark = Bookmark(tmp_path / "bookmark")
    scope = run(scope_of([source], [NOTES]))
    ((place, _),) = scope
    bookmark.begin(place, notes[3].id)
    bookmark.arrived(place, notes[3].id)
    bookmark.begin(place, notes[7].id)
    run(target.load(notes[:6]))
    run(source.commit(Remove(notes[4])))
    (done,) = copied(source, target, bookmark=Bookmark(tmp_path / "bookmark"))
    assert (done.there, done.levelled, done.loaded) == (1, 3, 2)
    assert are_equal(source, target)


def test_what_was_taken_out_before_a_crash_is_put_back(tmp_path: Path) -> None:
    """It was to make room, and is noted before."""
    source, target = opened([NOTES]), opened([NOTES])
    run(source.load([kept := note("a")]))
    ((place, _),) = run(scope_of([source], [NOTES]))
    bookmark = Bookmark(tmp_path / "bookmark")
    bookmark.begin(place, kept.id)
    bookmark.arrived(place, kept.id)
    bookmark.take_out("default", Key("notes", kept.id))
    copied(source, target, bookmark=Bookmark(tmp_path / "bookmark"))
    assert are_equal(source, target)
    assert Bookmark(tmp_path / "bookmark").taken_out == []


def test_what_cannot_be_put_back_is_named_until_it_can(tmp_path: Path) -> None:
    """Somebody of the target holds its value, whom the source does not have."""
    source, target = opened([NOTES]), opened([NOTES])
    run(source.load([kept := note("a", label="x")]))
    run(target.load([holder := note("b", label="x")]))
    ((place, _),) = run(scope_of([source], [NOTES]))
    bookmark = Bookmark(tmp_path / "bookmark")
    bookmark.begin(place, kept.id)
    bookmark.arrived(place, kept.id)
    bookmark.take_out("default", Key("notes", kept.id))
    (done,) = copied(source, target, bookmark=bookmark)
    assert (done.conflicts, done.first) == (1, [kept.id])
    scope = Scope(collections=(NOTES,), realms=("elsewhere",))
    (done,) = run(Copying(source=source, target=target, scope=scope, bookmark=bookmark)())
    assert done.conflicts == 0
    run(target.commit(Remove(holder)))
    (done,) = copied(source, target, bookmark=Bookmark(tmp_path / "bookmark"))
    assert done.conflicts == 0
    assert are_equal(source, target)


def test_a_conflict_that_somebody_resolves_meanwhile_is_none(tmp_path: Path) -> None:
    """A store that follows the source may do so."""
    source, target = opened([NOTES]), Meddled()
    run(target.prepare([NOTES]))
    one = note("a")
    run(source.realm("a").commit(Add(one)))
    run(source.realm("b").commit(Add(note("b"))))
    run(target.realm("a").commit(Add(wrong := replace(one, text="wrong"))))

    def resolve() -> None:
        run(target.realm("a").commit(Remove(wrong)))
        run(target.realm("a").commit(Add(one)))

    Meddled.meddle = staticmethod(lambda: setattr(Meddled, "meddle", staticmethod(resolve)))
    first, _ = copied(source, target, bookmark=Bookmark(tmp_path / "bookmark"))
    assert (first.conflicts, first.first, first.there) == (0, [], 1)
    assert are_equal(source, target)


def test_of_many_conflicts_some_are_named(tmp_path: Path) -> None:
    """All are counted."""
    source, target = opened([NOTES]), opened([NOTES])
    notes = [note(str(number)) for number in range(1010)]
    run(source.load(notes))
    run(target.load(replace(each, text="mine") for each in notes))
    (done,) = copied(source, target, bookmark=Bookmark(tmp_path / "bookmark"))
    assert (done.conflicts, len(done.first)) == (1010, 1000)


def test_a_bookmark_of_another_copy_is_refused(tmp_path: Path) -> None:
    """And so is a file that is none."""
    ((place, _),) = Scope(collections=(NOTES,), realms=("a",))
    Bookmark(tmp_path / "bookmark", between="1").begin(place, "x")
    assert Bookmark(tmp_path / "bookmark", between="1").doubtful(place) == "x"
    assert (tmp_path / "bookmark").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigurationError, match="two other stores"):
        Bookmark(tmp_path / "bookmark", between="2")
    for text in ("", "[]", "{}", "\0", '{"userkit_copy": 1}'):
        (tmp_path / "other").write_text(text)
        with pytest.raises(ConfigurationError, match="resume file"):
            Bookmark(tmp_path / "other")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        Bookmark(tmp_path / "nowhere" / "bookmark").begin(place, "x")


def test_differences_are_named_by_id() -> None:
    """Missing, extra and other ones, with what is on both sides counted."""
    source, target = opened([NOTES]), opened([NOTES])
    same, missing, extra, other = (note(text) for text in "abcd")
    run(source.load([same, missing, other]))
    run(target.load([same, extra, replace(other, text="D")]))
    (found,) = compared(source, target)
    assert (found.source_count, found.target_count, found.differences, found.ok) == (3, 3, 3, False)
    assert found.first == [(missing.id, "missing"), (extra.id, "extra"), (other.id, "other")]
    assert found.source_digest != found.target_digest
    assert not are_equal(source, target)


def test_a_realm_of_the_target_alone_is_a_difference() -> None:
    """A comparison looks into the realms of both."""
    source, target = opened([NOTES]), opened([NOTES])
    run(target.realm("acme").commit(Add(note())))
    assert not are_equal(source, target)


def test_what_is_expired_on_one_side_only_is_no_difference() -> None:
    """Engines delete it at different times; before its time it is one."""
    source, target = opened([NOTES]), opened([NOTES])
    run(source.commit(Add(note("old", done_at=replace_year(utc_now(), -1)))))
    (found,) = compared(source, target)
    assert (found.ok, found.expired, found.source_count) == (True, 1, 0)
    assert found.source_digest == found.target_digest
    run(target.commit(Add(note("new", done_at=replace_year(utc_now(), 1)))))
    (found,) = compared(source, target)
    assert (found.ok, found.expired) == (False, 1)


def replace_year(moment: Any, years: int) -> Any:
    return moment.replace(year=moment.year + years, day=1)


def test_one_and_one_point_nought_are_different() -> None:
    """As are true and one: a copy is equal to the last byte."""
    source, target = opened([THINGS]), opened([THINGS])
    thing = Thing(
        id=note().id,
        text="",
        number=1,
        flag=True,
        at=utc_now(),
        data=b"\x00\xff",
        colour=Colour.RED,
        owner=note().id,
        tags=frozenset({"b", "a"}),
        steps=("b", "a"),
        facts={"a": 1},
    )
    run(source.commit(Add(thing)))
    run(target.commit(Add(replace(thing, facts={"a": 1.0}))))
    assert not are_equal(source, target, [THINGS])
    copied(source, target, collections=[THINGS], replace=True)
    assert are_equal(source, target, [THINGS])
