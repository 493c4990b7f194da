"""``find`` by a value: exact to the code point, and only by what was declared."""

from typing import Any

import pytest

from userkit.errors import UsageError
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import Store
from userkit.storage.records import LONGEST_LOOKUP
from userkit.testing.specimens import Mood, Person, Ticket, new_id, person
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Lookups"]

# Each of these differs from each other, and each is mistaken for another by some collation.
_LOOK_ALIKES = [
    "",
    " ",
    "a",
    "A",
    "a ",
    " a",
    "a\t",
    "ä",
    "a\u0308",
    "å",
    "Å",
    "\u212b",
    "ss",
    "ß",
    "ẞ",
    "i",
    "I",
    "ı",
    "İ",
    "ﬁ",
    "fi",
    "1",
    "①",
    "١",
    "k",
    "\u212a",
    "o\u0301\u0323",
    "o\u0323\u0301",
    "אב",
    "\u202eאב",
    "a\u200b",
    "a\u00ad",
    "a\ufe0f",
    "😀",
    "😁",
    "👩\u200d💻",
    "\U0010ffff",
    "\ufffd",
    "\uffff",
    "\u0001",
    "\x7f",
    "a\n",
    "%",
    "_",
    "\\",
    "\\0",
    "'",
    '"',
    "NULL",
    "null",
    "None",
    "0",
    "00",
    "0.0",
    "1e0",
    "true",
]


class Lookups(Standard):
    """What is found by which value."""

    async def test_an_entity_is_found_by_a_unique_field(self, store: Store) -> None:
        """It is alone on the page."""
        ada, grace = person("ada@example.com"), person("grace@example.com")
        await store.commit(Add(ada), Add(grace))
        page = await store.find(Person, "address", "ada@example.com")
        assert (page.items, page.next) == ((ada,), None)
        assert (await store.find(Person, "address", "nobody@example.com")).items == ()

    async def test_entities_are_found_by_an_indexed_field(self, store: Store) -> None:
        """All of them that have the value, and no other."""
        red = [person(team="red") for _ in range(3)]
        blue = [person(team="blue"), person()]
        await store.commit(*map(Add, red + blue))
        assert await read_all(store, Person, "team", "red") == red
        assert await read_all(store, Person, "team", "green") == []

    async def test_entities_are_found_by_a_derived_value(self, store: Store) -> None:
        """A property of the entity serves as a lookup, unique or not, and follows the fields."""
        ada, grace = person(name="Ada", team="red", number=1), person(name="Grace", team="red", number=2)
        await store.commit(Add(ada), Add(grace))
        assert await read_all(store, Person, "badge", "red#2") == [grace]
        assert await read_all(store, Person, "initial", "A") == [ada]
        queen = ada.evolve(name="Queen", team="blue")
        await store.commit(Save(ada, queen))
        assert await read_all(store, Person, "badge", "blue#1") == [queen]
        assert await read_all(store, Person, "initial", "Q") == [queen]
        assert await read_all(store, Person, "badge", "red#1") == []
        assert await read_all(store, Person, "initial", "A") == []

    async def test_entities_are_found_by_an_enumeration(self, store: Store) -> None:
        """By its text; a word that the enumeration does not have finds nothing."""
        calm, glad = person(mood=Mood.CALM), person(mood=Mood.DELIGHTED)
        await store.commit(Add(calm), Add(glad))
        assert await read_all(store, Person, "mood", Mood.DELIGHTED.value) == [glad]
        for word in ("CALM", "DELIGHTED", "furious", "Calm", "calm ", ""):
            assert await read_all(store, Person, "mood", word) == []

    async def test_entities_are_found_by_the_id_of_another(self, store: Store) -> None:
        """A reference is a lookup like any other; text that is no id finds nothing."""
        boss = person()
        staff = [person(boss=boss.id), person(boss=boss.id)]
        await store.commit(Add(boss), *map(Add, staff))
        assert await read_all(store, Person, "boss", boss.id) == staff
        for other in (new_id(), boss.id.upper(), boss.id.replace("-", ""), "", "boss", "a\0", "\ud800"):
            assert await read_all(store, Person, "boss", other) == []

    async def test_a_value_is_found_under_its_newest_revision_only(self, store: Store) -> None:
        """Old values lead nowhere, whether saved over, set to None or removed."""
        ada = person("ada@example.com", handle="ada", team="red")
        await store.commit(Add(ada))
        saved = ada.evolve(address="queen@example.com", handle=None, team="blue")
        await store.commit(Save(ada, saved))
        for field, old in (("address", "ada@example.com"), ("handle", "ada"), ("team", "red")):
            assert await read_all(store, Person, field, old) == []
        assert await read_all(store, Person, "address", "queen@example.com") == [saved]
        await store.commit(Remove(saved))
        assert await read_all(store, Person, "address", "queen@example.com") == []
        assert await read_all(store, Person, "team", "blue") == []

    async def test_none_is_no_value(self, store: Store) -> None:
        """Any number of entities have none in a unique field, and nothing finds them by it."""
        people = [person(handle=None, team=None, number=None) for _ in range(3)]
        await store.commit(*map(Add, people))
        assert await read_all(store, Person) == people
        for text in ("", "None", "null", "NULL"):
            assert await read_all(store, Person, "handle", text) == []
            assert await read_all(store, Person, "team", text) == []

    async def test_empty_text_is_a_value(self, store: Store) -> None:
        """It is not None: it is found, and unique where that is declared."""
        empty = person(handle="", team="")
        await store.commit(Add(empty), Add(person(handle=None, team=None)))
        assert await read_all(store, Person, "handle", "") == [empty]
        assert await read_all(store, Person, "team", "") == [empty]

    async def test_values_that_look_alike_are_different(self, store: Store) -> None:
        """Case, accents, white space, normal forms and invisible characters all count."""
        people = [person(handle=text, team=text) for text in _LOOK_ALIKES]
        for start in range(0, len(people), 20):
            await store.commit(*map(Add, people[start : start + 20]))
        for each in people:
            assert await read_all(store, Person, "handle", each.handle) == [each]
            assert await read_all(store, Person, "team", each.team) == [each]

    @pytest.mark.parametrize("letter", ["x", "ñ", "あ", "😀"], ids=["1", "2", "3", "4"])
    async def test_the_longest_lookups_are_told_apart(self, store: Store, letter: str) -> None:
        """255 characters of 1 to 4 bytes each fit, and the last one counts."""
        stem = letter * (LONGEST_LOOKUP - 1)
        people = [person(stem + last, team=stem + last) for last in (letter, "y", "Y")]
        await store.commit(*map(Add, people))
        for each in people:
            assert await read_all(store, Person, "address", each.address) == [each]
            assert await read_all(store, Person, "team", each.team) == [each]
        assert await read_all(store, Person, "address", stem) == []

    async def test_text_that_cannot_be_stored_finds_nothing(self, store: Store) -> None:
        """Whatever somebody asks for, the answer is an empty page."""
        await store.commit(Add(person("a", handle="a", team="a", number=1, name="a")))
        for field in ("address", "handle", "badge", "team", "mood", "initial"):
            for text in ("a\0", "\0", "\ud800", "a\udfff", "x" * (LONGEST_LOOKUP + 1), "😀" * 100_000):
                page = await store.find(Person, field, text)
                assert (page.items, page.next) == ((), None)

    async def test_a_field_that_was_not_declared_is_refused(self, store: Store) -> None:
        """Only unique and indexed fields are lookups; the rest would be a walk through everything."""
        await store.commit(Add(person()))
        for field in ("name", "number", "id", "version", "search_words", "nothing", "", "realm"):
            with pytest.raises(UsageError):
                await store.find(Person, field, "1")

    async def test_a_field_of_another_kind_is_refused(self, store: Store) -> None:
        """Lookups are declared for each kind of entity."""
        with pytest.raises(UsageError):
            await store.find(Ticket, "address", "ada@example.com")

    async def test_a_field_and_its_value_come_together(self, store: Store) -> None:
        """One without the other is a mistake, and not a list of everything."""
        number: Any = 1
        with pytest.raises(UsageError):
            await store.find(Person, "address")
        with pytest.raises(UsageError):
            await store.find(Person, value="ada@example.com")
        with pytest.raises(UsageError):
            await store.find(Person, "badge", number)
