"""An entity comes back from its record as it was, and what could not is refused."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernel.test_json import TEXT, VALUES
from tests.storage.things import NOTES, THINGS, Colour, Note, Thing, new_id, note
from userkit.errors import InvalidEntityError, UsageError
from userkit.kernel.clock import whole_milliseconds
from userkit.kernel.entity import Entity
from userkit.storage.collection import Collection
from userkit.storage.records import LARGEST_RECORD, LONGEST_LOOKUP, Records

ID = "019c9f2f-3d7b-7000-8000-000000000000"
THEN = datetime(2026, 1, 1, tzinfo=UTC)
MOST = datetime(9999, 1, 1), datetime(1, 1, 2)  # noqa: DTZ001  # the strategy adds the zone
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45)), ZoneInfo("America/St_Johns")])

KINDS: dict[str, st.SearchStrategy[Any]] = {
    "text": TEXT,
    "number": st.integers(-(2**63), 2**63 - 1),
    "flag": st.booleans(),
    # An hour that the clocks of a zone strike twice equals nothing in another zone (PEP 495).
    "at": st.datetimes(MOST[1], MOST[0], timezones=ZONES)
    .map(whole_milliseconds)
    .filter(lambda moment: moment.astimezone(UTC) == moment),
    "data": st.binary(),
    "colour": st.sampled_from(Colour),
    "owner": st.uuids().map(str),
    "tags": st.frozensets(TEXT),
    "steps": st.lists(TEXT).map(tuple),
    "facts": st.dictionaries(TEXT, VALUES, max_size=3),
}
OPTIONAL = {f"{name}_or_none": st.none() | values for name, values in KINDS.items()}

things = Records(THINGS)
notes = Records(NOTES)


def thing(**values: Any) -> Thing:
    """Return a thing with these values instead of plain ones."""
    plain: dict[str, Any] = {
        "id": ID,
        "text": "",
        "number": 0,
        "flag": False,
        "at": THEN,
        "data": b"",
        "colour": Colour.RED,
        "owner": ID,
        "tags": frozenset(),
        "steps": (),
        "facts": {},
    }
    return Thing(**plain | values)


@given(st.builds(Thing, id=KINDS["owner"], version=st.integers(1, 9), **KINDS, **OPTIONAL))
def test_an_entity_comes_back_as_it_was(entity: Thing) -> None:
    """Whatever it holds, of every kind."""
    back = things.decode(things.encode(entity))
    assert back == entity
    assert {name: type(value) for name, value in asdict(back).items()} == {
        name: type(value) for name, value in asdict(entity).items()
    }


@given(st.builds(Thing, id=KINDS["owner"], **KINDS, **OPTIONAL))
def test_a_record_is_plain(entity: Thing) -> None:
    """JSON but for times, which are in UTC, and bytes; sets are in order, so that equal ones look equal."""
    record = things.encode(entity)
    times = [value for value in record.values() if isinstance(value, datetime)]
    assert all(moment.tzinfo is UTC for moment in times)
    assert record["tags"] == sorted(record["tags"])
    plain = {name: value for name, value in record.items() if not isinstance(value, datetime | bytes)}
    assert json.loads(json.dumps(plain)) == plain


def test_a_record_shares_nothing_with_its_entity() -> None:
    """Neither on the way in nor on the way out."""
    facts = {"plan": ["pro"]}
    record = things.encode(thing(facts=facts))
    facts["plan"].append("trial")
    back = things.decode(record)
    record["facts"]["plan"].clear()
    assert back.facts == {"plan": ["pro"]}


def test_a_mapping_of_any_sort_is_stored() -> None:
    """It comes back as a dict."""
    assert things.encode(thing(facts=MappingProxyType({"a": ()})))["facts"] == {"a": []}


def test_derived_lookups_are_part_of_the_record_and_no_part_of_the_entity() -> None:
    """A database needs them, the entity works them out itself."""
    record = notes.encode(note("Ada"))
    assert record["initial"] == "A"
    assert notes.encode(note(""))["initial"] is None
    assert notes.decode(record).initial == "A"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "ada"),
        ("id", None),
        ("version", None),
        ("text", None),
        ("text", b"bytes"),
        ("text", 7),
        ("text", "nul \0"),
        ("text", "\ud800"),
        ("number", "7"),
        ("number", True),
        ("number", 1.0),
        ("number", 2**63),
        ("number", -(2**63) - 1),
        ("flag", 1),
        ("flag", None),
        ("at", "2026-01-01"),
        ("at", datetime(2026, 1, 1)),  # noqa: DTZ001  # the mistake under test
        ("at", THEN + timedelta(microseconds=1)),
        ("at_or_none", THEN + timedelta(microseconds=999)),
        ("data", "text"),
        ("data", bytearray(b"changes")),
        ("colour", "red"),
        ("colour_or_none", "red"),
        ("owner", ID.upper()),
        ("owner", 7),
        ("tags", {"a"}),
        ("tags", ["a"]),
        ("tags", frozenset({1})),
        ("tags", frozenset({"\ud800"})),
        ("steps", ["a"]),
        ("steps", "a"),
        ("steps", (None,)),
        ("facts", []),
        ("facts", None),
        ("facts", {"at": THEN}),
        ("facts", {"nul": "\0"}),
    ],
    ids=ascii,
)
def test_what_does_not_fit_the_field_is_refused_by_name(field: str, value: object) -> None:
    """The sentence tells which field and why, but not what it holds."""
    with pytest.raises(InvalidEntityError, match=rf"^Thing\.{field} cannot be stored: [a-z]") as caught:
        things.encode(thing(**{field: value}))
    assert caught.value.detail.endswith(".")


@pytest.mark.parametrize(
    "value",
    ["a" * LARGEST_RECORD, "€" * (LARGEST_RECORD // 3), b"a" * LARGEST_RECORD],
    ids=["ascii", "utf-8", "bytes"],
)
def test_a_record_has_a_largest_size(value: str | bytes) -> None:
    """Measured in UTF-8, over all its fields."""
    field = "data" if isinstance(value, bytes) else "text"
    assert things.encode(thing(**{field: value[:-200]}))[field] == value[:-200]
    with pytest.raises(InvalidEntityError, match="A Thing holds more than 262144 bytes"):
        things.encode(thing(**{field: value}))


@pytest.mark.parametrize(
    "values",
    [
        {"facts": {"a": ["x" * 1000] * 300}},
        {"facts": {str(number): None for number in range(30_000)}},
        {"tags": frozenset(f"{number:01000}" for number in range(300))},
        {"steps": ("x" * 1000,) * 300},
    ],
    ids=["a list in JSON", "keys in JSON", "a set", "a tuple"],
)
def test_what_is_inside_counts_as_well(values: Mapping[str, Any]) -> None:
    """Keys, items and all."""
    with pytest.raises(InvalidEntityError, match="more than 262144 bytes"):
        things.encode(thing(**values))


def test_a_lookup_is_as_long_as_can_be_indexed() -> None:
    """Counted in characters, for fields and for what is derived from them."""
    longest = "ü" * LONGEST_LOOKUP
    assert notes.encode(note(label=longest))["label"] == longest
    with pytest.raises(InvalidEntityError, match=r"Note\.label cannot be stored: a lookup has at most 255"):
        notes.encode(note(label=longest + "ü"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Odd(Entity):
    """An entity that derives what a test tells it to."""

    derived: str = ""

    @property
    def key(self) -> Any:
        """Return what is looked up."""
        return {"": None, "number": 7, "surrogate": "\ud800", "long": "a" * 256}.get(
            self.derived, self.derived
        )

    @property
    def words(self) -> tuple[Any, ...]:
        """Return what is searched by."""
        many = tuple(map(str, range(129)))
        unfit = {"empty": ("",), "long": ("a" * 256,), "nul": ("a\0",), "lone": ("\ud800",), "no text": (7,)}
        return {"many": many, "fine": many[1:], **unfit}[self.derived]


odds = Records(Collection("odds", Odd, index=("key",), search="words"))


@pytest.mark.parametrize("derived", ["number", "surrogate", "long"])
def test_a_derived_lookup_is_storable_text(derived: str) -> None:
    """As a field would have to be."""
    with pytest.raises(InvalidEntityError, match=r"Odd\.key cannot be stored"):
        odds.encode(Odd(id=ID, derived=derived))


def test_an_entity_is_searched_by_some_words() -> None:
    """At most 128, none of them empty, too long to index or unfit for a database."""
    assert len(odds.words(Odd(id=ID, derived="fine"))) == 128
    for derived in ("many", "empty", "long", "nul", "lone", "no text"):
        with pytest.raises(InvalidEntityError, match=r"Odd\.words cannot be stored"):
            odds.words(Odd(id=ID, derived=derived))


def test_an_entity_that_is_not_searched_has_no_words() -> None:
    """Nothing is indexed for it."""
    assert things.words(thing()) == frozenset()
    assert notes.words(note("one two one")) == {"one", "two"}


def test_an_old_record_lacks_new_fields() -> None:
    """They get their defaults."""
    assert notes.decode({"id": ID, "version": 3}) == Note(id=ID, version=3)
    assert notes.decode({"id": ID, "version": 3, "gone": "forgotten"}) == Note(id=ID, version=3)


def test_a_record_that_lacks_a_field_without_a_default_is_said_to() -> None:
    """It is not an entity of this version, and the error names what is missing."""
    with pytest.raises(InvalidEntityError, match="A stored Note lacks fields without a default: id"):
        notes.decode({"version": 3})


def test_a_record_with_an_older_number_is_upgraded() -> None:
    """Today's and those that were never numbered are not."""

    def upgrade(record: dict[str, Any], schema: int) -> Mapping[str, Any]:
        return {**record, "text": f"{record.pop('title')} from {schema}"}

    today = Records(Collection("notes", Note, schema=3, upgrade=upgrade))
    old = {"id": ID, "version": 1, "title": "Ada"}
    assert [today.decode(old, schema=schema).text for schema in (1, 2)] == ["Ada from 1", "Ada from 2"]
    assert "title" in old
    new = {"id": ID, "version": 1, "text": "Ada"}
    assert [today.decode(new, schema=schema).text for schema in (3, 4, None)] == ["Ada"] * 3
    without_upgrade = Records(Collection("notes", Note, schema=3))
    assert without_upgrade.decode(new, schema=1).text == "Ada"


def test_an_unknown_item_of_an_enumeration_is_said_to_be_one() -> None:
    """A newer version may have written it; guessing would lose it."""
    with pytest.raises(InvalidEntityError, match="A stored Colour is not known to this version") as caught:
        notes.decode({"id": ID, "version": 1, "colour": "mauve"})
    assert "mauve" not in str(caught.value)


def test_times_come_back_in_utc_whatever_the_driver_gives() -> None:
    """Some give the zone of the session."""
    there = THEN.astimezone(timezone(timedelta(hours=-3)))
    back = notes.decode({"id": ID, "version": 1, "done_at": there})
    assert back.done_at == THEN
    assert back.done_at.tzinfo is UTC


def test_a_find_is_by_a_declared_field_and_a_text_or_over_everything() -> None:
    """Anything else is a mistake of the caller."""
    assert notes.by_value(None, None) is False
    assert notes.by_value("label", "a") is notes.by_value("initial", "") is True
    for field, value in [
        ("label", None),
        (None, "a"),
        ("label", 7),
        ("text", "a"),
        ("id", ID),
        ("nothing", "a"),
    ]:
        with pytest.raises(UsageError, match=r"find takes a field|notes declares no lookup by"):
            notes.by_value(field, value)  # type: ignore[arg-type]  # some of the mistakes under test


def test_only_what_expires_has_a_time_of_expiry() -> None:
    """Nothing else can be purged."""
    assert notes.expires == "done_at"
    with pytest.raises(UsageError, match="things declares no time of expiry"):
        _ = things.expires


def test_what_no_lookup_could_hold_matches_nothing() -> None:
    """A store need not ask its database, which might complain of it."""
    owned = Records(Collection("things", Thing, index=("owner", "text")))
    assert owned.matchable("owner", new_id())
    assert not owned.matchable("owner", "ada")
    assert owned.matchable("text", "a" * 255)
    assert notes.matchable("initial", "a")
    for value in ("a" * 256, "nul \0", "\ud800"):
        assert not owned.matchable("text", value)
        assert not notes.matchable("initial", value)
