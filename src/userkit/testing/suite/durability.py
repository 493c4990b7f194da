"""Durability: what was committed is there after closing and opening again."""

import pytest

from userkit.errors import DuplicateError, StaleError
from userkit.storage.changes import Add, Remove, Save
from userkit.testing.bench import Bench
from userkit.testing.specimens import (
    NEW_NOTES,
    OLD_NOTES,
    Everything,
    NewNote,
    OldNote,
    Person,
    everything,
    new_id,
    person,
)
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Durability"]


class Durability(Standard, needs="durable"):
    """What a store that was opened again knows."""

    async def test_everything_is_found_after_opening_again(self, bench: Bench) -> None:
        """Added, saved and removed as before."""
        added, saved, removed, full = person("ada@example.com"), person(), person(), everything()
        await bench.store.commit(Add(added), Add(saved), Add(removed), Add(full))
        renamed = saved.evolve(name="Renamed", team="red")
        await bench.store.commit(Save(saved, renamed), Remove(removed))
        await bench.root.close()
        again = (await bench.open()).realm(bench.realm)
        assert await read_all(again, Person) == [added, renamed]
        assert await read_all(again, Person, "address", "ada@example.com") == [added]
        assert await read_all(again, Person, "team", "red") == [renamed]
        assert await again.get(Everything, full.id) == full

    async def test_every_rule_holds_after_opening_again(self, bench: Bench) -> None:
        """Unique values are still taken, and old revisions still stale."""
        ada = person("ada@example.com", number=1)
        saved = ada.evolve(name="Ada")
        await bench.store.commit(Add(ada))
        await bench.store.commit(Save(ada, saved))
        await bench.root.close()
        again = (await bench.open()).realm(bench.realm)
        with pytest.raises(DuplicateError):
            await again.commit(Add(person("ada@example.com")))
        with pytest.raises(DuplicateError):
            await again.commit(Add(person(number=1)))
        with pytest.raises(StaleError):
            await again.commit(Save(ada, ada.evolve()))
        await again.commit(Remove(saved))
        assert await read_all(again, Person) == []

    async def test_what_is_there_need_not_be_created(self, bench: Bench) -> None:
        """Who runs migrations opens without creating anything."""
        ada = person()
        await bench.store.commit(Add(ada))
        again = await bench.open(create=False)
        assert await again.realm(bench.realm).get(Person, ada.id) == ada

    async def test_old_records_are_upgraded_when_they_are_read(self, bench: Bench) -> None:
        """By the newer version of an application, by id and in lists, until they are saved."""
        note = OldNote(id=new_id(), text="write this down")
        old = (await bench.open(OLD_NOTES)).realm(bench.realm)
        await old.commit(Add(note))
        await old.close()
        new = (await bench.open(NEW_NOTES)).realm(bench.realm)
        upgraded = NewNote(id=note.id, text="WRITE THIS DOWN")
        assert await new.get(NewNote, note.id) == upgraded
        assert await read_all(new, NewNote) == [upgraded]
        saved = upgraded.evolve(text="new and small")
        await new.commit(Save(upgraded, saved))
        assert await new.get(NewNote, note.id) == saved

    async def test_new_records_are_not_upgraded(self, bench: Bench) -> None:
        """What was written in today's form is read as it is."""
        new = (await bench.open(NEW_NOTES)).realm(bench.realm)
        note = NewNote(id=new_id(), text="small")
        await new.commit(Add(note))
        assert await new.get(NewNote, note.id) == note
        await new.commit(Remove(note))
        assert await read_all(new, NewNote) == []
