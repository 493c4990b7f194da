"""All changes of a commit happen, or none: here the last one always fails."""

from typing import Any

import pytest

from userkit.errors import DuplicateError, InvalidEntityError, StaleError, UsageError, UserKitError
from userkit.storage.capabilities import Countable, Searchable, supports
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.port import Store
from userkit.testing.specimens import Person, Stranger, Ticket, new_id, person, ticket
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Atomicity"]


class _Scene:
    """Three people who are stored, and changes to them that would all succeed."""

    def __init__(self) -> None:
        self.stays = person("stays@example.com", handle="stays", name="Stays", team="old")
        self.changes = person("changes@example.com", handle="changes", name="Changes", team="old")
        self.goes = person("goes@example.com", handle="goes", name="Goes", team="old")
        self.spent = ticket("spent")
        self.renamed = self.changes.evolve(
            address="renamed@example.com", handle="renamed", name="Renamed", team="new"
        )

    @property
    def people(self) -> list[Person]:
        return [self.stays, self.changes, self.goes]

    @property
    def fine(self) -> list[Change]:
        new = person("new@example.com", handle="new", name="New", team="new")
        return [
            Add(new),
            Save(self.changes, self.renamed),
            Remove(self.goes),
            Add(ticket("new")),
            Remove(self.spent),
        ]

    def failing(self, kind: str) -> tuple[Change, type[UserKitError]]:
        """Return a change that cannot be done, and how the store must say so."""
        stays, nobody = self.stays, person()
        stranger: Any = Stranger(id=new_id(), name="Who?")
        failing: dict[str, tuple[Change, type[UserKitError]]] = {
            "add-taken-id": (Add(person(id=stays.id)), DuplicateError),
            "add-taken-value": (Add(person("stays@example.com")), DuplicateError),
            "add-value-taken-in-commit": (Add(person("renamed@example.com")), DuplicateError),
            "save-taken-value": (Save(stays, stays.evolve(handle="renamed")), DuplicateError),
            "save-value-given-up-later": (Save(stays, stays.evolve(handle="goes")), DuplicateError),
            "save-stale": (Save(stays.evolve(), stays.evolve().evolve()), StaleError),
            "save-absent": (Save(nobody, nobody.evolve()), StaleError),
            "remove-stale": (Remove(stays.evolve()), StaleError),
            "remove-absent": (Remove(nobody), StaleError),
            "invalid": (Add(person(name="a\0b")), InvalidEntityError),
            "unknown-kind": (Add(stranger), UsageError),
            "same-entity": (Remove(self.changes), UsageError),
        }
        return failing[kind]


_ANYWHERE = [
    "add-taken-id",
    "add-taken-value",
    "save-stale",
    "save-absent",
    "remove-stale",
    "remove-absent",
    "invalid",
    "unknown-kind",
    "same-entity",
]
_AT_THE_END = [*_ANYWHERE, "add-value-taken-in-commit", "save-taken-value"]
_AT_THE_START = [*_ANYWHERE, "save-value-given-up-later"]


class Atomicity(Standard):
    """What is left of a commit that failed: nothing."""

    @pytest.mark.parametrize("kind", _AT_THE_END)
    async def test_a_commit_with_a_failing_last_change_leaves_no_trace(self, store: Store, kind: str) -> None:
        """Nothing was added, saved or removed, and no value was taken or given up."""
        scene = await _set(store)
        failing, error = scene.failing(kind)
        with pytest.raises(error):
            await store.commit(*scene.fine, failing)
        await _check_unchanged(store, scene)

    @pytest.mark.parametrize("kind", _AT_THE_START)
    async def test_a_commit_with_a_failing_first_change_does_nothing(self, store: Store, kind: str) -> None:
        """What comes after a failure is not tried."""
        scene = await _set(store)
        failing, error = scene.failing(kind)
        with pytest.raises(error):
            await store.commit(failing, *scene.fine)
        await _check_unchanged(store, scene)

    @pytest.mark.parametrize("kind", _AT_THE_END)
    async def test_a_failed_commit_leaves_the_store_usable(self, store: Store, kind: str) -> None:
        """The same changes without the failing one succeed right after."""
        scene = await _set(store)
        failing, error = scene.failing(kind)
        fine = scene.fine
        with pytest.raises(error):
            await store.commit(*fine, failing)
        await store.commit(*fine)
        people = await read_all(store, Person)
        assert people[:2] == [scene.stays, scene.renamed]
        assert [each.name for each in people] == ["Stays", "Renamed", "New"]
        assert [each.code for each in await read_all(store, Ticket)] == ["new"]

    async def test_a_commit_of_several_kinds_is_one(self, store: Store) -> None:
        """A failure with one kind undoes what was done to another."""
        taken = ticket("taken")
        await store.commit(Add(taken))
        with pytest.raises(DuplicateError) as refused:
            await store.commit(Add(person()), Add(ticket("taken")), Add(person()))
        assert refused.value.field == "code"
        assert await read_all(store, Person) == []
        assert await read_all(store, Ticket) == [taken]


async def _set(store: Store) -> _Scene:
    scene = _Scene()
    await store.commit(*map(Add, scene.people), Add(scene.spent))
    return scene


async def _check_unchanged(store: Store, scene: _Scene) -> None:
    assert await read_all(store, Person) == scene.people
    assert await read_all(store, Ticket) == [scene.spent]
    for each in scene.people:
        assert await store.get(Person, each.id) == each
        assert await read_all(store, Person, "address", each.address) == [each]
        assert await read_all(store, Person, "handle", each.handle) == [each]
    for value in ("new@example.com", "renamed@example.com"):
        assert await read_all(store, Person, "address", value) == []
    assert await read_all(store, Person, "team", "old") == scene.people
    assert await read_all(store, Person, "team", "new") == []
    if isinstance(store, Searchable) and supports(store, Searchable):
        assert (await store.search(Person, "renamed")).items == ()
        assert (await store.search(Person, "goes")).items == (scene.goes,)
    if isinstance(store, Countable) and supports(store, Countable):
        assert await store.count(Person) == 3
