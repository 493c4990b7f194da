"""Races: sixteen callers want the same thing, and afterwards the storage is read to see what is left.

Callers are threads or tasks of one process, and the same again from two processes where the
storage is shared. Each race is run several times, since once may be luck.
"""

from userkit.errors import DuplicateError, StaleError, StoreUnavailableError
from userkit.storage.changes import Add, Remove, Save
from userkit.storage.port import Store
from userkit.testing.jobs import commit, count_up, transfer
from userkit.testing.race import CALLERS, ROUNDS, Race
from userkit.testing.specimens import Account, Person, Ticket, account, new_id, person, ticket
from userkit.testing.standard import Standard
from userkit.testing.suite.reading import read_all

__all__ = ["Races"]


class Races(Standard):
    """Who wins, what the others are told, and above all what survives."""

    async def test_race_to_add_a_unique_value(self, race: Race) -> None:
        """One has it, all others are told that it is taken, and nothing of theirs is there."""
        for name in _rounds():
            rivals = [person(name, handle=f"{name}-{place}") for place in range(CALLERS)]
            result = await race([commit(Add(each)) for each in rivals])
            winner = rivals[result.sole_winner(DuplicateError)]
            store = race.bench.store
            assert await read_all(store, Person, "address", name) == [winner]
            assert [each for each in rivals if await store.get(Person, each.id)] == [winner]

    async def test_race_to_add_an_id(self, race: Race) -> None:
        """One is stored, and it is what the winner added."""
        for name in _rounds():
            id = new_id()
            rivals = [person(id=id, name=f"{name}-{place}") for place in range(CALLERS)]
            result = await race([commit(Add(each)) for each in rivals])
            winner = rivals[result.sole_winner(DuplicateError)]
            assert await race.bench.store.get(Person, id) == winner
            assert await read_all(race.bench.store, Person, "address", winner.address) == [winner]

    async def test_race_to_save_a_unique_value(self, race: Race) -> None:
        """One entity gets it, all others stay as they were."""
        for name in _rounds():
            before = [person() for _ in range(CALLERS)]
            await race.bench.store.commit(*map(Add, before))
            after = [each.evolve(handle=name) for each in before]
            result = await race([commit(Save(*pair)) for pair in zip(before, after, strict=True)])
            winner = result.sole_winner(DuplicateError)
            left = [await race.bench.store.get(Person, each.id) for each in before]
            assert left == [*before[:winner], after[winner], *before[winner + 1 :]]
            assert await read_all(race.bench.store, Person, "handle", name) == [after[winner]]

    async def test_race_to_save_a_revision(self, race: Race) -> None:
        """One revision follows, with the winner's content; all others must read again."""
        for name in _rounds():
            ada = await _added(race.bench.store)
            rivals = [ada.evolve(name=f"{name}-{place}", number=place) for place in range(CALLERS)]
            result = await race([commit(Save(ada, each)) for each in rivals])
            winner = rivals[result.sole_winner(StaleError)]
            assert await race.bench.store.get(Person, ada.id) == winner
            assert winner.version == ada.version + 1
            assert await read_all(race.bench.store, Person, "initial", name[0]) == [winner]
            await race.bench.store.commit(Remove(winner))

    async def test_race_to_remove_a_revision(self, race: Race) -> None:
        """It is removed once, and only one caller may act on having done it."""
        for _ in _rounds():
            ada = await _added(race.bench.store)
            result = await race([commit(Remove(ada))] * CALLERS)
            result.sole_winner(StaleError)
            assert await race.bench.store.get(Person, ada.id) is None

    async def test_race_between_saving_and_removing(self, race: Race) -> None:
        """Either it is saved and stays, or it is removed and gone."""
        for name in _rounds():
            ada = await _added(race.bench.store)
            rivals = [ada.evolve(name=f"{name}-{place}") for place in range(CALLERS)]
            result = await race(
                [commit(Remove(ada) if place % 2 else Save(ada, rivals[place])) for place in range(CALLERS)]
            )
            winner = result.sole_winner(StaleError)
            left = await race.bench.store.get(Person, ada.id)
            assert left == (None if winner % 2 else rivals[winner])
            assert await read_all(race.bench.store, Person, "address", ada.address) == (
                [left] if left else []
            )

    async def test_race_for_the_place_of_another(self, race: Race) -> None:
        """Who removes the holder of a value takes it, in one commit; nobody else does either."""
        for name in _rounds():
            holder = person(name)
            await race.bench.store.commit(Add(holder))
            rivals = [person(name) for _ in range(CALLERS)]
            result = await race([commit(Remove(holder), Add(each)) for each in rivals])
            winner = rivals[result.sole_winner(StaleError, DuplicateError)]
            assert await read_all(race.bench.store, Person, "address", name) == [winner]
            left = {each.id for each in await read_all(race.bench.store, Person)}
            assert left & {each.id for each in (holder, *rivals)} == {winner.id}

    async def test_race_of_commits_that_cross(self, race: Race) -> None:
        """Half of the callers write A before B and half B before A: one wins, whole."""
        for name in _rounds():
            first, second = account(), account()
            await race.bench.store.commit(Add(first), Add(second))
            stubs = [ticket(f"{name}-{place}") for place in range(CALLERS)]
            jobs = []
            for place, stub in enumerate(stubs):
                writer = f"{name}-{place}"
                saves = [Save(each, each.evolve(writer=writer)) for each in (first, second)]
                jobs.append(commit(Add(stub), *(saves if place % 2 else saves[::-1])))
            result = await race(jobs)
            winner = result.sole_winner(StaleError, StoreUnavailableError)
            for each in (first, second):
                left = await race.bench.store.get(Account, each.id)
                assert left == each.evolve(writer=f"{name}-{winner}")
            left_stubs = [stub for stub in stubs if await race.bench.store.get(Ticket, stub.id)]
            assert left_stubs == [stubs[winner]]

    async def test_race_of_transfers_that_cross(self, race: Race) -> None:
        """Nothing appears or vanishes while amounts are moved in all directions at once."""
        times = 3
        accounts = [account(100), account(100), account(100)]
        await race.bench.store.commit(*map(Add, accounts))
        routes = [(0, 1), (1, 0), (1, 2), (2, 0), (2, 1), (0, 2)]
        chosen = [routes[place % len(routes)] for place in range(CALLERS)]
        result = await race([transfer(accounts[one].id, accounts[two].id, times) for one, two in chosen])
        assert len(result.winners) == CALLERS
        left = await read_all(race.bench.store, Account)
        moved = [
            sum(times * (place == two) - times * (place == one) for one, two in chosen) for place in range(3)
        ]
        assert [each.amount for each in left] == [100 + change for change in moved]
        commits = [sum(times for route in chosen if place in route) for place in range(3)]
        assert [each.version for each in left] == [1 + count for count in commits]

    async def test_race_of_counters(self, race: Race) -> None:
        """Every step is counted, whoever was faster."""
        counter, times = account(), 3
        await race.bench.store.commit(Add(counter))
        result = await race([count_up(counter.id, times)] * CALLERS)
        assert len(result.winners) == CALLERS
        left = await race.bench.store.get(Account, counter.id)
        assert left is not None
        assert (left.amount, left.version) == (CALLERS * times, 1 + CALLERS * times)


def _rounds() -> list[str]:
    return [f"{letter}{new_id()}" for letter in "xyz"[:ROUNDS]]


async def _added(store: Store) -> Person:
    ada = person(name="Ada")
    await store.commit(Add(ada))
    return ada
