"""From opening to closing: preparing more than once, from several places, and letting go."""

from typing import ClassVar

import pytest

from userkit.errors import UsageError, UserKitError
from userkit.storage.capabilities import BulkLoadable, Countable, Purgeable, Searchable, Surveyable, supports
from userkit.storage.changes import Add
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.testing.bench import Bench, new_realm
from userkit.testing.jobs import learn_latecomers
from userkit.testing.race import CALLERS, Race
from userkit.testing.specimens import (
    COLLECTIONS,
    LATECOMERS,
    Latecomer,
    Person,
    Stranger,
    new_id,
    person,
)
from userkit.testing.standard import Standard

__all__ = ["Lifecycle"]

_CAPABILITIES: tuple[type[object], ...] = (Searchable, Countable, Purgeable, BulkLoadable, Surveyable)


class Lifecycle(Standard):
    """Preparing and closing, which do no harm when they are done again."""

    lacks: ClassVar[tuple[type[object], ...]] = ()

    async def test_what_the_store_lacks_is_declared(self, store: Store) -> None:
        """``lacks`` names exactly the capabilities that the store does not offer."""
        missing = {each.__name__ for each in _CAPABILITIES if not supports(store, each)}
        declared = {each.__name__ for each in self.lacks}
        assert missing == declared, "set lacks = (…) on the test class to what the store does not offer"

    async def test_a_store_says_whether_it_blocks(self, store: Store) -> None:
        """The kits choose by it."""
        assert isinstance(store.blocking, bool)

    async def test_an_unprepared_store_refuses_to_guess(self, bench: Bench) -> None:
        """Before prepare there is nothing that it knows of."""
        raw = bench.open_store()
        try:
            with pytest.raises(UsageError):
                await raw.get(Person, new_id())
            with pytest.raises(UsageError):
                await raw.commit(Add(person()))
        finally:
            await raw.close()

    async def test_a_store_is_prepared_again(self, bench: Bench) -> None:
        """With the same collections in any order, and with nothing; what is stored stays."""
        ada = person()
        await bench.store.commit(Add(ada))
        await bench.root.prepare(COLLECTIONS)
        await bench.root.prepare(COLLECTIONS[::-1])
        await bench.root.prepare([])
        await bench.root.prepare(COLLECTIONS, create=False)
        assert await bench.store.get(Person, ada.id) == ada

    async def test_a_store_learns_more(self, bench: Bench) -> None:
        """A later prepare adds to what was known, for views that exist already as well."""
        late = Latecomer(id=new_id(), name=new_id())
        with pytest.raises(UsageError):
            await bench.store.commit(Add(late))
        await bench.root.prepare([LATECOMERS])
        ada = person()
        await bench.store.commit(Add(late), Add(ada))
        assert await bench.store.get(Latecomer, late.id) == late
        assert await bench.store.get(Person, ada.id) == ada

    async def test_a_view_prepares_its_store(self, bench: Bench) -> None:
        """What one view learns all of them know."""
        await bench.store.prepare([LATECOMERS])
        late = Latecomer(id=new_id(), name="late")
        other = bench.root.realm(new_realm())
        await other.commit(Add(late))
        assert await other.get(Latecomer, late.id) == late

    async def test_collections_do_not_collide(self, bench: Bench) -> None:
        """Two that share a name or an entity are refused, and those known before go on working."""
        for other in (Collection(LATECOMERS.name, Stranger), Collection("specimen_others", Latecomer)):
            await bench.root.prepare([LATECOMERS])
            with pytest.raises(UsageError):
                await bench.root.prepare([other])
        late = Latecomer(id=new_id(), name="late")
        await bench.store.commit(Add(late))
        assert await bench.store.get(Latecomer, late.id) == late

    async def test_stores_are_prepared_at_the_same_time(self, race: Race) -> None:
        """By many callers; all of them succeed, and the store works."""
        result = await race([learn_latecomers()] * CALLERS)
        assert len(result.winners) == CALLERS
        await race.bench.store.prepare([LATECOMERS])
        late = Latecomer(id=new_id(), name="late")
        await race.bench.store.commit(Add(late))
        assert (await race.bench.store.find(Latecomer, "name", "late")).items == (late,)

    async def test_closing_again_does_no_harm(self, bench: Bench) -> None:
        """Neither a store nor a view minds."""
        ada = person()
        await bench.store.commit(Add(ada))
        for store in (bench.root, bench.root, bench.store, bench.root):
            await store.close()

    async def test_closing_a_view_does_no_harm(self, bench: Bench) -> None:
        """Whether or not it closes the store, what is stored is read or refused as after any close."""
        ada = person()
        await bench.store.commit(Add(ada))
        await bench.root.realm(new_realm()).close()
        await _check_answers_or_says_so(bench, ada)
        await bench.root.realm(bench.realm).close()

    async def test_closing_an_unused_store_does_no_harm(self, bench: Bench) -> None:
        """One that was opened and never prepared."""
        raw = bench.open_store()
        await raw.close()
        await raw.close()

    async def test_a_closed_store_answers_or_says_so(self, bench: Bench) -> None:
        """With an error of userkit, and it can be closed once more."""
        ada = person()
        await bench.store.commit(Add(ada))
        await bench.root.close()
        await _check_answers_or_says_so(bench, ada)
        await bench.root.close()


async def _check_answers_or_says_so(bench: Bench, stored: Person) -> None:
    try:
        found = await bench.store.get(Person, stored.id)
    except UserKitError:
        return
    assert found == stored
