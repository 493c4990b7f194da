"""Many entities are checked together as each is by itself, and written as each would be."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from tests.kernel.test_json import TEXT, VALUES
from tests.storage.test_records import KINDS, OPTIONAL, thing
from tests.storage.things import NOTES, THINGS, Thing, note
from tests.stores.sqlalchemy.inventing import invented
from userkit.backends.sqlalchemy.batches import columns_of, words_of
from userkit.backends.sqlalchemy.columns import JSONText, UTCDateTime, to_driver
from userkit.backends.sqlalchemy.schema import COLLECTIONS
from userkit.errors import InvalidEntityError
from userkit.kernel.entity import Entity
from userkit.storage.collection import Collection
from userkit.storage.records import LARGEST_RECORD, LONGEST_LOOKUP, Records
from userkit.testing.specimens import COLLECTIONS as SPECIMENS
from userkit.testing.specimens import Person, person

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SQLITE = sqlite.dialect()
DOCUMENTS = st.dictionaries(TEXT, VALUES, max_size=3)

things, notes, people = Records(THINGS), Records(NOTES), Records(SPECIMENS[0])


class Zone(tzinfo):
    """The zone of a library whose zones have no hash."""

    __hash__ = None  # type: ignore[assignment]  # as in dateutil

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Zone)

    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(0)

    def dst(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> str:
        return "Z"


class Name(str):
    """Text of a library that has a type of its own for it."""


def each(records: Records[Any], entities: Sequence[Entity]) -> list[dict[str, Any]]:
    """Return what each is encoded as by itself."""
    return [written(records.encode(entity)) for entity in entities]


def together(records: Records[Any], entities: Sequence[Entity]) -> list[dict[str, Any]]:
    """Return what they are encoded as together."""
    columns = columns_of(records, entities)
    return [written({name: column[at] for name, column in columns.items()}) for at in range(len(entities))]


def written(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record with its JSON as text, in which tuples are lists."""
    return {name: json.dumps(value) if isinstance(value, dict) else value for name, value in record.items()}


def nested(depth: int) -> dict[str, Any]:
    """Return JSON of this depth."""
    return {"a": nested(depth - 1)} if depth > 1 else {}


@settings(max_examples=20)
@given(st.lists(st.builds(Thing, id=KINDS["owner"], **KINDS, **OPTIONAL), min_size=1, max_size=3))
def test_what_is_checked_together_is_recorded_as_what_is_checked_alone(some: list[Thing]) -> None:
    """Whatever the fields hold, and whichever of them hold nothing."""
    assert together(things, some) == each(things, some)


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda it: it.name)
def test_whatever_is_built_in_is_recorded_the_same(collection: Collection[Any]) -> None:
    """Entities with all of their fields, and with as few as may be."""
    some = [invented(collection, number, sparse=number % 3 == 0) for number in range(7)]
    assert together(Records(collection), some) == each(Records(collection), some)


@pytest.mark.parametrize(
    "values",
    [
        {"text": Name("Ada")},
        {"facts": MappingProxyType({"a": 1})},
        {"facts": OrderedDict(a=1)},
        {"facts": {Name("a"): ("b", 2.5, None, True)}},
        {"facts": {"number": 2**63 - 1}},
        {"facts": nested(32)},
        {"facts": {"long": ["ü" * 1000] * 100}},
        {"at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))},
        {"at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(0)))},
        {"at": datetime(2026, 1, 1, tzinfo=timezone(timedelta(0), "Iceland"))},
        {"at": datetime(2026, 1, 1, tzinfo=Zone())},
        {"text": "ü" * (LARGEST_RECORD // 2 - 200)},
        {"tags": frozenset({Name("a")})},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_is_unusual_is_recorded_as_it_is_alone(values: dict[str, Any]) -> None:
    """It takes the longer way, and the usual beside it too."""
    some = [thing(), thing(**values)]
    assert together(things, some) == each(things, some)


@pytest.mark.parametrize(
    "values",
    [
        {"id": "ada"},
        {"id": "019C9F2F-3D7B-7000-8000-000000000000"},
        {"id": "019c9f2f3d7b-7000-8000-00000000000--"},
        {"id": "019c9f2f-3d7b-7000-8000-00000000000\ud800"},
        {"id": None},
        {"text": "nul \0"},
        {"text": "\ud800"},
        {"text": None},
        {"number": True},
        {"number": 2**63},
        {"number": -(2**63) - 1},
        {"flag": 1},
        {"at": datetime(2026, 1, 1)},  # noqa: DTZ001  # the mistake under test
        {"at": datetime(2026, 1, 1, microsecond=1, tzinfo=UTC)},
        {"data": "text"},
        {"colour": "red"},
        {"tags": {"a"}},
        {"tags": frozenset({1})},
        {"steps": ["a"]},
        {"steps": ("\0",)},
        {"facts": []},
        {"facts": {1: "a"}},
        {"facts": {"a": {"\0": 1}}},
        {"facts": {"a": ["\ud800"]}},
        {"facts": {"a": float("nan")}},
        {"facts": {"a": 1e16}},
        {"facts": {"a": 2**63}},
        {"facts": {"a": object()}},
        {"facts": nested(33)},
        {"facts": {"long": ["a" * 1000] * 300}},
        {"text": "a" * (LARGEST_RECORD + 1)},
    ],
    ids=lambda values: next(iter(values)),
)
def test_what_is_refused_alone_is_refused_in_a_batch(values: dict[str, Any]) -> None:
    """In the same words."""
    with pytest.raises(InvalidEntityError) as alone:
        things.encode(thing(**values))
    with pytest.raises(InvalidEntityError) as among:
        columns_of(things, [thing(), thing(**values)])
    assert str(among.value) == str(alone.value)


def test_a_lookup_that_is_too_long_is_refused_in_a_batch() -> None:
    """Fields and what is derived from them."""
    longest = note(label="a" * LONGEST_LOOKUP)
    assert together(notes, [longest]) == each(notes, [longest])
    with pytest.raises(InvalidEntityError, match="at most 255"):
        columns_of(notes, [note(), note(label="a" * (LONGEST_LOOKUP + 1))])


def test_words_are_those_of_each() -> None:
    """And none where nothing is searched."""
    some = [person(f"{name}@example.com", name=f"{name} Lovelace") for name in ("Ada", "Ünal", "")]
    assert words_of(people, some) == [people.words(one) for one in some]
    assert words_of(things, [thing()]) == []


@pytest.mark.parametrize(
    "name", [" ".join(map(str, range(128))), "\0", "\ud800"], ids=["many", "nul", "half"]
)
def test_words_that_are_refused_alone_are_refused_in_a_batch(name: str) -> None:
    """Too many of them, and those that no database takes."""
    with pytest.raises(InvalidEntityError, match="over 128 words"):
        words_of(people, [person("ada@example.com"), person("a@example.com", name=name)])


def test_words_of_another_type_are_looked_at_one_by_one() -> None:
    """They are text."""
    one: list[Person] = [person(Name("ada@example.com"), name="Ada")]
    assert words_of(people, one) == [people.words(one[0])]


@settings(max_examples=30)
@given(st.lists(DOCUMENTS | st.sampled_from([{}, {"a": "}, {"}, {"b": [{}, {}]}]), min_size=1, max_size=5))
def test_documents_are_written_as_each_is(documents: list[dict[str, Any]]) -> None:
    """Whatever they hold, also what looks like where one ends and another begins."""
    (texts,) = to_driver([(JSONText(), list(documents))], SQLITE)
    assert texts == list(map(json.dumps, documents))


@given(st.lists(st.none() | KINDS["at"], min_size=1, max_size=3), st.lists(KINDS["at"], max_size=1))
def test_times_are_written_in_order(moments: list[datetime | None], others: list[datetime]) -> None:
    """In UTC, to the millisecond, also when two columns are equal or have one in common."""
    columns = [moments, list(moments), [*others, *moments[len(others) :]]]
    written = to_driver([(UTCDateTime(), column) for column in columns], SQLITE)
    for column, texts in zip(columns, written, strict=True):
        assert texts == [
            None if at is None else f"{at.astimezone(UTC).isoformat(timespec='milliseconds')[:-6]}Z"
            for at in column
        ]
