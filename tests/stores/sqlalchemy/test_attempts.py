"""How a commit is tried again: after conflicts, and when its outcome was unknown."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from sqlalchemy import URL

from userkit.backends.sqlalchemy import SQLAlchemyStore, outcome
from userkit.backends.sqlalchemy.links import Link
from userkit.backends.sqlalchemy.opening import open_url
from userkit.backends.sqlalchemy.runners import Lost, Runner
from userkit.errors import DuplicateError, StaleError, StoreUnavailableError
from userkit.storage.changes import Add, Remove, Save
from userkit.sync import run
from userkit.testing.specimens import COLLECTIONS, Account, account

T = TypeVar("T")

Step = Callable[[], None]


class Deadlock(Exception):  # noqa: N818  # it stands for a driver's
    """What a driver raises when a server has chosen its transaction to give way."""

    sqlstate = "40P01"


class Faulty:
    """A runner that does something before each run, which may fail."""

    blocking = True
    joins = False
    concurrency = 1

    def __init__(self, runner: Runner, *steps: Step) -> None:
        self.runner = runner
        self.steps = list(steps)
        self.pauses: list[float] = []

    @property
    def url(self) -> URL:
        return self.runner.url

    async def run(self, work: Callable[[Link], T], *, writes: bool = False) -> T:
        if self.steps:
            self.steps.pop(0)()
        return await self.runner.run(work, writes=writes)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    async def close(self) -> None:
        await self.runner.close()


@pytest.fixture
def store() -> SQLAlchemyStore:
    """A store in memory."""
    store = open_url("sqlite://", blocking=True)
    run(store.prepare(COLLECTIONS))
    return store


def through(store: SQLAlchemyStore, *steps: Step) -> tuple[SQLAlchemyStore, Faulty]:
    """Return a view of a store whose runs fail like this."""
    faulty = Faulty(store._runner, *steps)
    other = SQLAlchemyStore(faulty, catalogue=store._catalogue, cascades=True)
    return other, faulty


def failing(error: Exception) -> Step:
    def step() -> None:
        raise error

    return step


def nothing() -> None:
    """Do no harm."""


def test_a_conflict_is_tried_again(store: SQLAlchemyStore) -> None:
    """After a pause that grows and is of random length."""
    faulty, runner = through(store, *[failing(Deadlock())] * 6)
    run(faulty.commit(Add(purse := account(1))))
    assert run(store.get(Account, purse.id)) == purse
    assert len(runner.pauses) == 6
    assert all(0 <= pause <= 0.01 * 2**number for number, pause in enumerate(runner.pauses))


def test_conflicts_without_end_are_given_up(store: SQLAlchemyStore) -> None:
    """The number of attempts is bounded, and so is their time."""
    faulty, runner = through(store, *[failing(Deadlock())] * 100)
    with pytest.raises(Deadlock):
        run(faulty.commit(Add(account(1))))
    assert len(runner.pauses) == 9
    assert run(store.count(Account)) == 0


def test_conflicts_that_last_are_given_up(store: SQLAlchemyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each may have waited long for a lock."""
    monkeypatch.setattr(outcome, "_PATIENCE", 0)
    faulty, runner = through(store, failing(Deadlock()))
    with pytest.raises(Deadlock):
        run(faulty.commit(Add(account(1))))
    assert runner.pauses == []


def test_what_came_through_late_is_not_refused(store: SQLAlchemyStore) -> None:
    """The server was still at it when we looked: the second attempt meets the first."""
    purse = account(1)

    def come_through() -> None:
        run(store.commit(Add(purse)))

    faulty, _ = through(store, failing(Lost(ConnectionError())), nothing, come_through)
    run(faulty.commit(Add(purse)))
    assert run(store.get(Account, purse.id)) == purse


def test_what_others_did_meanwhile_is_refused(store: SQLAlchemyStore) -> None:
    """The second attempt meets a revision that is not ours."""
    purse = account(1)
    run(store.commit(Add(purse)))
    others = purse.evolve(amount=5)

    def interfere() -> None:
        run(store.commit(Save(purse, others)))

    faulty, _ = through(store, failing(Lost(ConnectionError())), nothing, interfere)
    with pytest.raises(StaleError):
        run(faulty.commit(Save(purse, purse.evolve(amount=2))))
    assert run(store.get(Account, purse.id)) == others


@pytest.mark.parametrize("late", [False, True])
def test_a_removal_that_is_found_done_is_done(store: SQLAlchemyStore, late: bool) -> None:
    """Nothing is left to tell whose it was."""
    purse = account(1)
    run(store.commit(Add(purse)))

    def remove() -> None:
        run(store.commit(Remove(purse)))

    steps = [nothing, remove] if late else [remove]
    faulty, _ = through(store, failing(Lost(ConnectionError())), *steps)
    run(faulty.commit(Remove(purse)))
    assert run(store.get(Account, purse.id)) is None


def test_half_of_a_commit_was_somebody_elses(store: SQLAlchemyStore) -> None:
    """The row to remove is gone and the row to save is as it was: ours did not happen and cannot."""
    one, other = account(1), account(2)
    run(store.commit(Add(one), Add(other)))

    def remove() -> None:
        run(store.commit(Remove(one)))

    faulty, _ = through(store, failing(Lost(ConnectionError())), remove)
    with pytest.raises(StaleError):
        run(faulty.commit(Remove(one), Save(other, other.evolve(amount=9))))
    assert run(store.get(Account, other.id)) == other


def test_an_id_that_somebody_else_took_is_told(store: SQLAlchemyStore) -> None:
    """Another entity is there under it."""
    purse = account(1)

    def take() -> None:
        run(store.commit(Add(Account(id=purse.id, amount=9))))

    faulty, _ = through(store, failing(Lost(ConnectionError())), take)
    with pytest.raises(DuplicateError) as refused:
        run(faulty.commit(Add(purse)))
    assert refused.value.field == "id"


def test_a_server_that_was_silent_is_not_asked_twice(store: SQLAlchemyStore) -> None:
    """It may still be at the first attempt; what is there decides, and is not there."""
    faulty, _ = through(store, failing(Lost(TimeoutError())))
    with pytest.raises(StoreUnavailableError, match="not known"):
        run(faulty.commit(Add(account(1))))
    assert run(store.count(Account)) == 0


def test_an_outcome_that_cannot_be_looked_up_stays_unknown(store: SQLAlchemyStore) -> None:
    """The sentence says so, and leads to what went wrong first."""
    first: Any = ConnectionResetError()
    faulty, _ = through(store, failing(Lost(first)), failing(ConnectionRefusedError()))
    with pytest.raises(StoreUnavailableError, match="not known") as refused:
        run(faulty.commit(Add(account(1))))
    assert refused.value.__cause__ is first


def test_a_mistake_of_ours_is_not_blamed_on_the_database(store: SQLAlchemyStore) -> None:
    """Errors that no driver raises come through as they are."""
    faulty, _ = through(store, failing(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run(faulty.count(Account))
