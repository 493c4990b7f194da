"""Lists: in the order of their ids, in pages that stay put while others write."""

import contextlib
import uuid
from typing import Any

import pytest

from userkit.errors import UsageError, UserKitError
from userkit.storage.changes import Add, Remove
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.testing.specimens import Person, new_id, person
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all, read_pages

__all__ = ["Ordering"]

_USUAL_PAGE = 100


class Ordering(Standard):
    """The order of lists, their pages, and where a page begins and ends."""

    async def test_lists_are_in_the_order_of_ids(self, store: Store) -> None:
        """Whatever the order in which things were added, and in both directions."""
        people = await _shuffled(store, 40)
        assert await read_all(store, Person) == people
        newest_first = await read_pages(store, Person, newest_first=True)
        assert newest_first == [tuple(reversed(people))]

    async def test_ids_of_any_version_are_in_the_order_of_their_text(self, store: Store) -> None:
        """Databases sort UUIDs in several ways; here the text decides."""
        low = uuid.uuid4().int >> 64
        borders = [low, 1 << 64 | low, (1 << 127) - low, 1 << 127 | low, (1 << 128) - low]
        tail = f"{low:016x}"[-12:]
        dated = [f"{stem}-{tail}" for stem in ("017f22e2-79b0-1cc3-98c4", "117f22e2-79b0-1cc3-08c4")]
        scattered = [str(uuid.uuid4()) for _ in range(12)]
        ids = [*scattered, *dated, *(str(uuid.UUID(int=number)) for number in borders)]
        people = [person(id=id) for id in ids]
        await store.commit(*map(Add, people))
        assert await read_all(store, Person) == sorted(people, key=lambda each: each.id)
        pages = await read_pages(store, Person, limit=3, newest_first=True)
        assert [each.id for page in pages for each in page] == sorted(
            (each.id for each in people), reverse=True
        )

    async def test_lists_by_value_are_in_the_order_of_ids(self, store: Store) -> None:
        """In both directions, page by page."""
        people = await _shuffled(store, 20, team="red")
        await store.commit(*(Add(person(team="blue")) for _ in range(5)))
        for limit in (1, 7, 20):
            pages = await read_pages(store, Person, "team", "red", limit=limit)
            assert [each for page in pages for each in page] == people
            back = await read_pages(store, Person, "team", "red", limit=limit, newest_first=True)
            assert [each for page in back for each in page] == people[::-1]

    @pytest.mark.parametrize("newest_first", [False, True], ids=["oldest-first", "newest-first"])
    async def test_pages_hold_everything_once(self, store: Store, newest_first: bool) -> None:
        """Every page but the last is full, and none is empty."""
        people = await _shuffled(store, 23)
        for limit in (1, 5, 22, 23, 24):
            pages = await read_pages(store, Person, limit=limit, newest_first=newest_first)
            assert [each for page in pages for each in page] == (people[::-1] if newest_first else people)
            assert all(len(page) == limit for page in pages[:-1])
            assert pages[-1]

    @pytest.mark.parametrize("newest_first", [False, True], ids=["oldest-first", "newest-first"])
    async def test_the_last_page_knows_that_it_is_the_last(self, store: Store, newest_first: bool) -> None:
        """``next`` is the id of the last item while there are more, else None, also on a full page."""
        await _shuffled(store, 6)
        first = await store.find(Person, limit=3, newest_first=newest_first)
        assert first.next == first.items[-1].id
        last = await store.find(Person, after=first.next, limit=3, newest_first=newest_first)
        assert (len(last.items), last.next) == (3, None)
        assert (await store.find(Person, limit=6, newest_first=newest_first)).next is None

    async def test_an_empty_list_is_one_empty_page(self, store: Store) -> None:
        """With nothing stored, or nothing after the cursor."""
        page = await store.find(Person)
        assert (page.items, page.next) == ((), None)
        [ada] = await _shuffled(store, 1)
        for newest_first in (False, True):
            page = await store.find(Person, after=ada.id, newest_first=newest_first)
            assert (page.items, page.next) == ((), None)

    async def test_a_cursor_need_not_be_stored(self, store: Store) -> None:
        """Reading goes on at the place where the id would be, also before the first and after the last."""
        zero, end = str(uuid.UUID(int=0)), str(uuid.UUID(int=(1 << 128) - 1))
        people = [person() for _ in range(4)]
        await store.commit(*map(Add, [people[0], people[1], people[3]]))
        gap = people[2].id
        assert (await store.find(Person, after=gap)).items == (people[3],)
        assert (await store.find(Person, after=gap, newest_first=True)).items == (people[1], people[0])
        assert len((await store.find(Person, after=zero)).items) == 3
        assert len((await store.find(Person, after=end, newest_first=True)).items) == 3
        assert (await store.find(Person, after=end)).items == ()
        assert (await store.find(Person, after=zero, newest_first=True)).items == ()

    async def test_new_entities_do_not_disturb_a_reader(self, store: Store) -> None:
        """Nothing is seen twice or missed; what comes after the cursor is seen, what comes before is not."""
        ids = [new_id() for _ in range(12)]
        people = [person(id=id) for id in ids[2:12:2]]
        await store.commit(*map(Add, people))
        first = await store.find(Person, limit=2)
        before, after = person(id=ids[1]), person(id=ids[9])
        await store.commit(Add(before), Add(after))
        rest = await store.find(Person, after=first.next)
        assert first.items == tuple(people[:2])
        assert rest.items == (people[2], people[3], after, people[4])
        back = await store.find(Person, limit=2, newest_first=True)
        assert back.items == (people[4], after)
        await store.commit(Add(person(id=ids[11])), Add(last := person(id=ids[0])))
        rest = await store.find(Person, after=back.next, newest_first=True)
        assert rest.items == (people[3], people[2], people[1], people[0], before, last)

    async def test_removals_do_not_disturb_a_reader(self, store: Store) -> None:
        """Also when the very item is removed that the cursor stands on."""
        people = await _shuffled(store, 9)
        first = await store.find(Person, limit=3)
        await store.commit(Remove(people[0]), Remove(people[2]), Remove(people[4]))
        rest = await store.find(Person, after=first.next)
        assert rest.items == (people[3], *people[5:])
        back = await store.find(Person, limit=2, newest_first=True)
        await store.commit(Remove(people[7]))
        rest = await store.find(Person, after=back.next, newest_first=True)
        assert rest.items == (people[6], people[5], people[3], people[1])

    async def test_a_page_by_value_begins_after_any_cursor(self, store: Store) -> None:
        """Also after the id of an entity that has another value, and by a unique field."""
        people = [person(team=team) for team in ("red", "blue", "red", "blue")]
        await store.commit(*map(Add, people))
        assert (await store.find(Person, "team", "red", after=people[1].id)).items == (people[2],)
        page = await store.find(Person, "address", people[2].address, after=people[1].id)
        assert page.items == (people[2],)
        assert (await store.find(Person, "address", people[2].address, after=people[2].id)).items == ()

    async def test_a_limit_out_of_bounds_is_refused(self, store: Store) -> None:
        """A page has 1 to 1,000 items."""
        limits: list[Any] = [0, -1, LARGEST_PAGE + 1, 1 << 40, None, 1.5, "1"]
        for limit in limits:
            with pytest.raises(UsageError):
                await store.find(Person, limit=limit)
            with pytest.raises(UsageError):
                await store.find(Person, "team", "red", limit=limit)

    async def test_the_limits_themselves_are_allowed(self, store: Store) -> None:
        """One item, 1,000 items, and 100 when nothing is said."""
        for start in range(0, _USUAL_PAGE + 5, 15):
            await store.commit(*(Add(person()) for _ in range(start, start + 15)))
        everybody = await read_all(store, Person)
        assert (await store.find(Person, limit=1)).items == (everybody[0],)
        assert (await store.find(Person, limit=LARGEST_PAGE)).items == tuple(everybody)
        assert (await store.find(Person)).items == tuple(everybody[:_USUAL_PAGE])

    async def test_a_cursor_that_is_no_id_breaks_nothing(self, store: Store) -> None:
        """The answer is a page or an error of userkit, never one of the database's."""
        ada = person(team="red")
        await store.commit(Add(ada))
        for after in ("", "no id", "\0", "\ud800", "zz", "{", "x" * 10_000):
            for newest_first in (False, True):
                with contextlib.suppress(UserKitError):
                    await store.find(Person, after=after, newest_first=newest_first)
                with contextlib.suppress(UserKitError):
                    await store.find(Person, "team", "red", after=after, newest_first=newest_first)
        assert await store.get(Person, ada.id) == ada


async def _shuffled(store: Store, count: int, **values: Any) -> list[Person]:
    """Add people in another order than that of their ids; return them in the order of their ids."""
    people = [person(**values) for _ in range(count)]
    mixed = [*people[1::2], *people[0::2][::-1]]
    for start in range(0, count, 20):
        await store.commit(*map(Add, mixed[start : start + 20]))
    return people
