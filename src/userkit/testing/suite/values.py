"""Values: what was written is what is read, to the last code point, byte and millisecond."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from userkit.kernel.json import MAX_DEPTH
from userkit.storage.changes import Add, Save
from userkit.storage.port import Store
from userkit.storage.records import LARGEST_RECORD
from userkit.testing.specimens import Everything, Mood, everything, new_id
from userkit.testing.standard import Standard

__all__ = ["Values"]

_INT64 = 1 << 63

_TEXTS = [
    "",
    " leading and trailing ",
    "tab\tline\nreturn\r\nform\x0cvertical\x0bescape\x1bdelete\x7f",
    "e\u0301 and é, o\u0323\u0301 and ọ\u0301",
    "Straße ΣΊΣΥΦΟΣ Iı İi ŁÓDŹ",
    "אבגד \u202eעברית\u202c العَرَبِيَّة فارسی \u200fاردو",
    "你好 こんにちは 안녕하세요 สวัสดี नमस्ते ສະບາຍດີ",
    "😀 👩🏽\u200d💻 🏳\ufe0f\u200d🌈 🇺🇳 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𓀀",
    "\ufeffbyte order mark, \ufffe \uffff \ufffd \U0010ffff \U0001fffe",
    "Z" + "\u0300\u0316\u0320\u0334" * 50,
    "'; DROP TABLE specimen_everything; -- %s %(x)s ? :x $1 {} \\ \\' \\n \" ` <b>&amp;",
    "NULL",
    "\x01\x02\x1f\x80\x9f\u2028\u2029\u200b\u00ad",
]

_JSON = [
    {},
    {"": ""},
    {"none": None, "yes": True, "no": False},
    {"numbers": [0, 1, -1, _INT64 - 1, -_INT64, 1 << 53, (1 << 53) + 1]},
    {"floats": [0.5, -0.1, 1e-7, 5e-324, 123456.789, 9007199254740991.0, 0.1 + 0.2]},
    {"texts": _TEXTS},
    {text: number for number, text in enumerate(_TEXTS)},
    {"lists": [[], [[]], [1, "one", None, {"one": [1]}]]},
    {"$ne": None, "a.b": 1, "__proto__": {}, "S": {"S": "x"}, "$date": 0},
    {"z": 1, "a": 2, "m": {"z": 1, "a": 2}},
    {"many": {str(number): number for number in range(2000)}},
]

_VALUES: list[tuple[str, list[Any]]] = [
    ("text", _TEXTS),
    ("whole", [0, 1, -1, 2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, _INT64 - 1, -_INT64]),
    ("flag", [True, False]),
    ("blob", [b"", b"\0", b"\xff\xfe", bytes(range(256)), b"text", b"\\x00", b"'"]),
    ("mood", list(Mood)),
    ("owner", [new_id(), "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"]),
    (
        "labels",
        [frozenset(), frozenset({""}), frozenset({"a", "A", "ä", "a\u0308", "a "}), frozenset(_TEXTS)],
    ),
    ("steps", [(), ("",), ("b", "a", "b"), ("a,b", "{}", "[]", '"', "null"), tuple(_TEXTS)]),
    ("facts", _JSON),
]

_MOMENTS = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
    datetime(2000, 2, 29, 12, 0, 0, 1000, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, 30, 0, 123000, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC),
    datetime(1582, 10, 10, tzinfo=UTC),
    datetime(1000, 1, 1, tzinfo=UTC),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
]

_ZONED = [
    datetime(2026, 7, 31, 12, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=2))),
    datetime(2026, 10, 25, 2, 30, tzinfo=timezone(timedelta(hours=1))),
    datetime(2026, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-11, minutes=-7))),
]


class Values(Standard):
    """What comes back, for each kind of field, from a read by id and from a list."""

    @pytest.mark.parametrize(("field", "values"), _VALUES, ids=[field for field, _ in _VALUES])
    async def test_values_come_back_as_they_were_added(
        self, store: Store, field: str, values: list[Any]
    ) -> None:
        """Equal and of the same type, in a field that must and in one that may have a value."""
        written = [everything(**{field: value, f"maybe_{field}": value}) for value in values]
        await store.commit(*map(Add, written))
        for each in written:
            _check_equal(await store.get(Everything, each.id), each)
        for found, each in zip((await store.find(Everything)).items, written, strict=True):
            _check_equal(found, each)

    @pytest.mark.parametrize(("field", "values"), _VALUES, ids=[field for field, _ in _VALUES])
    async def test_values_come_back_as_they_were_saved(
        self, store: Store, field: str, values: list[Any]
    ) -> None:
        """Also as the second revision, and None again as the third."""
        plain = [everything() for _ in values]
        saved = [
            each.evolve(**{field: value, f"maybe_{field}": value})
            for each, value in zip(plain, values, strict=True)
        ]
        emptied = [each.evolve(**{f"maybe_{field}": None}) for each in saved]
        await store.commit(*map(Add, plain))
        await store.commit(*map(Save, plain, saved))
        for each in saved:
            _check_equal(await store.get(Everything, each.id), each)
        await store.commit(*map(Save, saved, emptied))
        for each in emptied:
            _check_equal(await store.get(Everything, each.id), each)

    async def test_none_comes_back_as_none(self, store: Store) -> None:
        """It is neither empty text, nor zero, nor an empty set, tuple or mapping, and these are not None."""
        none = everything()
        empty = everything(
            maybe_text="",
            maybe_whole=0,
            maybe_flag=False,
            maybe_blob=b"",
            maybe_labels=frozenset(),
            maybe_steps=(),
            maybe_facts={},
        )
        await store.commit(Add(none), Add(empty))
        _check_equal(await store.get(Everything, none.id), none)
        _check_equal(await store.get(Everything, empty.id), empty)

    async def test_times_come_back_in_utc_to_the_millisecond(self, store: Store) -> None:
        """From the first to the last that Python knows."""
        for moment in _MOMENTS:
            await _check_moment(store, moment)

    async def test_times_of_other_zones_come_back_in_utc(self, store: Store) -> None:
        """The same moment, also in the hour that clocks strike twice."""
        for moment in _ZONED:
            await _check_moment(store, moment.replace(microsecond=456000))

    async def test_json_numbers_stay_what_they_are(self, store: Store) -> None:
        """Whole numbers do not become fractions or lose digits."""
        facts = {"big": (1 << 53) + 1, "small": 1e-7, "tenth": 0.1, "one": 1, "half": 0.5}
        await store.commit(Add(each := everything(facts=facts)))
        found = await store.get(Everything, each.id)
        assert found is not None
        assert found.facts == facts
        assert isinstance(found.facts["big"], int)

    async def test_json_tells_true_from_one(self, store: Store) -> None:
        """Also in a save that changes nothing else, although Python calls them equal."""
        each = everything(facts={"deep": [1, {"value": 0}]})
        await store.commit(Add(each))
        for one, zero in ((True, False), (1, 0)):
            saved = each.evolve(facts={"deep": [one, {"value": zero}]})
            await store.commit(Save(each, saved))
            found = await store.get(Everything, each.id)
            assert found is not None
            assert found.facts["deep"][0] is one
            assert found.facts["deep"][1]["value"] is zero
            each = saved

    async def test_deep_json_comes_back(self, store: Store) -> None:
        """32 levels of lists and of mappings."""
        facts: Any = {}
        for level in range(MAX_DEPTH - 1):
            facts = [facts] if level % 2 else {"next": facts}
        await store.commit(Add(each := everything(facts=facts)))
        _check_equal(await store.get(Everything, each.id), each)

    async def test_long_text_comes_back(self, store: Store) -> None:
        """200 KiB of it, whatever its letters weigh."""
        for letter in ("x", "ß", "あ", "😀", "\x01", '"', "\\"):
            size = 200 * 1024 // len(letter.encode())
            await _check_large(store, text=letter * size)
            await _check_large(store, facts={"text": letter * size})

    async def test_large_values_of_other_kinds_come_back(self, store: Store) -> None:
        """Bytes, sets, tuples and JSON of 200 KiB."""
        words = [f"{number:06}" for number in range(20_000)]
        await _check_large(store, blob=bytes(range(256)) * 800)
        await _check_large(store, labels=frozenset(words))
        await _check_large(store, steps=tuple(words))
        await _check_large(store, facts={"words": words[:12_000]})

    async def test_the_largest_entity_comes_back(self, store: Store) -> None:
        """256 KiB less what the other fields take."""
        await _check_large(store, text="x" * (LARGEST_RECORD - 2048))

    async def test_a_commit_of_large_entities_comes_back(self, store: Store) -> None:
        """Many large changes are still one commit."""
        many = [everything(text=str(number) * 100_000) for number in range(8)]
        await store.commit(*map(Add, many))
        assert (await store.find(Everything)).items == tuple(many)

    async def test_a_reader_cannot_change_what_is_stored(self, store: Store) -> None:
        """The JSON of an entity that was read belongs to the reader."""
        each = everything(facts={"list": [1], "map": {"a": 1}}, maybe_facts={"list": [1]})
        await store.commit(Add(each))
        for found in (await store.get(Everything, each.id), (await store.find(Everything)).items[0]):
            assert found is not None
            facts: Any = found.facts
            facts["list"].append(2)
            facts["map"]["b"] = 2
            facts["new"] = True
        found = await store.get(Everything, each.id)
        assert found is not None
        assert found.facts == {"list": [1], "map": {"a": 1}}

    async def test_a_writer_cannot_change_what_is_stored(self, store: Store) -> None:
        """The JSON that was given is copied by the commit."""
        facts: dict[str, Any] = {"list": [1]}
        each = everything(facts=facts)
        await store.commit(Add(each))
        facts["list"].append(2)
        facts["new"] = True
        found = await store.get(Everything, each.id)
        assert found is not None
        assert found.facts == {"list": [1]}


def _check_equal(found: Everything | None, expected: Everything) -> None:
    assert found == expected
    for field in Everything.__dataclass_fields__:
        value, wanted = getattr(found, field), getattr(expected, field)
        same = isinstance(value, Mapping) if isinstance(wanted, Mapping) else type(value) is type(wanted)
        assert same, f"{field} came back as {type(value).__name__}"


async def _check_moment(store: Store, moment: datetime) -> None:
    each = everything(moment=moment, maybe_moment=moment)
    await store.commit(Add(each))
    for found in (await store.get(Everything, each.id), (await store.find(Everything)).items[-1]):
        assert found is not None
        assert (found.moment, found.maybe_moment) == (moment, moment)
        assert found.moment.utcoffset() == timedelta(0)
        assert found.moment.replace(tzinfo=None) == moment.astimezone(UTC).replace(tzinfo=None)


async def _check_large(store: Store, **values: Any) -> None:
    each = everything(**values)
    await store.commit(Add(each))
    found = await store.get(Everything, each.id)
    assert found == each, "it did not come back equal"  # a difference of 200 KiB says nothing
    saved = each.evolve(whole=2)
    await store.commit(Save(each, saved))
    assert await store.get(Everything, each.id) == saved
