"""Values as attributes: they come back to the last bit, and fit an item in the worst case."""

import random
from datetime import UTC, datetime
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from userkit.backends.dynamodb.items import Form, entity_of, size_of
from userkit.backends.dynamodb.keys import word_key
from userkit.backends.dynamodb.values import from_attribute, to_attribute
from userkit.errors import InvalidEntityError
from userkit.storage.collection import Collection
from userkit.storage.records import LARGEST_RECORD, Records
from userkit.testing.specimens import COLLECTIONS, Everything, NewNote, everything, new_id, person

ITEM = 400 * 1024
FORM = Form("default", 3, -1)
RECORDS: Records[Any] = Records(Collection("specimen_everything", Everything))

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
scalars = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 63) - 1) | texts | st.floats(-1e15, 1e15)
values = st.recursive(scalars, lambda each: st.lists(each) | st.dictionaries(texts, each), max_leaves=8)
moments = st.datetimes(timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)


@given(scalars.filter(lambda each: not isinstance(each, float)) | st.binary() | moments | st.lists(texts))
def test_a_value_says_what_it_is(value: object) -> None:
    """Its kind need not be known to read it."""
    found = from_attribute(to_attribute(value))
    assert found == value
    assert type(found) is type(value)


@given(st.dictionaries(texts, values))
def test_json_comes_back_with_its_types(value: dict[str, Any]) -> None:
    """One is not one and a half a tenth, nor true."""
    assert repr(from_attribute(to_attribute(value))) == repr(value)


@pytest.mark.parametrize("letter", ["\x01", '"', "\\", "x", "é", "あ", "😀", "\n"], ids=range(8))
def test_large_json_comes_back(letter: str) -> None:
    """Compressed, and with control characters as they are."""
    value = {"text": f'\\u0001 \\\\u0002 "{letter * 40_000}'}
    attribute = to_attribute(value)
    assert isinstance(attribute["M"]["json"]["B"], bytes)
    assert from_attribute(attribute) == value


def _characters(letters: str) -> Any:
    chance = random.Random(7)
    return lambda size: {"text": "".join(chance.choices(letters, k=size))}


WORST = {
    "control-characters": lambda: _characters("".join(map(chr, range(1, 128))))(LARGEST_RECORD - 4096),
    "quotes": lambda: _characters('"\\abcdefghijklmnop')(LARGEST_RECORD - 4096),
    "controls-only": lambda: _characters("".join(map(chr, range(1, 32))))(LARGEST_RECORD - 4096),
    "floats": lambda: {"n": [-random.Random(n).random() * 1e-200 for n in range(LARGEST_RECORD // 9 - 600)]},
    "empty-texts": lambda: {"n": [""] * (LARGEST_RECORD - 4096)},
    "integers": lambda: {"n": [random.Random(n).getrandbits(62) for n in range(LARGEST_RECORD // 9 - 600)]},
}


@pytest.mark.parametrize("worst", WORST)
def test_whatever_is_a_record_fits_an_item(worst: str) -> None:
    """JSON may be longer as text than it counts for; an item of DynamoDB has 400 KB for it."""
    each = everything(facts=WORST[worst]())
    item = FORM.entity(RECORDS, RECORDS.encode(each), "token")
    assert size_of(item) < ITEM
    assert entity_of(RECORDS, item) == each


@pytest.mark.parametrize("field", ["steps", "labels"])
def test_many_small_texts_fit_an_item(field: str) -> None:
    """A list of DynamoDB's own would count four bytes for each that is empty."""
    some = [f"{number:x}" for number in range(LARGEST_RECORD // 7)]
    each = everything(**{field: tuple(some) if field == "steps" else frozenset(some)})
    item = FORM.entity(RECORDS, RECORDS.encode(each), "token")
    assert size_of(item) < ITEM
    assert entity_of(RECORDS, item) == each


def test_the_longest_keys_fit() -> None:
    """1,024 bytes for a sort key, 2,048 for a partition."""
    key = word_key("r" * 63, "c" * 40, 999, "😀" * 255, new_id())
    assert len(key["sk"]["S"].encode()) <= 1024
    records: Records[Any] = Records(COLLECTIONS[0])
    each = person("😀" * 255, team="😀" * 255)
    item = Form("r" * 63, 1000, -1).entity(records, records.encode(each), "token")
    assert all(len(item[name]["S"].encode()) <= 2048 for name in ("everything", "lookup1", "lookup2"))


def test_what_an_older_version_wrote_can_be_upgraded() -> None:
    """With fields that are no more, as plain values."""
    seen: list[dict[str, Any]] = []

    def upgrade(record: dict[str, Any], schema: int) -> dict[str, Any]:
        seen.append(record)
        return {"id": record["id"], "version": record["version"], "text": record["old"]}

    records: Records[Any] = Records(Collection("notes", NewNote, schema=2, upgrade=upgrade))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    data = {"old": to_attribute("words"), "at": to_attribute(moment), "tags": to_attribute(["a"])}
    id = new_id()
    item = {"id": {"S": id}, "version": {"N": "3"}, "schema": {"N": "1"}, "data": {"M": data}}
    assert entity_of(records, item) == NewNote(id=id, version=3, text="words")
    assert seen == [{"id": id, "version": 3, "old": "words", "at": moment, "tags": ["a"]}]


def test_an_item_that_lacks_what_it_must_have_is_invalid() -> None:
    """Somebody else has written it."""
    item = {"id": {"S": new_id()}, "version": {"N": "1"}, "schema": {"N": "2"}, "data": {"M": {}}}
    with pytest.raises(InvalidEntityError):
        entity_of(Records(Collection("notes", NewNote, schema=2)), item)
