"""What no database keeps as it is, is refused by all of them: InvalidEntityError, and nothing is written."""

from datetime import UTC, datetime
from typing import Any

import pytest

from userkit.errors import InvalidEntityError
from userkit.kernel.json import MAX_DEPTH
from userkit.storage.changes import Add, Save
from userkit.storage.port import Store
from userkit.storage.records import LARGEST_RECORD, LONGEST_LOOKUP
from userkit.testing.specimens import Everything, Person, everything, person
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Refusals"]


def _nested(depth: int) -> Any:
    return {"next": _nested(depth - 1)} if depth else 0


_UNFIT: dict[str, list[Any]] = {
    "text": [
        "a\0b",
        "\ud800",
        "a\udfffb",
        "\ud83d\ude00",
        None,
        b"bytes",
        1,
    ],
    "whole": [
        1 << 63,
        -(1 << 63) - 1,
        True,
        1.0,
        "1",
    ],
    "flag": [
        1,
        None,
    ],
    "moment": [
        datetime(2026, 7, 31),  # noqa: DTZ001 - a naive time is what must be refused
        datetime(2026, 7, 31, 0, 0, 0, 1, tzinfo=UTC),
        "2026-07-31T00:00:00Z",
    ],
    "blob": [
        "text",
        bytearray(b"x"),
    ],
    "mood": [
        "merry",
    ],
    "owner": [
        "not an id",
        "ABCDEF01-89AB-7DEF-8123-456789ABCDEF",
    ],
    "labels": [
        {"a"},
        frozenset({"a\0"}),
        frozenset({1}),
    ],
    "steps": [
        ["a"],
        ("\ud800",),
    ],
    "facts": [
        [],
        {"a": float("nan")},
        {"a": float("inf")},
        {"a": 1e16},
        {"a": 1 << 63},
        {"a": "b\0"},
        {"a\0": 1},
        {"a": "\ud800"},
        {1: "a"},
        {"a": {1}},
        {"a": b"x"},
        {"a": datetime(2026, 7, 31, tzinfo=UTC)},
        _nested(MAX_DEPTH + 1),
        _nested(500),
    ],
}


class Refusals(Standard):
    """Values that cannot be stored, in an add and in a save."""

    @pytest.mark.parametrize("field", _UNFIT)
    async def test_an_unfit_value_is_refused(self, store: Store, field: str) -> None:
        """In a field that must and in one that may have a value, and nothing else of the commit happens."""
        plain = everything()
        await store.commit(Add(plain))
        for value in _UNFIT[field]:
            for name in [field] if value is None else [field, f"maybe_{field}"]:
                with pytest.raises(InvalidEntityError) as refused:
                    await store.commit(Add(everything()), Add(everything(**{name: value})))
                assert name in str(refused.value)
                with pytest.raises(InvalidEntityError):
                    await store.commit(Add(everything()), Save(plain, plain.evolve(**{name: value})))
        assert await read_all(store, Everything) == [plain]

    async def test_a_lookup_that_is_too_long_is_refused(self, store: Store) -> None:
        """The 256th character, and not the 256th byte, is too many."""
        fields = ("address", "handle", "team")
        await store.commit(Add(fits := person(**dict.fromkeys(fields, "😀" * LONGEST_LOOKUP))))
        for field in fields:
            with pytest.raises(InvalidEntityError):
                await store.commit(Add(person(**{field: "x" * (LONGEST_LOOKUP + 1)})))
        assert await read_all(store, Person) == [fits]

    async def test_a_derived_lookup_that_is_too_long_is_refused(self, store: Store) -> None:
        """Its parts may fit where the whole does not."""
        with pytest.raises(InvalidEntityError):
            await store.commit(Add(person(team="x" * LONGEST_LOOKUP, number=1)))
        assert await read_all(store, Person) == []

    async def test_an_entity_that_is_too_large_is_refused(self, store: Store) -> None:
        """More than 256 KiB, whether in one field or in several together."""
        half = LARGEST_RECORD // 2 + 1
        for values in (
            {"text": "x" * LARGEST_RECORD},
            {"text": "😀" * (LARGEST_RECORD // 4)},
            {"blob": b"x" * LARGEST_RECORD},
            {"text": "x" * half, "maybe_text": "x" * half},
            {"facts": {str(number): "x" * 100 for number in range(LARGEST_RECORD // 100)}},
        ):
            with pytest.raises(InvalidEntityError):
                await store.commit(Add(everything(**values)))
        assert await read_all(store, Everything) == []

    async def test_an_entity_without_a_proper_id_is_refused(self, store: Store) -> None:
        """An id is a UUID in canonical text form."""
        bad: list[Any] = ["", "ada", "ABCDEF01-89AB-7DEF-8123-456789ABCDEF", "a\0", None, 1]
        for id in bad:
            with pytest.raises(InvalidEntityError):
                await store.commit(Add(Person(id=id, address="ada@example.com")))
        assert await read_all(store, Person) == []

    async def test_the_error_does_not_show_the_value(self, store: Store) -> None:
        """It names the field; the value may be somebody's secret."""
        with pytest.raises(InvalidEntityError) as refused:
            await store.commit(Add(everything(text="hunter2\0")))
        assert "hunter2" not in str(refused.value)
