"""Realms: what happens in one is not seen, found, changed or counted in another."""

import contextlib
from typing import Any

import pytest

from userkit.errors import DuplicateError, StaleError, UsageError
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import DEFAULT_REALM, Store
from userkit.testing.bench import Bench, new_realm
from userkit.testing.specimens import Person, person
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Realms"]

_BAD_NAMES: list[Any] = [
    "",
    "A",
    "Acme",
    "a b",
    "-a",
    "_a",
    "a.b",
    "a/b",
    "a:b",
    "a\n",
    "a\0",
    "ä",
    "١",
    "x" * 64,
    "\ud800",
    None,
    1,
    b"acme",
]


class Realms(Standard):
    """One store, many tenants."""

    async def test_a_realm_reads_only_its_own(self, bench: Bench) -> None:
        """Neither by id nor by value nor in lists."""
        acme, rival = _two_realms(bench)
        ada = person("ada@example.com", team="red")
        await acme.commit(Add(ada))
        assert await rival.get(Person, ada.id) is None
        assert await read_all(rival, Person) == []
        assert await read_all(rival, Person, "address", "ada@example.com") == []
        assert await read_all(rival, Person, "team", "red") == []
        assert await acme.get(Person, ada.id) == ada

    async def test_a_realm_changes_only_its_own(self, bench: Bench) -> None:
        """What another realm holds is not stored here, so every change to it is stale."""
        acme, rival = _two_realms(bench)
        ada = person()
        await acme.commit(Add(ada))
        with pytest.raises(StaleError):
            await rival.commit(Save(ada, ada.evolve(name="Stolen")))
        with pytest.raises(StaleError):
            await rival.commit(Remove(ada))
        assert await read_all(acme, Person) == [ada]
        assert await read_all(rival, Person) == []

    async def test_unique_values_are_unique_in_a_realm(self, bench: Bench) -> None:
        """Each tenant may have somebody with the same address."""
        acme, rival = _two_realms(bench)
        ada, twin = person("ada@example.com", handle="ada"), person("ada@example.com", handle="ada")
        await acme.commit(Add(ada))
        await rival.commit(Add(twin))
        assert await read_all(acme, Person, "address", "ada@example.com") == [ada]
        assert await read_all(rival, Person, "address", "ada@example.com") == [twin]
        await acme.commit(Remove(ada))
        assert await read_all(rival, Person, "handle", "ada") == [twin]

    async def test_an_id_of_another_realm_leads_nowhere(self, bench: Bench) -> None:
        """A store may refuse it, or hold both apart; the entity that was there first notices nothing."""
        acme, rival = _two_realms(bench)
        ada = person("ada@example.com", name="Ada")
        twin = person("ada@example.com", id=ada.id, name="Twin")
        await acme.commit(Add(ada))
        renamed = twin.evolve(name="Renamed")
        with contextlib.suppress(DuplicateError):
            await rival.commit(Add(twin))
            await rival.commit(Save(twin, renamed))
        assert await read_all(rival, Person) in ([], [renamed])
        assert await acme.get(Person, ada.id) == ada
        await acme.commit(Remove(ada))
        assert await read_all(acme, Person) == []

    async def test_pages_stay_in_their_realm(self, bench: Bench) -> None:
        """Cursors of one realm do not lead into another."""
        acme, rival = _two_realms(bench)
        people = [person(team="red") for _ in range(10)]
        await acme.commit(*map(Add, people[::2]))
        await rival.commit(*map(Add, people[1::2]))
        page = await acme.find(Person, limit=2)
        rest = await acme.find(Person, after=page.next)
        assert (*page.items, *rest.items) == tuple(people[::2])
        back = await rival.find(Person, "team", "red", limit=3, newest_first=True)
        assert back.items == tuple(people[:3:-2])

    async def test_a_view_of_a_view_is_a_view_of_the_store(self, bench: Bench) -> None:
        """Realms do not nest: the last name counts."""
        name, other = new_realm(), new_realm()
        ada = person()
        await bench.root.realm(other).realm(name).commit(Add(ada))
        assert await bench.root.realm(name).get(Person, ada.id) == ada
        assert await bench.root.realm(other).get(Person, ada.id) is None

    async def test_views_of_one_realm_are_the_same_place(self, bench: Bench) -> None:
        """Whenever they were made."""
        name = new_realm()
        early, late = bench.root.realm(name), bench.root.realm(name)
        ada = person()
        await early.commit(Add(ada))
        assert await late.get(Person, ada.id) == ada

    async def test_a_store_begins_in_the_default_realm(self, bench: Bench) -> None:
        """Which has a name like any other."""
        ada = person()
        await bench.root.commit(Add(ada))
        assert await bench.root.realm(DEFAULT_REALM).get(Person, ada.id) == ada
        assert await bench.store.get(Person, ada.id) is None
        await bench.store.realm(DEFAULT_REALM).commit(Remove(ada))
        assert await bench.root.get(Person, ada.id) is None

    async def test_a_view_is_of_the_kind_of_its_store(self, bench: Bench) -> None:
        """It has the same verbs and capabilities, and waits or does not wait alike."""
        assert type(bench.root.realm(new_realm())) is type(bench.root)
        assert bench.root.realm(new_realm()).blocking is bench.root.blocking

    async def test_a_realm_may_have_any_plain_name(self, bench: Bench) -> None:
        """1 to 63 lower-case letters, digits, hyphens and underscores."""
        for name in ("a", "0", "a-b_c", "x" * 63, "a-", "1_"):
            ada = person()
            realm = bench.root.realm(name)
            await realm.commit(Add(ada))
            assert await realm.get(Person, ada.id) == ada
            await realm.commit(Remove(ada))

    async def test_realms_with_similar_names_are_different(self, bench: Bench) -> None:
        """Neither ``_`` nor ``-`` nor a beginning stands for another name."""
        stem = new_realm()[:40]
        names = [stem, f"{stem}-", f"{stem}_", f"{stem}--", f"{stem}a", f"{stem}-a", f"{stem}_a"]
        people = {name: person("ada@example.com", name=name) for name in names}
        for name, each in people.items():
            await bench.root.realm(name).commit(Add(each))
        for name, each in people.items():
            assert await read_all(bench.root.realm(name), Person) == [each]
            assert await read_all(bench.root.realm(name), Person, "address", "ada@example.com") == [each]

    async def test_a_bad_name_is_refused(self, bench: Bench) -> None:
        """At once, when the view is made."""
        for name in _BAD_NAMES:
            with pytest.raises(UsageError):
                bench.root.realm(name)


def _two_realms(bench: Bench) -> tuple[Store, Store]:
    return bench.root.realm(new_realm()), bench.root.realm(new_realm())
