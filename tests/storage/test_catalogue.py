"""A store knows its collections, and checks a commit before anything of it is sent."""

from typing import Any

import pytest

from tests.storage.test_records import thing
from tests.storage.things import NOTES, THINGS, Note, Thing, note
from userkit.errors import InvalidEntityError, UsageError
from userkit.kernel.clock import utc_now
from userkit.storage.catalogue import Catalogue, Verb, check_batch, check_limit, check_moment, check_realm
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.collection import Collection

catalogue = Catalogue([NOTES])
things = Catalogue([THINGS])


def test_collections_are_learnt_in_order_and_once() -> None:
    """Preparing again does no harm."""
    learnt = Catalogue([NOTES])
    records = learnt.records(Note)
    learnt.add([THINGS, NOTES])
    learnt.add([NOTES])
    assert list(learnt.collections) == [NOTES, THINGS]
    assert learnt.records(Note) is records


@pytest.mark.parametrize(
    "other", [Collection("notes", Thing), Collection("others", Note), Collection("notes", Note)]
)
def test_two_collections_share_neither_a_name_nor_an_entity(other: Collection[Any]) -> None:
    """A second declaration of the same collection is another collection."""
    with pytest.raises(UsageError, match=r"Two collections are named (notes|others) or hold the same entity"):
        Catalogue([NOTES, other])


def test_a_store_says_what_it_was_not_prepared_for() -> None:
    """And what to do about it."""
    with pytest.raises(UsageError, match="not prepared for Thing: enter the kit first"):
        catalogue.records(Thing)
    with pytest.raises(UsageError, match="not prepared for Thing"):
        catalogue.plan([Add(object.__new__(Thing))])


def test_an_added_entity_is_written_whole() -> None:
    """There is nothing it replaces."""
    new = note("one two")
    (write,) = catalogue.plan([Add(new)])
    assert (write.verb, write.id, write.version, write.before) == (Verb.ADD, new.id, 0, None)
    assert write.after == write.changed == write.records.encode(new)
    assert write.words_before == frozenset()
    assert write.words_after == {"one", "two"}


def test_a_saved_entity_is_written_with_what_changed() -> None:
    """Derived lookups included."""
    before = note("one two", label="same")
    after = before.evolve(text="two three")
    (write,) = catalogue.plan([Save(before, after)])
    assert (write.verb, write.id, write.version) == (Verb.SAVE, before.id, 1)
    assert write.changed == {"version": 2, "text": "two three", "initial": "t"}
    assert (write.before, write.after) == (write.records.encode(before), write.records.encode(after))
    assert write.words_before == {"one", "two"}
    assert write.words_after == {"two", "three"}


def test_json_has_changed_when_it_is_written_otherwise() -> None:
    """Although Python calls 1 and True equal."""
    before = thing(facts={"seats": 1})
    (write,) = Catalogue([THINGS]).plan(
        [Save(before, before.evolve(facts={"seats": True}, facts_or_none={}))]
    )
    assert write.changed == {"version": 2, "facts": {"seats": True}, "facts_or_none": {}}
    (write,) = Catalogue([THINGS]).plan([Save(before, before.evolve(facts={"seats": 1}))])
    assert write.changed == {"version": 2}


def test_what_could_not_have_been_stored_has_changed() -> None:
    """It differs from all that can be."""
    unfit = thing(text="\0", facts={"nan": float("nan")})
    (write,) = things.plan([Save(unfit, unfit.evolve(text="fit", facts={}))])
    assert write.changed == {"version": 2, "text": "fit", "facts": {}}


def test_a_removed_entity_is_written_as_what_was_there() -> None:
    """Nothing comes after it."""
    gone = note("one", version=4)
    (write,) = catalogue.plan([Remove(gone)])
    assert (write.verb, write.id, write.version, write.after) == (Verb.REMOVE, gone.id, 4, None)
    assert write.before == write.records.encode(gone)
    assert write.words_before == {"one"}
    assert write.words_after == frozenset()
    assert write.changed == {}


def test_a_commit_has_at_most_25_changes() -> None:
    """No fewer than none."""
    assert len(catalogue.plan([Add(note()) for _ in range(25)])) == 25
    assert catalogue.plan([]) == []
    with pytest.raises(UsageError, match="at most 25 changes, not 26"):
        catalogue.plan([Add(note()) for _ in range(26)])


def test_a_commit_changes_an_entity_once() -> None:
    """Two changes to one entity have no order that all databases agree on."""
    entity = note()
    with pytest.raises(UsageError, match="only once"):
        catalogue.plan([Save(entity, entity.evolve()), Remove(entity.evolve())])


def test_entities_of_two_collections_may_have_one_id() -> None:
    """They are still two."""

    class Other(Note):
        """Another kind of note."""

    both = Catalogue([NOTES, Collection("others", Other)])
    entity = note()
    assert len(both.plan([Add(entity), Add(Other(id=entity.id))])) == 2


def test_a_commit_takes_changes_only() -> None:
    """An entity says not what to do with it."""
    with pytest.raises(UsageError, match="takes Add, Save and Remove, not Note"):
        catalogue.plan([note()])  # type: ignore[list-item]  # the mistake under test


@pytest.mark.parametrize(
    "bad", [note(text="\0"), note(id="ada"), note(label="a" * 256), note("a " * 200 + "a" * 256)]
)
def test_what_cannot_be_stored_is_refused_before_anything_is_sent(bad: Note) -> None:
    """In a Save it is the successor that counts; what comes before it must be stored already."""
    good = Note(id=bad.id, version=0)
    for change in (Add(bad), Remove(bad), Save(good, bad)):
        with pytest.raises(InvalidEntityError):
            catalogue.plan([Add(note()), change])


def test_a_time_is_aware() -> None:
    """Otherwise nobody knows when it is."""
    check_moment(utc_now())
    for moment in (utc_now().replace(tzinfo=None), "now"):
        with pytest.raises(UsageError, match="aware"):
            check_moment(moment)  # type: ignore[arg-type]  # the mistake under test


@pytest.mark.parametrize("limit", [1, 100, 1000])
def test_a_page_may_have_up_to_a_thousand_items(limit: int) -> None:
    """At least one."""
    check_limit(limit)


@pytest.mark.parametrize("limit", [0, -1, 1001, 1.0, "5", None])
def test_a_page_of_another_size_is_refused(limit: Any) -> None:
    """What is unbounded is not a page."""
    with pytest.raises(UsageError, match="1 to 1000"):
        check_limit(limit)


@pytest.mark.parametrize("batch", [1, 1000, 1_000_000])
def test_a_load_goes_in_batches(batch: int) -> None:
    """Of any size."""
    check_batch(batch)


@pytest.mark.parametrize("batch", [0, -1, 1.0, "5", None])
def test_a_batch_holds_something(batch: Any) -> None:
    """Else a load would never end."""
    with pytest.raises(UsageError, match="at least one entity"):
        check_batch(batch)


@pytest.mark.parametrize("name", ["default", "a", "7", "acme-2_x", "a" * 63, "0-", "a__b"])
def test_a_realm_is_named_in_lower_case(name: str) -> None:
    """Digits, - and _ included."""
    assert check_realm(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Acme",
        "acmé",
        "-acme",
        "_acme",
        "-",
        "a b",
        "a.b",
        "a/b",
        "a\n",
        "a\0",
        "²",
        "a" * 64,
        None,
        7,
        b"acme",
        ["a"],
    ],
    ids=ascii,
)
def test_a_realm_of_another_name_is_refused(name: Any) -> None:
    """Its name stands in keys and logs."""
    with pytest.raises(UsageError, match="realm"):
        check_realm(name)
