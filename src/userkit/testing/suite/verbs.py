"""``get`` and ``commit``: what is added is there, what is saved replaces, what is removed is gone."""

from typing import Any

import pytest

from userkit.errors import DuplicateError, StaleError, UsageError
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.port import LARGEST_COMMIT, Store
from userkit.testing.specimens import (
    Everything,
    Mood,
    Person,
    Stranger,
    Ticket,
    account,
    everything,
    new_id,
    person,
    ticket,
)
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Verbs"]

_NO_IDS = [
    "",
    " ",
    "1",
    "no-such-id",
    "00000000-0000-0000-0000-00000000000",
    "{ID}",
    "ID ",
    "urn:uuid:ID",
    "' OR 1=1 --",
    "é" * 36,
    "a\0b",
    "\ud800",
    "x" * 100_000,
]


class Verbs(Standard):
    """What the three verbs do, and the bounds of a commit."""

    async def test_an_added_entity_is_found_by_its_id(self, store: Store) -> None:
        """What was added is read back equal, and as the same class."""
        ada = person(name="Ada")
        await store.commit(Add(ada))
        found = await store.get(Person, ada.id)
        assert found == ada
        assert type(found) is Person

    async def test_an_unknown_id_finds_nothing(self, store: Store) -> None:
        """Nobody is found by an id that was never stored."""
        await store.commit(Add(person()))
        assert await store.get(Person, new_id()) is None

    async def test_an_id_belongs_to_one_kind(self, store: Store) -> None:
        """Entities of two kinds may share an id, and each is found as what it is."""
        one, other = person(), everything()
        twin = ticket(id=one.id)
        await store.commit(Add(one), Add(other))
        assert await store.get(Ticket, one.id) is None
        await store.commit(Add(twin))
        assert await store.get(Person, one.id) == one
        assert await store.get(Ticket, one.id) == twin

    async def test_text_that_is_no_id_finds_nothing(self, store: Store) -> None:
        """Any text may be asked for: what is not an id finds nothing and breaks nothing."""
        ada = person()
        await store.commit(Add(ada))
        for text in _NO_IDS:
            assert await store.get(Person, text.replace("ID", ada.id)) is None
            assert await store.get(Person, ada.id) == ada

    async def test_an_id_has_one_spelling(self, store: Store) -> None:
        """In lower case and with hyphens, whatever a database thinks of UUIDs."""
        ada = person(id=f"abcdef01{new_id()[8:]}")
        await store.commit(Add(ada))
        for other in (ada.id.upper(), ada.id.replace("-", "")):
            assert await store.get(Person, other) is None

    async def test_a_saved_revision_replaces_the_one_before(self, store: Store) -> None:
        """Only the newest revision is stored."""
        ada = person(name="Ada", team="red")
        await store.commit(Add(ada))
        queen = ada.evolve(name="Augusta")
        await store.commit(Save(ada, queen))
        assert await store.get(Person, ada.id) == queen
        assert (await store.find(Person)).items == (queen,)

    async def test_a_save_may_change_every_field(self, store: Store) -> None:
        """No field is forgotten by a save, neither on the way to a value nor on the way to None."""
        full = everything()
        await store.commit(Add(full))
        changes: dict[str, Any] = {
            "text": "other",
            "whole": -2,
            "flag": False,
            "moment": full.moment.replace(year=2031),
            "blob": b"",
            "mood": Mood.DELIGHTED,
            "owner": new_id(),
            "labels": frozenset({"c"}),
            "steps": (),
            "facts": {"other": [1]},
        }
        optional = {f"maybe_{name}": value for name, value in changes.items()}
        other = full.evolve(**changes, **optional)
        await store.commit(Save(full, other))
        assert await store.get(Everything, full.id) == other
        without = other.evolve(**dict.fromkeys(optional))
        await store.commit(Save(other, without))
        assert await store.get(Everything, full.id) == without

    async def test_a_save_that_changes_nothing_counts_as_a_revision(self, store: Store) -> None:
        """The version alone moves on."""
        ada = person()
        await store.commit(Add(ada))
        await store.commit(Save(ada, ada.evolve()))
        assert await store.get(Person, ada.id) == ada.evolve()

    async def test_many_revisions_follow_each_other(self, store: Store) -> None:
        """Versions go up by one, as often as there are saves."""
        purse = account()
        await store.commit(Add(purse))
        for amount in range(1, 11):
            richer = purse.evolve(amount=amount)
            await store.commit(Save(purse, richer))
            purse = richer
        assert (purse.version, purse.amount) == (11, 10)
        assert await store.get(type(purse), purse.id) == purse

    async def test_an_entity_may_be_added_with_a_later_version(self, store: Store) -> None:
        """Somebody who moves from another store brings revisions along."""
        moved = person(version=7)
        await store.commit(Add(moved))
        await store.commit(Save(moved, moved.evolve(name="Ada")))
        assert await store.get(Person, moved.id) == moved.evolve(name="Ada")

    async def test_a_removed_entity_is_gone(self, store: Store) -> None:
        """Neither by id nor in lists."""
        ada, grace = person(), person()
        await store.commit(Add(ada), Add(grace))
        await store.commit(Remove(ada))
        assert await store.get(Person, ada.id) is None
        assert await read_all(store, Person) == [grace]

    async def test_the_id_of_something_removed_is_free(self, store: Store) -> None:
        """It can be added again, and then is what was added last."""
        ada = person(name="Ada")
        await store.commit(Add(ada))
        await store.commit(Remove(ada))
        again = person(id=ada.id, name="Another Ada")
        await store.commit(Add(again))
        assert await store.get(Person, ada.id) == again

    async def test_an_id_is_added_once(self, store: Store) -> None:
        """The second to use an id is told so, and the first stays as it is."""
        ada = person(name="Ada")
        await store.commit(Add(ada))
        with pytest.raises(DuplicateError) as refused:
            await store.commit(Add(person(id=ada.id, name="Eve")))
        assert refused.value.field == "id"
        with pytest.raises(DuplicateError):
            await store.commit(Add(ada))
        assert await read_all(store, Person) == [ada]

    async def test_a_save_from_an_older_revision_is_stale(self, store: Store) -> None:
        """Who has read before somebody else saved must read again."""
        ada = person(name="Ada")
        await store.commit(Add(ada))
        first = ada.evolve(name="First")
        await store.commit(Save(ada, first))
        with pytest.raises(StaleError):
            await store.commit(Save(ada, ada.evolve(name="Second")))
        assert await store.get(Person, ada.id) == first

    async def test_a_save_from_a_revision_to_come_is_stale(self, store: Store) -> None:
        """A revision that was never stored is not the stored one."""
        ada = person(name="Ada")
        await store.commit(Add(ada))
        ahead = ada.evolve(name="Ahead")
        with pytest.raises(StaleError):
            await store.commit(Save(ahead, ahead.evolve()))
        assert await store.get(Person, ada.id) == ada

    async def test_a_save_of_something_not_stored_is_stale(self, store: Store) -> None:
        """Nothing is saved that was removed or never added; a save never adds."""
        ada, nobody = person(), person()
        await store.commit(Add(ada))
        await store.commit(Remove(ada))
        for absent in (ada, nobody):
            with pytest.raises(StaleError):
                await store.commit(Save(absent, absent.evolve(name="Back")))
        assert await read_all(store, Person) == []

    async def test_a_removal_of_another_revision_is_stale(self, store: Store) -> None:
        """Only what was read last is removed, neither an older nor a later revision."""
        ada = person(name="Ada")
        await store.commit(Add(ada))
        saved = ada.evolve(name="Saved")
        await store.commit(Save(ada, saved))
        for other in (ada, saved.evolve()):
            with pytest.raises(StaleError):
                await store.commit(Remove(other))
        assert await store.get(Person, ada.id) == saved

    async def test_a_removal_of_something_not_stored_is_stale(self, store: Store) -> None:
        """What was removed or never added cannot be removed."""
        ada, nobody = person(), person()
        await store.commit(Add(ada))
        await store.commit(Remove(ada))
        for absent in (ada, nobody):
            with pytest.raises(StaleError):
                await store.commit(Remove(absent))

    async def test_an_empty_commit_does_nothing(self, store: Store) -> None:
        """No change is as good as any other number of them."""
        await store.commit()
        assert await read_all(store, Person) == []

    async def test_a_commit_holds_as_many_changes_as_promised(self, store: Store) -> None:
        """All 25 of them happen, of whatever kinds."""
        old = [person() for _ in range(16)]
        await store.commit(*map(Add, old))
        saved = [each.evolve(name="Saved") for each in old[:8]]
        new = [ticket() for _ in range(LARGEST_COMMIT - len(old))]
        changes: list[Change] = [*map(Save, old[:8], saved), *map(Remove, old[8:]), *map(Add, new)]
        assert len(changes) == LARGEST_COMMIT
        await store.commit(*changes)
        assert await read_all(store, Person) == saved
        assert await read_all(store, Ticket) == new

    async def test_a_commit_with_more_changes_is_refused(self, store: Store) -> None:
        """The 26th change breaks the contract, and nothing happens."""
        with pytest.raises(UsageError):
            await store.commit(*(Add(person()) for _ in range(LARGEST_COMMIT + 1)))
        assert await read_all(store, Person) == []

    async def test_two_changes_to_one_entity_are_refused(self, store: Store) -> None:
        """A commit changes an entity once, and nothing happens otherwise."""
        ada, new = person(name="Ada"), person()
        await store.commit(Add(ada))
        saved = ada.evolve(name="Saved")
        for changes in (
            (Save(ada, saved), Save(saved, saved.evolve())),
            (Save(ada, saved), Save(ada, saved)),
            (Save(ada, saved), Remove(saved)),
            (Remove(ada), Add(ada)),
            (Add(new), Save(new, new.evolve())),
            (Add(new), Add(new)),
        ):
            with pytest.raises(UsageError):
                await store.commit(*changes)
        assert await read_all(store, Person) == [ada]

    async def test_only_changes_are_committed(self, store: Store) -> None:
        """An entity by itself says nothing about what to do with it."""
        bare: Any = person()
        with pytest.raises(UsageError):
            await store.commit(bare)

    async def test_a_kind_that_was_not_prepared_is_refused(self, store: Store) -> None:
        """A store does not guess what it was never told of."""
        stranger = Stranger(id=new_id(), name="Who?")
        with pytest.raises(UsageError):
            await store.get(Stranger, stranger.id)
        with pytest.raises(UsageError):
            await store.find(Stranger)
        with pytest.raises(UsageError):
            await store.commit(Add(person()), Add(stranger))
        assert await read_all(store, Person) == []
