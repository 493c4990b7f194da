"""``realms``: which tenants a storage has."""

from typing import Any

from userkit.storage.capabilities import Surveyable, surveyable
from userkit.storage.changes import Add, Remove
from userkit.storage.port import Store
from userkit.testing.bench import Bench, new_realm
from userkit.testing.specimens import account, everything, person, ticket
from userkit.testing.standard import Standard

__all__ = ["Surveying"]


class Surveying(Standard, needs=Surveyable):
    """Realms are told by what is in them. Others may make realms in the same storage meanwhile."""

    async def test_a_realm_is_named_once_something_is_in_it(self, bench: Bench) -> None:
        """Whatever it is; to have looked into a realm is not enough."""
        for entity in (person(), everything(), ticket(), account()):
            name = new_realm()
            view: Any = bench.root.realm(name)
            assert await view.get(type(entity), entity.id) is None
            assert name not in await surveyable(bench.root).realms()
            await view.commit(Add(entity))
            assert name in await surveyable(bench.root).realms()

    async def test_all_views_name_the_same_realms(self, bench: Bench) -> None:
        """A view of one realm sees only its entities, but is asked about the storage."""
        names = sorted(new_realm() for _ in range(3))
        for name in names:
            await bench.root.realm(name).commit(Add(person()), Add(ticket()))
        for store in (bench.root, bench.store, *(bench.root.realm(name) for name in names)):
            told = await surveyable(store).realms()
            assert [each for each in told if each in names] == names

    async def test_realms_are_in_the_order_of_their_names(self, bench: Bench) -> None:
        """Each once, however much is in it, and names that begin alike are kept apart."""
        name = new_realm()
        names = [name, f"{name}-", f"{name}-1", f"{name}0", f"{name}_", f"{name}a"]
        for each in reversed(names):
            await bench.root.realm(each).commit(*(Add(ticket()) for _ in range(20)))
        told = list(await surveyable(bench.root).realms())
        assert [each for each in told if each in names] == names
        assert told == sorted(set(told))

    async def test_the_rest_of_a_realm_keeps_it_named(self, store: Store, bench: Bench) -> None:
        """What is taken out does not take the realm with it while there is more."""
        first, second = person(), ticket()
        await store.commit(Add(first), Add(second))
        await store.commit(Remove(first))
        assert bench.realm in await surveyable(store).realms()
