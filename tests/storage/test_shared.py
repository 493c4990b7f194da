"""What stores share, by its public names: what a find looks for, what a write moves, what a page is."""

from typing import Any

import pytest

from tests.storage.things import NOTES, THINGS, Note, Thing, new_id, note
from userkit import storage
from userkit.errors import UsageError
from userkit.kernel.clock import utc_now
from userkit.storage import (
    Add,
    Catalogue,
    Collection,
    Move,
    Page,
    Records,
    Remove,
    Save,
    page_of,
    page_of_one,
)

owned = Records(Collection("things", Thing, unique=("text",), index=("owner",)))


def test_every_public_name_is_there() -> None:
    """Each where it says, and no other one."""
    for name in storage.__all__:
        assert getattr(storage, name) is not None
    with pytest.raises(AttributeError, match=r"module 'userkit\.storage' has no attribute 'nothing'"):
        _ = storage.nothing


def test_a_find_without_a_field_looks_for_everything() -> None:
    """There is always something to look for."""
    lookup = owned.lookup(None, None)
    assert (lookup.everything, lookup.hopeless, lookup.unique) == (True, False, False)
    assert lookup.matches({"text": "a"})


def test_a_find_by_a_field_looks_for_its_value() -> None:
    """Of a unique field there is one."""
    lookup = owned.lookup("text", "a")
    assert (lookup.field, lookup.value, lookup.everything, lookup.unique) == ("text", "a", False, True)
    assert not lookup.hopeless
    assert lookup.matches({"text": "a"})
    assert not lookup.matches({"text": "A"})
    assert not owned.lookup("owner", new_id()).unique


@pytest.mark.parametrize(("field", "value"), [("owner", "ada"), ("text", "a" * 256), ("text", "nul \0")])
def test_what_no_record_can_have_is_hopeless(field: str, value: str) -> None:
    """A store need not ask its database, which might complain of it."""
    assert owned.lookup(field, value).hopeless


@pytest.mark.parametrize(("field", "value"), [("text", None), (None, "a"), ("nothing", "a")])
def test_a_find_by_what_is_not_declared_is_refused(field: str | None, value: str | None) -> None:
    """Before anything is looked at."""
    with pytest.raises(UsageError):
        owned.lookup(field, value)


def test_only_what_expires_can_be_purged() -> None:
    """The rest says so."""
    Records(NOTES).check_expires()
    with pytest.raises(UsageError, match="things declares no time of expiry"):
        Records(THINGS).check_expires()


def moves(change: Any) -> list[Move]:
    """Return the moves of a change in the labels and initials of notes."""
    (write,) = Catalogue([NOTES]).plan([change])
    return write.moves(["label", "initial"])


def test_a_write_tells_which_values_move() -> None:
    """What comes, what goes and what is replaced; None is no value."""
    before = note("one", label="same")
    assert moves(Add(before)) == [Move("label", None, "same"), Move("initial", None, "o")]
    assert moves(Save(before, before.evolve(text="two"))) == [Move("initial", "o", "t")]
    assert moves(Save(before, before.evolve(label=None, done_at=utc_now()))) == [Move("label", "same", None)]
    assert moves(Remove(note("one"))) == [Move("initial", "o", None)]


def test_where_nothing_is_asked_nothing_moves() -> None:
    """The revision before is not even encoded."""
    (write,) = Catalogue([NOTES]).plan([Remove(note("one"))])
    assert write.moves(()) == []


def test_the_one_more_says_that_there_is_a_next_page() -> None:
    """It is on that page."""
    notes = [note(str(number)) for number in range(3)]
    assert page_of(notes, limit=2) == Page((notes[0], notes[1]), notes[1].id)
    assert page_of(notes, limit=3) == Page(tuple(notes))
    assert page_of(list[Note](), limit=3) == Page(())


@pytest.mark.parametrize("newest_first", [False, True])
def test_a_page_of_one_comes_after_what_it_comes_after(newest_first: bool) -> None:
    """In either direction."""
    first, found, last = note("a"), note("b"), note("c")
    after, not_after = (last, first) if newest_first else (first, last)
    assert page_of_one(found, after=None, newest_first=newest_first) == Page((found,))
    assert page_of_one(found, after=after.id, newest_first=newest_first) == Page((found,))
    assert page_of_one(found, after=not_after.id, newest_first=newest_first) == Page(())
    assert page_of_one(found, after=found.id, newest_first=newest_first) == Page(())
    assert page_of_one(None, after=None, newest_first=newest_first) == Page(())
