"""``count``: how many a list would show."""

import pytest

from userkit.errors import UsageError
from userkit.storage.capabilities import Countable, countable
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import Store
from userkit.testing.bench import Bench, new_realm
from userkit.testing.specimens import Mood, Person, Stranger, person
from userkit.testing.standard import Standard

__all__ = ["Counting"]


class Counting(Standard, needs=Countable):
    """How many there are, and how many have a value."""

    async def test_everything_of_a_kind_is_counted(self, store: Store) -> None:
        """None at first, then as many as were added and not removed."""
        assert await countable(store).count(Person) == 0
        people = [person() for _ in range(7)]
        await store.commit(*map(Add, people))
        assert await countable(store).count(Person) == 7
        await store.commit(Remove(people[0]), Save(people[1], people[1].evolve()))
        assert await countable(store).count(Person) == 6

    async def test_those_with_a_value_are_counted(self, store: Store) -> None:
        """By unique, indexed and derived fields, as they are now."""
        people = [person(team="red", name="Ada") for _ in range(3)] + [person("x", team="blue"), person()]
        await store.commit(*map(Add, people))
        for field, value, count in (
            ("team", "red", 3),
            ("team", "RED", 0),
            ("team", "", 0),
            ("address", "x", 1),
            ("address", "y", 0),
            ("initial", "A", 3),
            ("mood", Mood.CALM.value, 5),
            ("mood", "furious", 0),
        ):
            assert await countable(store).count(Person, field, value) == count
        await store.commit(Save(people[0], people[0].evolve(team="blue")), Remove(people[1]))
        assert await countable(store).count(Person, "team", "red") == 1
        assert await countable(store).count(Person, "team", "blue") == 2

    async def test_a_realm_is_counted_by_itself(self, bench: Bench) -> None:
        """Nobody of another tenant counts."""
        rival = bench.root.realm(new_realm())
        await bench.store.commit(Add(person(team="red")))
        await rival.commit(Add(person(team="red")), Add(person(team="red")))
        assert await countable(bench.store).count(Person) == 1
        assert await countable(rival).count(Person, "team", "red") == 2

    async def test_text_that_cannot_be_stored_counts_nobody(self, store: Store) -> None:
        """Whatever somebody asks for."""
        await store.commit(Add(person(team="a", boss=person().id)))
        for text in ("a\0", "\ud800", "x" * 300):
            assert await countable(store).count(Person, "team", text) == 0
        assert await countable(store).count(Person, "boss", "no id") == 0

    async def test_what_was_not_declared_is_not_counted(self, store: Store) -> None:
        """Neither by another field, nor without a value, nor of an unknown kind."""
        with pytest.raises(UsageError):
            await countable(store).count(Person, "name", "Ada")
        with pytest.raises(UsageError):
            await countable(store).count(Person, "team")
        with pytest.raises(UsageError):
            await countable(store).count(Stranger)
