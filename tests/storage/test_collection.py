"""A collection that no database could keep is refused when it is declared."""

from typing import Any

import pytest

from tests.storage.things import NOTES, THINGS, Note, Thing
from userkit.errors import UsageError
from userkit.storage.collection import Collection


def test_a_collection_knows_its_fields_and_lookups() -> None:
    """Unique ones come first; derived ones are those that are no fields."""
    assert [field.name for field in NOTES.fields] == ["id", "version", "text", "label", "colour", "done_at"]
    assert NOTES.lookups == ("label", "colour", "initial")
    assert NOTES.derived == ("initial",)
    assert THINGS.lookups == THINGS.derived == ()


def test_collections_are_told_apart_by_what_they_are_and_not_by_how_they_look() -> None:
    """Two that look alike may still be two."""
    assert Collection("things", Thing) != THINGS
    assert len({THINGS, Collection("things", Thing)}) == 2


@pytest.mark.parametrize("name", ["a", "user_2", "a" * 40])
def test_names_that_every_database_takes_are_accepted(name: str) -> None:
    """Lower-case ASCII letters, digits and _, at most 40."""
    assert Collection(name, Note).name == name


@pytest.mark.parametrize(
    "name", ["", "Users", "2users", "_users", "us-ers", "ü", "a" * 41, "users\n", "us ers"]
)
def test_other_names_are_refused(name: str) -> None:
    """Quoting would differ from database to database."""
    with pytest.raises(UsageError, match="named in lower-case letters"):
        Collection(name, Note)


@pytest.mark.parametrize(
    ("declared", "complaint"),
    [
        ({"unique": ("label", "label")}, "declared once"),
        ({"unique": ("label",), "index": ("label",)}, "declared once"),
        ({"unique": ("id",)}, "id is both anyway"),
        ({"index": ("id",)}, "id is both anyway"),
        ({"unique": ("colour_of_hair",)}, "Note has no colour_of_hair"),
        ({"index": ("done_at",)}, "done_at is not text"),
        ({"index": ("version",)}, "version is not text"),
        ({"expires": "text"}, "text is not a datetime field"),
        ({"expires": "initial"}, "initial is not a datetime field"),
        ({"expires": "never"}, "never is not a datetime field"),
        ({"search": "nothing"}, "Note has no nothing"),
    ],
)
def test_what_cannot_be_looked_up_expire_or_be_searched_is_refused(
    declared: dict[str, Any], complaint: str
) -> None:
    """The sentence names the collection and what is wrong with it."""
    with pytest.raises(UsageError, match=rf"^notes: .*{complaint}"):
        Collection("notes", Note, **declared)


@pytest.mark.parametrize("field", ["data", "tags", "steps", "facts", "number", "flag", "at"])
def test_only_text_is_looked_up(field: str) -> None:
    """Nothing else compares the same in every database."""
    with pytest.raises(UsageError, match=f"{field} is not text"):
        Collection("things", Thing, index=(field,))
    assert Collection("things", Thing, index=("text", "colour", "owner")).derived == ()


def test_a_field_without_a_default_can_be_looked_up() -> None:
    """It is no attribute of the class, but a field all the same."""
    assert Collection("things", Thing, unique=("text",)).unique == ("text",)
