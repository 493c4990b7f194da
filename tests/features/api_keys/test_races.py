"""Many at once: limits are exact, and what is taken back stays so."""

from collections import Counter

import pytest

from tests.features.api_keys.world import World, prepared, world
from tests.features.roles.racing import CarelessStore, Race, Work, as_tasks, as_threads, carelessly, in_tasks
from userkit.backends.memory import MemoryStore
from userkit.errors import ForbiddenError, StaleError, UnauthenticatedError, UserNotFoundError
from userkit.features.api_keys import ApiKey
from userkit.storage.changes import Add, Change
from userkit.storage.port import Store

both = pytest.mark.parametrize("race", [as_threads, as_tasks])


def five_at_most(store: Store) -> World:
    """Return a world where a user has at most five keys."""
    return world(store, most=5)


def making(ada: str, count: int) -> list[Work[World]]:
    """Make keys, each again until it is made or refused."""

    async def make(here: World) -> None:
        while True:
            try:
                await here.awaited.create(ada, name="ci")
            except StaleError:
                continue
            return

    return [make] * count


@both
def test_of_sixteen_who_make_a_key_as_many_succeed_as_there_is_room(race: Race[World]) -> None:
    """And no key is there that was not acknowledged."""
    memory = prepared(MemoryStore())
    here = five_at_most(memory)
    ada = here.someone("ada")
    outcomes = race(five_at_most, memory, making(ada, 16))
    assert Counter(outcomes) == {None: 5, ForbiddenError: 11}
    assert len(here.stored()) == 5


def test_it_would_be_noticed_if_there_were_too_many() -> None:
    """As there are where the last write wins."""
    memory = prepared(MemoryStore())
    ada = five_at_most(memory).someone("ada")
    assert carelessly(five_at_most, memory, making(ada, 16)) == [None] * 16


def deleting(ada: str) -> list[Work[World]]:
    """Delete a user while keys are made."""

    async def delete(here: World) -> None:
        while True:
            try:
                await here.people.delete(ada)
            except StaleError:
                continue
            return

    return [*making(ada, 4), delete, *making(ada, 4)]


@both
def test_no_key_is_left_of_a_user_who_is_gone(race: Race[World]) -> None:
    """Whichever was first."""
    for _ in range(10):
        memory = prepared(MemoryStore())
        here = world(memory)
        outcomes = race(world, memory, deleting(here.someone("ada")))
        assert set(outcomes) <= {None, UserNotFoundError}
        assert outcomes[4] is None
        assert here.stored() == ()


class LateStore(CarelessStore):
    """A store that writes new keys when all else is done, over whatever is there by then."""

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        if any(isinstance(change, Add) and isinstance(change.entity, ApiKey) for change in changes):
            for _ in range(200):
                await self.step()
        await super().commit(*changes)


def test_it_would_be_noticed_if_a_key_were_left() -> None:
    """As one is where the last write wins."""
    memory = prepared(MemoryStore())
    here = world(memory)
    in_tasks(world(LateStore(memory)), deleting(here.someone("ada")))
    assert here.stored() != ()


def revoking(ada: str, key_id: str, secret: str) -> list[Work[World]]:
    """Revoke a key while it is used."""
    use: Work[World] = lambda here: here.awaited.authenticate(secret)  # noqa: E731
    return [*[use] * 4, lambda here: here.awaited.revoke(ada, key_id), *[use] * 4]


@both
def test_x12_whoever_uses_a_key_does_not_bring_it_back(race: Race[World]) -> None:
    """Revoking wins, at the first attempt, and every use after it is refused."""
    for _ in range(10):
        memory = prepared(MemoryStore())
        here = world(memory)
        ada = here.someone("ada")
        made = here.key_of(ada)
        outcomes = race(world, memory, revoking(ada, made.id, made.secret))
        assert set(outcomes) <= {None, UnauthenticatedError}
        assert outcomes[4] is None
        assert here.stored() == ()
        assert not here.opens(made.secret)


def test_x12_would_notice_a_key_that_comes_back() -> None:
    """As it does where the last write wins."""
    memory = prepared(MemoryStore())
    here = world(memory)
    ada = here.someone("ada")
    made = here.key_of(ada)
    carelessly(world, memory, revoking(ada, made.id, made.secret))
    assert here.opens(made.secret)
