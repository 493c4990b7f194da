"""Hundreds of commits over a wire that breaks at random: each happens once, or not at all."""

import random
import threading
from typing import Any

import pytest

from tests.stores.dynamodb.wire import Fault, Wire, answer, lost_after, lost_before
from userkit.errors import StaleError, StoreUnavailableError
from userkit.storage.changes import Add, Save
from userkit.sync import run
from userkit.testing.specimens import Account, Ticket, account, ticket

pytestmark = pytest.mark.server

FAULTS: list[Fault] = [
    lost_before,
    lost_after,
    answer("ThrottlingException"),
    answer("TransactionConflictException"),
    answer("InternalServerError", status=500),
]


@pytest.mark.parametrize("attempts", [1, 2, 3])
def test_commits_over_a_broken_wire_happen_once_or_not_at_all(wire: Wire, table: str, attempts: int) -> None:
    """What was told as done is done; what was told as unknown is done whole, or not at all."""
    chance = random.Random(attempts)
    store = wire.prepared(table, attempts=attempts)
    purse, unknown = account(), 0
    run(store.commit(Add(purse)))
    for step in range(80):
        richer, stub = purse.evolve(amount=purse.amount + 1), ticket(f"{attempts}-{step}")
        changes: list[Any] = [Save(purse, richer), *([Add(stub)] if step % 2 else [])]
        operation = "TransactWriteItems" if step % 2 else "PutItem"
        wire.meet(operation, *chance.choices(FAULTS, k=chance.randrange(attempts + 1)))
        try:
            run(store.commit(*changes))
            happened = True
        except StoreUnavailableError:
            unknown += 1
            happened = run(store.get(Account, purse.id)) == richer
        wire.heal()
        purse = richer if happened else purse
        assert run(store.get(Account, purse.id)) == purse
        if step % 2:
            found = run(store.find(Ticket, "code", stub.code)).items
            assert found == ((stub,) if happened else ())
    assert purse.version == purse.amount + 1
    assert unknown > 0


def test_counters_over_a_broken_wire_lose_no_step(wire: Wire, table: str) -> None:
    """Eight threads count up, while writes meet faults; what is not told as unknown is counted exactly."""
    chance, times = random.Random(7), 10
    counted: list[int] = []
    unknown: list[int] = []
    store = wire.prepared(table, attempts=6)
    counter = account()
    run(store.commit(Add(counter)))
    wire.meet("PutItem", *chance.choices(FAULTS, k=40))

    def count_up() -> None:
        done = 0
        while done < times:
            found = run(store.get(Account, counter.id))
            assert found is not None
            try:
                run(store.commit(Save(found, found.evolve(amount=found.amount + 1))))
                done += 1
            except StaleError:
                continue
            except StoreUnavailableError:
                unknown.append(1)
        counted.append(done)

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    left = run(store.get(Account, counter.id))
    assert left is not None
    assert left.version == left.amount + 1
    assert counted == [times] * 8
    assert 8 * times <= left.amount <= 8 * times + len(unknown)
