"""What callers do in a race. Jobs are made of plain functions, so that other processes can be sent them."""

from functools import partial

from userkit.errors import StaleError, StoreUnavailableError
from userkit.storage.changes import Change, Save
from userkit.storage.port import Store
from userkit.storage.rewriting import rewrite
from userkit.testing.bench import Job
from userkit.testing.specimens import LATECOMERS, Account, Person

__all__ = ["commit", "count_up", "learn_latecomers", "read_person", "transfer"]

_ATTEMPTS = 200


def commit(*changes: Change) -> Job:
    """Commit these changes once."""
    return partial(_commit, changes)


def count_up(id: str, times: int) -> Job:
    """Raise the amount of an account by one, some times over, whoever else does the same."""
    return partial(_count_up, id, times)


def transfer(source: str, target: str, times: int) -> Job:
    """Move one from an account to another, some times over, reading both first."""
    return partial(_transfer, source, target, times)


def read_person(id: str) -> Job:
    """Read a person."""
    return partial(_read_person, id)


def learn_latecomers() -> Job:
    """Prepare the store for one more collection."""
    return _learn_latecomers


async def _commit(changes: tuple[Change, ...], store: Store) -> None:
    await store.commit(*changes)


async def _count_up(id: str, times: int, store: Store) -> None:
    for _ in range(times):
        for attempt in range(_ATTEMPTS):
            try:
                await rewrite(store, Account, id, lambda each: each.evolve(amount=each.amount + 1))
                break
            except (StaleError, StoreUnavailableError):
                if attempt == _ATTEMPTS - 1:
                    raise


async def _transfer(source: str, target: str, times: int, store: Store) -> None:
    for _ in range(times):
        for attempt in range(_ATTEMPTS):
            try:
                await _move_one(source, target, store)
                break
            except (StaleError, StoreUnavailableError):
                if attempt == _ATTEMPTS - 1:
                    raise


async def _move_one(source: str, target: str, store: Store) -> None:
    giver, taker = await store.get(Account, source), await store.get(Account, target)
    assert giver is not None
    assert taker is not None
    await store.commit(
        Save(giver, giver.evolve(amount=giver.amount - 1)), Save(taker, taker.evolve(amount=taker.amount + 1))
    )


async def _read_person(id: str, store: Store) -> Person | None:
    return await store.get(Person, id)


async def _learn_latecomers(store: Store) -> None:
    await store.prepare([LATECOMERS])
