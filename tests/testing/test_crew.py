"""Two more processes."""

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from userkit.backends.memory import MemoryStore
from userkit.errors import DuplicateError
from userkit.storage.changes import Add
from userkit.storage.port import Store
from userkit.testing.bench import new_realm
from userkit.testing.crew import Crew
from userkit.testing.jobs import commit
from userkit.testing.specimens import person


@pytest.fixture(scope="module")
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.close()


async def tell_process(store: Store) -> int:
    return os.getpid()


async def fail(store: Store) -> None:
    raise LookupError("driver")


async def die(store: Store) -> None:
    os._exit(3)


def open_nothing(path: Path) -> Store:
    raise FileNotFoundError(path)


def test_jobs_are_shared_among_two_other_processes(crew: Crew) -> None:
    """Turn by turn, and the same two every time."""
    first = [outcome.value for outcome in crew.race(MemoryStore, new_realm(), [tell_process] * 6)]
    again = [outcome.value for outcome in crew.race(MemoryStore, new_realm(), [tell_process] * 2)]
    assert first[0::2] == [again[0]] * 3
    assert first[1::2] == [again[1]] * 3
    assert len({*again, os.getpid()}) == 3


def test_outcomes_come_back_from_other_processes(crew: Crew) -> None:
    """Errors of ours as they are, others as text."""
    ada = person("ada@example.com")
    jobs = [commit(Add(ada)), tell_process, commit(Add(ada)), fail]
    outcomes = crew.race(MemoryStore, new_realm(), jobs)
    errors = [outcome.error for outcome in (outcomes[0], outcomes[2]) if outcome.error]
    assert [type(error) for error in errors] == [DuplicateError]
    assert outcomes[3].foreign == "builtins.LookupError: driver"


def test_a_storage_that_cannot_be_opened_is_told() -> None:
    """With what happened in the other process; the crew is closed, since it may be in any state."""
    crew = Crew()
    with pytest.raises(AssertionError, match="FileNotFoundError"):
        crew.race(partial(open_nothing, Path("nothing.db")), new_realm(), [tell_process] * 2)
    assert crew.is_closed
    crew.close()


def test_a_process_that_dies_is_told() -> None:
    """Nobody waits for it forever."""
    crew = Crew()
    with pytest.raises(AssertionError, match="ended before it had answered"):
        crew.race(MemoryStore, new_realm(), [die, die])
    assert crew.is_closed
