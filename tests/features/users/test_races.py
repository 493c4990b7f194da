"""Many at once: X1 and the part of X12 that concerns users, as threads and as tasks."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from tests.features.users.test_register import SPELLINGS
from tests.features.users.world import World, prepared, world
from tests.storage.doubles import WaitingStore
from userkit.backends.memory import MemoryStore
from userkit.errors import EmailAlreadyExistsError, StaleError, UserKitError, UserNotFoundError
from userkit.features.users import User, UserRegistered
from userkit.storage.changes import Change, Save
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.sync import run

Outcome = type[UserKitError] | None
Work = Callable[[World, int], Awaitable[object]]
Race = Callable[[Store, Work, int], Counter[Outcome]]


async def outcome(work: Work, here: World, number: int) -> Outcome:
    """Do the work, and tell how it ended."""
    try:
        await work(here, number)
    except UserKitError as error:
        return type(error)
    return None


def as_threads(memory: Store, work: Work, count: int) -> Counter[Outcome]:
    """Let threads begin at the same moment."""
    here, gate = world(memory), Barrier(count)

    def enter(number: int) -> Outcome:
        gate.wait()
        return run(outcome(work, here, number))

    with ThreadPoolExecutor(count) as threads:
        return Counter(threads.map(enter, range(count)))


def as_tasks(memory: Store, work: Work, count: int) -> Counter[Outcome]:
    """Let tasks take turns at every call of the store."""
    here = world(WaitingStore(memory))

    async def all_at_once() -> list[Outcome]:
        return await asyncio.gather(*(outcome(work, here, number) for number in range(count)))

    return Counter(asyncio.run(all_at_once()))


both = pytest.mark.parametrize("race", [as_threads, as_tasks])


async def register(here: World, number: int) -> None:
    """Register one address in one of its spellings."""
    await here.awaited.register(email=SPELLINGS[number % 5], name=f"Ada {number}")


@both
def test_x1_of_fifty_registrations_of_one_address_one_succeeds(race: Race) -> None:
    """The others find it taken, and nothing half-made is left."""
    memory = prepared(MemoryStore())
    assert race(memory, register, 50) == {None: 1, EmailAlreadyExistsError: 49}
    after = world(memory)
    (user,) = after.stored()
    assert after.users.count() == 1
    assert after.users.get_by_email("ada@example.com") == user
    assert after.users.search("ada").items == (user,)


def test_x1_would_notice_a_store_that_does_not_keep_addresses_unique() -> None:
    """The race proves something."""
    memory = MemoryStore()
    run(memory.prepare([Collection("users", User, index=("email_key",), search="search_words")]))
    assert as_tasks(memory, register, 50) == {None: 50}


def test_x1_tells_of_one_registration() -> None:
    """The one that took place."""
    here = world(prepared(MemoryStore()))
    gate = Barrier(16)

    def enter(number: int) -> Outcome:
        gate.wait()
        return run(outcome(register, here, number))

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(enter, range(16)))
    assert here.told == [UserRegistered(at=here.clock(), realm="default", user=here.stored()[0])]


async def rename_or_disable(here: World, number: int) -> None:
    """Disable the account, and insist on it; all others rename it, and give up when they must."""
    (ada,) = (await here.store.find(User)).items
    if number:
        await here.awaited.update(ada.id, name=f"Ada {number}")
        return
    while True:
        try:
            await here.awaited.disable(ada.id)
        except StaleError:
            continue
        return


class CarelessStore(WaitingStore):
    """A store where the last write wins."""

    async def commit(self, *changes: Change) -> None:
        """Save over whatever is there."""
        await self.step()
        for change in changes:
            if isinstance(change, Save):
                stored = await self.behind.get(type(change.after), change.after.id)
                assert stored is not None
                after = replace(change.after, version=stored.version + 1)
                await self.behind.commit(Save(stored, after))


@both
def test_x12_whoever_renames_a_disabled_account_does_not_enable_it(race: Race) -> None:
    """Sixteen at a time, again and again: what was acknowledged is there, disabling above all."""
    for _ in range(10):
        memory = prepared(MemoryStore())
        ada = world(memory).ada()
        outcomes = race(memory, rename_or_disable, 16)
        assert outcomes.keys() <= {None, StaleError}
        (user,) = world(memory).stored()
        assert user.is_disabled
        assert user.version == ada.version + outcomes[None]
        assert (user.name != ada.name) is (outcomes[None] > 1)


def test_x12_would_notice_a_store_where_the_last_write_wins() -> None:
    """There the new name brings the open account back."""
    memory = prepared(MemoryStore())
    world(memory).ada()
    as_tasks(CarelessStore(memory), rename_or_disable, 16)
    (user,) = world(memory).stored()
    assert not user.is_disabled


@both
def test_of_sixteen_who_delete_or_rename_at_most_one_deletes(race: Race) -> None:
    """Then the user is gone, and no new name brings anybody back."""
    deleted: list[int] = []

    async def delete_or_rename(here: World, number: int) -> None:
        page = await here.store.find(User)
        user_id = page.items[0].id if page.items else ""
        if number % 2:
            await here.awaited.update(user_id, name=f"Ada {number}")
        else:
            await here.awaited.delete(user_id)
            deleted.append(number)

    for _ in range(10):
        deleted.clear()
        memory = prepared(MemoryStore())
        world(memory).ada()
        outcomes = race(memory, delete_or_rename, 16)
        assert outcomes.keys() <= {None, StaleError, UserNotFoundError}
        after = world(memory)
        assert len(after.stored()) == after.users.count() == 1 - len(deleted)
        assert after.users.search("ada").items == after.stored()
