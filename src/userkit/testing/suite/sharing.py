"""Sharing: several stores on one storage, in this process and in others, see the same thing."""

import pytest

from userkit.errors import DuplicateError, StaleError
from userkit.storage.changes import Add, Remove, Save
from userkit.testing.bench import Bench
from userkit.testing.crew import Crew
from userkit.testing.jobs import commit, read_person
from userkit.testing.specimens import Person, person
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Sharing"]


class Sharing(Standard, needs="shared_between_processes"):
    """What one store commits and another one reads."""

    async def test_a_commit_is_seen_by_another_store_at_once(self, bench: Bench) -> None:
        """By id, by value and in lists, in both directions."""
        here, there = bench.store, (await bench.open()).realm(bench.realm)
        ada = person("ada@example.com", team="red")
        assert await there.get(Person, ada.id) is None
        await here.commit(Add(ada))
        assert await there.get(Person, ada.id) == ada
        assert await read_all(there, Person, "address", "ada@example.com") == [ada]
        saved = ada.evolve(team="blue")
        await there.commit(Save(ada, saved))
        assert await here.get(Person, ada.id) == saved
        assert await read_all(here, Person, "team", "red") == []
        await here.commit(Remove(saved))
        assert await read_all(there, Person) == []

    async def test_rules_hold_between_stores(self, bench: Bench) -> None:
        """What one has taken the other cannot take, and what one has saved is stale for the other."""
        here, there = bench.store, (await bench.open()).realm(bench.realm)
        ada = person("ada@example.com")
        await here.commit(Add(ada))
        with pytest.raises(DuplicateError):
            await there.commit(Add(person("ada@example.com")))
        saved = ada.evolve(name="Ada")
        await there.commit(Save(ada, saved))
        with pytest.raises(StaleError):
            await here.commit(Save(ada, ada.evolve()))
        with pytest.raises(StaleError):
            await here.commit(Remove(ada))
        assert await read_all(here, Person) == [saved]

    async def test_other_processes_see_the_same(self, bench: Bench, crew: Crew) -> None:
        """They read what is committed here, and here is read what they commit."""
        ada, grace = person("ada@example.com"), person("grace@example.com")
        await bench.store.commit(Add(ada))
        seen = crew.race(bench.open_store, bench.realm, [read_person(ada.id)] * 2)
        assert [outcome.value for outcome in seen] == [ada, ada]
        done = crew.race(bench.open_store, bench.realm, [commit(Add(grace)), read_person(grace.id)])
        assert done[0].error is None
        assert await read_all(bench.store, Person) == [ada, grace]
