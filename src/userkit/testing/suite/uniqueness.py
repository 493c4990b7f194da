"""Unique values: taken once in a realm, and free again the moment they are given up."""

import pytest

from userkit.errors import DuplicateError
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import Store
from userkit.testing.specimens import Person, Ticket, person, ticket
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Uniqueness"]


class Uniqueness(Standard):
    """Who may take which value, and when."""

    async def test_a_taken_value_cannot_be_added(self, store: Store) -> None:
        """The error names the field, and nothing is stored."""
        ada = person("ada@example.com", handle="ada", team="red", number=1)
        await store.commit(Add(ada))
        for field, rival in (
            ("address", person("ada@example.com", handle="eve")),
            ("handle", person("eve@example.com", handle="ada")),
            ("badge", person("eve@example.com", team="red", number=1)),
        ):
            with pytest.raises(DuplicateError) as refused:
                await store.commit(Add(rival))
            assert refused.value.field == field
        assert await read_all(store, Person) == [ada]

    async def test_a_taken_value_cannot_be_saved(self, store: Store) -> None:
        """The error names the field, and the revision before stays."""
        ada = person("ada@example.com", handle="ada", team="red", number=1)
        eve = person("eve@example.com", team="red")
        await store.commit(Add(ada), Add(eve))
        for field, rival in (
            ("address", eve.evolve(address="ada@example.com")),
            ("handle", eve.evolve(handle="ada")),
            ("badge", eve.evolve(number=1)),
        ):
            with pytest.raises(DuplicateError) as refused:
                await store.commit(Save(eve, rival))
            assert refused.value.field == field
        assert await read_all(store, Person) == [ada, eve]

    async def test_two_taken_values_name_one_of_their_fields(self, store: Store) -> None:
        """Whichever of them; the caller learns of the other at the next try."""
        await store.commit(Add(person("ada@example.com", handle="ada")))
        with pytest.raises(DuplicateError) as refused:
            await store.commit(Add(person("ada@example.com", handle="ada")))
        assert refused.value.field in ("address", "handle")

    async def test_the_error_keeps_the_value_to_itself(self, store: Store) -> None:
        """What somebody else has is nobody's business, and no part of a statement either."""
        await store.commit(Add(person("ada@example.com")))
        with pytest.raises(DuplicateError) as refused:
            await store.commit(Add(person("ada@example.com")))
        assert "ada@example.com" not in str(refused.value)

    async def test_an_entity_keeps_its_own_values(self, store: Store) -> None:
        """Saving something else about it is no clash with itself."""
        ada = person("ada@example.com", handle="ada", number=1)
        await store.commit(Add(ada))
        saved = ada.evolve(name="Ada")
        await store.commit(Save(ada, saved))
        assert await read_all(store, Person, "address", "ada@example.com") == [saved]

    async def test_a_value_is_free_after_it_was_given_up(self, store: Store) -> None:
        """By a save that changes it, by one that sets None, and by a removal."""
        ada = person("ada@example.com", handle="ada")
        await store.commit(Add(ada))
        saved = ada.evolve(address="queen@example.com", handle=None)
        await store.commit(Save(ada, saved))
        first = person("ada@example.com", handle="ada")
        await store.commit(Add(first))
        await store.commit(Remove(saved))
        second = person("queen@example.com")
        await store.commit(Add(second))
        assert await read_all(store, Person) == [first, second]

    async def test_a_value_given_up_by_a_save_can_be_taken_later_in_the_commit(self, store: Store) -> None:
        """By an add and by another save."""
        ada, grace = person("ada@example.com", handle="ada"), person()
        await store.commit(Add(ada), Add(grace))
        renamed, taker = ada.evolve(address="queen@example.com", handle=None), person("ada@example.com")
        heir = grace.evolve(handle="ada")
        await store.commit(Save(ada, renamed), Add(taker), Save(grace, heir))
        assert await read_all(store, Person) == [renamed, heir, taker]
        assert await read_all(store, Person, "address", "ada@example.com") == [taker]
        assert await read_all(store, Person, "handle", "ada") == [heir]

    async def test_a_value_given_up_by_a_removal_can_be_taken_later_in_the_commit(self, store: Store) -> None:
        """By an add and by a save."""
        ada, eve, grace = person("ada@example.com"), person(handle="eve"), person()
        await store.commit(Add(ada), Add(eve), Add(grace))
        taker, heir = person("ada@example.com"), grace.evolve(handle="eve")
        await store.commit(Remove(ada), Add(taker), Remove(eve), Save(grace, heir))
        assert await read_all(store, Person) == [heir, taker]

    async def test_a_value_can_pass_from_hand_to_hand_in_one_commit(self, store: Store) -> None:
        """Each gives up what the next one takes."""
        people = [person(handle=str(number)) for number in range(5)]
        await store.commit(*map(Add, people))
        moved = [each.evolve(handle=str(number - 1)) for number, each in enumerate(people)]
        await store.commit(*map(Save, people, moved))
        assert await read_all(store, Person) == moved

    async def test_a_value_cannot_be_taken_before_it_is_given_up(self, store: Store) -> None:
        """Changes count in the order given, and nothing happens when one cannot be done."""
        ada, grace = person("ada@example.com", handle="ada"), person("grace@example.com")
        await store.commit(Add(ada), Add(grace))
        for early, late in (
            (Add(person("ada@example.com")), Save(ada, ada.evolve(address="queen@example.com"))),
            (Add(person("ada@example.com")), Remove(ada)),
            (Save(grace, grace.evolve(handle="ada")), Save(ada, ada.evolve(handle=None))),
            (Save(grace, grace.evolve(handle="ada")), Remove(ada)),
        ):
            with pytest.raises(DuplicateError):
                await store.commit(early, late)
            assert await read_all(store, Person) == [ada, grace]

    async def test_values_cannot_be_swapped_in_one_commit(self, store: Store) -> None:
        """The first to change takes what the other still has."""
        ada, grace = person(handle="ada"), person(handle="grace")
        await store.commit(Add(ada), Add(grace))
        with pytest.raises(DuplicateError):
            await store.commit(Save(ada, ada.evolve(handle="grace")), Save(grace, grace.evolve(handle="ada")))
        assert await read_all(store, Person) == [ada, grace]

    async def test_two_in_one_commit_cannot_take_one_value(self, store: Store) -> None:
        """A commit is held to the rule as well, within itself."""
        with pytest.raises(DuplicateError) as refused:
            await store.commit(Add(person("ada@example.com")), Add(person("ada@example.com")))
        assert refused.value.field == "address"
        assert await read_all(store, Person) == []

    async def test_kinds_do_not_share_values(self, store: Store) -> None:
        """The same text may be an address of one kind and a code of another."""
        ada, pass_ = person("one text"), ticket("one text")
        await store.commit(Add(ada), Add(pass_))
        assert await read_all(store, Person, "address", "one text") == [ada]
        assert await read_all(store, Ticket, "code", "one text") == [pass_]

    async def test_fields_do_not_share_values(self, store: Store) -> None:
        """The same text may be an address of one and the handle of another."""
        ada, grace = person("one text"), person(handle="one text")
        await store.commit(Add(ada), Add(grace))
        assert await read_all(store, Person, "address", "one text") == [ada]
        assert await read_all(store, Person, "handle", "one text") == [grace]
