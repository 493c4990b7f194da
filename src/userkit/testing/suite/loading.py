"""``load``: many entities in batches, each of them whole or not at all."""

from collections.abc import Iterator
from typing import Any

import pytest

from userkit.errors import DuplicateError, InvalidEntityError, UsageError
from userkit.storage.capabilities import BulkLoadable, bulk_loadable
from userkit.storage.changes import Add
from userkit.storage.port import Store
from userkit.testing.bench import Bench, new_realm
from userkit.testing.specimens import Everything, Person, Stranger, Ticket, everything, new_id, person, ticket
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all, read_pages

__all__ = ["Loading"]


class Loading(Standard, needs=BulkLoadable):
    """What is there after a load, and after one that failed."""

    async def test_many_are_loaded(self, store: Store) -> None:
        """More than one batch of them, drawn from a generator."""
        tickets = [ticket(holder=f"holder{number % 7}") for number in range(2500)]
        assert await bulk_loadable(store).load(each for each in tickets) == 2500
        pages = await read_pages(store, Ticket)
        assert [each for page in pages for each in page] == tickets
        assert len(await read_all(store, Ticket, "holder", "holder3")) == 357

    async def test_what_was_loaded_is_like_what_was_added(self, store: Store) -> None:
        """Values, lookups and rules are the same."""
        people = [
            person(f"{number}@example.com", name="Ada", team="red", number=number) for number in range(30)
        ]
        fulls = [everything(whole=number, maybe_facts={"a": [number]}) for number in range(30)]
        assert await bulk_loadable(store).load([*people, *fulls]) == 60
        assert await read_all(store, Person, "badge", "red#7") == [people[7]]
        assert await read_all(store, Person, "initial", "A") == people
        assert await read_all(store, Everything) == fulls
        with pytest.raises(DuplicateError):
            await store.commit(Add(person("3@example.com")))

    async def test_nothing_is_loaded_from_nothing(self, store: Store) -> None:
        """An empty input is no mistake."""
        assert await bulk_loadable(store).load([]) == 0
        assert await bulk_loadable(store).load(iter(())) == 0

    async def test_batches_may_be_of_any_size(self, store: Store) -> None:
        """One entity, exactly all of them, more than there are."""
        for batch in (1, 7, 20, 1000):
            tickets = [ticket() for _ in range(20)]
            assert await bulk_loadable(store).load(tickets, batch=batch) == 20
        assert len(await read_all(store, Ticket)) == 80

    async def test_a_batch_without_entities_is_refused(self, store: Store) -> None:
        """Nothing could ever be loaded so."""
        for batch in (0, -1):
            with pytest.raises(UsageError):
                await bulk_loadable(store).load([ticket()], batch=batch)
        assert await read_all(store, Ticket) == []

    async def test_a_taken_value_stops_the_load_at_its_batch(self, store: Store) -> None:
        """What came before stays, and of the batch itself nothing is there."""
        await store.commit(Add(taken := ticket("taken")))
        tickets = [*(ticket() for _ in range(25)), ticket("taken"), *(ticket() for _ in range(10))]
        with pytest.raises(DuplicateError) as refused:
            await bulk_loadable(store).load(tickets, batch=10)
        assert refused.value.field == "code"
        assert await read_all(store, Ticket) == [taken, *tickets[:20]]

    @pytest.mark.parametrize("distance", [1, 40], ids=["next-to-each-other", "far-apart"])
    async def test_a_value_given_twice_stops_the_load_at_its_batch(self, store: Store, distance: int) -> None:
        """Within one batch, be it a unique value or an id."""
        for first, second, field in (
            (ticket("twice"), ticket("twice"), "code"),
            (same := ticket(), ticket(id=same.id, code="other"), "id"),
        ):
            between = [ticket() for _ in range(distance - 1)]
            with pytest.raises(DuplicateError) as refused:
                await bulk_loadable(store).load([first, *between, second])
            assert refused.value.field == field
            assert await read_all(store, Ticket) == []

    async def test_an_unfit_entity_stops_the_load_at_its_batch(self, store: Store) -> None:
        """As does one of a kind that the store does not know."""
        good = [ticket() for _ in range(15)]
        with pytest.raises(InvalidEntityError):
            await bulk_loadable(store).load([*good, ticket("a\0")], batch=10)
        assert await read_all(store, Ticket) == good[:10]
        with pytest.raises(UsageError):
            await bulk_loadable(store).load([ticket(), Stranger(id=new_id(), name="Who?")])
        assert await read_all(store, Ticket) == good[:10]

    async def test_no_more_is_drawn_than_is_needed(self, store: Store) -> None:
        """So that a file of any length is loaded in flat memory."""
        drawn: list[Ticket] = []

        def draw() -> Iterator[Ticket]:
            for number in range(1000):
                drawn.append(ticket("twice" if number in (5, 25) else None))
                yield drawn[-1]

        with pytest.raises(DuplicateError):
            await bulk_loadable(store).load(draw(), batch=10)
        assert len(drawn) <= 31
        assert await read_all(store, Ticket) == drawn[:20]

    async def test_an_error_of_the_input_is_passed_on(self, store: Store) -> None:
        """It is the caller's own; whole batches before it stay, and the store goes on working."""

        class BrokenFileError(Exception):
            pass

        def draw() -> Iterator[Ticket]:
            for _ in range(15):
                yield ticket()
            raise BrokenFileError

        with pytest.raises(BrokenFileError):
            await bulk_loadable(store).load(draw(), batch=10)
        assert len(await read_all(store, Ticket)) == 10

    async def test_a_realm_is_loaded_by_itself(self, bench: Bench) -> None:
        """The same values may be loaded for another tenant."""
        rival: Any = bench.root.realm(new_realm())
        mine, theirs = ([ticket(str(number)) for number in range(30)] for _ in range(2))
        assert await bulk_loadable(bench.store).load(mine) == 30
        assert await read_all(rival, Ticket) == []
        assert await bulk_loadable(rival).load(theirs) == 30
        assert await read_all(bench.store, Ticket) == mine
        assert await read_all(rival, Ticket) == theirs
