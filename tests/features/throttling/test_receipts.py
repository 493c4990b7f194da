"""What is counted under several keys is one commit, and so is what is given back; nobody is in the way."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.features.throttling.limiters import prepared
from tests.features.throttling.test_store import CountingStore, count_up, kept
from tests.storage.doubles import OvertakenStore, WaitingStore
from userkit.features.throttling import Attempts, StoreRateLimiter
from userkit.features.throttling.limiters import TRIES, StoreReceipt
from userkit.features.throttling.receipts import Counted, Refused
from userkit.ports.rate_limit import Limit, Verdict
from userkit.storage.changes import Change, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock
from userkit.turns import TaskTurns

ADDRESS = Limit(name="address", attempts=5, within=timedelta(minutes=15))
ACCOUNT = Limit(name="account", attempts=2, within=timedelta(minutes=15))
BOTH: list[Counted] = [(ADDRESS, "192.0.2.1"), (ACCOUNT, "ada")]


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


def counts(store: Store) -> dict[str, int]:
    """Return what is counted, by the name of the limit."""
    return {each.limit_name: each.count for each in kept(store)}


def taken(limiter: StoreRateLimiter) -> StoreReceipt:
    """Take an attempt under both keys."""
    receipt = run(limiter.take_all(BOTH))
    assert isinstance(receipt, StoreReceipt)
    return receipt


def test_both_counts_are_one_commit_and_so_is_what_is_given_back(clock: FrozenClock) -> None:
    """And where the last count is at nothing already, nothing is written."""
    store = CountingStore(prepared())
    limiter = StoreRateLimiter(store=store, now=clock)
    receipt = taken(limiter)
    assert (store.commits, counts(store)) == (1, {"address": 1, "account": 1})
    run(receipt.forget())
    assert (store.commits, counts(store)) == (2, {"address": 0, "account": 0})
    run(receipt.release())
    assert store.commits == 2


def test_who_is_refused_is_counted_nowhere(clock: FrozenClock) -> None:
    """A delay that begins is written alone, and while it runs nothing is."""
    store = CountingStore(prepared())
    limiter = StoreRateLimiter(store=store, now=clock)
    for _ in range(2):
        taken(limiter)
    assert run(limiter.take_all(BOTH)) == Refused(1, Verdict(allowed=False, retry_after=60, began=True))
    assert (store.commits, counts(store)) == (3, {"address": 2, "account": 0})
    assert run(limiter.take_all(BOTH)) == Refused(1, Verdict(allowed=False, retry_after=60))
    assert store.commits == 3


def test_changes_are_in_one_order_whatever_the_order_of_the_keys(clock: FrozenClock) -> None:
    """So that two commits that cross do not lock each other out."""
    orders: list[list[str]] = []

    class Ordered(CountingStore):
        async def commit(self, *changes: Change) -> None:
            entities = [each.after if isinstance(each, Save) else each.entity for each in changes]
            orders.append([each.id for each in entities])
            await super().commit(*changes)

    limiter = StoreRateLimiter(store=Ordered(prepared()), now=clock)
    for attempts in (BOTH, BOTH[::-1]):
        receipt = run(limiter.take_all(attempts))
        assert isinstance(receipt, StoreReceipt)
        run(receipt.forget())
    assert len(orders) == 4
    assert all(order == sorted(orders[0]) for order in orders)


def test_callers_that_name_the_same_keys_in_another_order_do_not_wait_for_each_other(
    clock: FrozenClock,
) -> None:
    """Turns are taken in one order as well."""
    wide = Limit(name="wide", attempts=1000, within=timedelta(minutes=15))
    keys: list[Counted] = [(wide, "one"), (wide, "other"), (wide, "one")]

    async def main() -> None:
        limiter = StoreRateLimiter(store=WaitingStore(prepared()), now=clock, turns=TaskTurns())
        async with asyncio.timeout(60):
            await asyncio.gather(*(limiter.take_all(keys[number % 2 :]) for number in range(40)))

    asyncio.run(main())


def nobody(_: Store) -> None:
    """Be slower than everybody else."""


@pytest.mark.parametrize(("rival", "reads"), [(nobody, False), (count_up, True)])
def test_what_rides_along_reads_only_when_others_were_faster(
    clock: FrozenClock, rival: Callable[[Store], None], reads: bool
) -> None:
    """It takes what it has written to be there still, on condition that it is."""
    store = prepared()
    receipt = taken(StoreRateLimiter(store=store, now=clock, is_kits_own=True))
    rival(store)
    known, anew = (run(receipt.changes(anew=anew)) or () for anew in (False, True))
    assert (known != anew) is reads
    run(store.commit(*anew))
    assert counts(store) == {"address": 0, "account": 0}


def test_what_was_purged_in_the_meantime_need_not_be_given_back(clock: FrozenClock) -> None:
    """A sign-in that took longer than the window gives nothing back to the next."""
    store = prepared()
    receipt = taken(StoreRateLimiter(store=store, now=clock, is_kits_own=True))
    clock.advance(hours=1)
    run(store.purge(Attempts, before=clock()))  # type: ignore[attr-defined]  # memory can
    assert run(receipt.changes(anew=True)) == []
    run(receipt.alone())
    assert kept(store) == ()


def test_counts_in_a_store_of_their_own_ride_with_no_commit_of_the_kit(clock: FrozenClock) -> None:
    """They go alone."""
    store = prepared()
    receipt = taken(StoreRateLimiter(store=store, now=clock))
    assert run(receipt.changes(anew=False)) is None
    run(receipt.alone())
    assert counts(store) == {"address": 0, "account": 0}


def test_cf_1_where_others_are_always_faster_an_attempt_under_several_keys_is_refused(
    clock: FrozenClock,
) -> None:
    """It fails closed, and is counted under none of them."""
    store = OvertakenStore(prepared(), count_up)
    taken(StoreRateLimiter(store=store.behind, now=clock))
    refused = run(StoreRateLimiter(store=store, now=clock).take_all(BOTH))
    assert refused == Refused(1, Verdict(allowed=False, retry_after=1.0))
    assert store.commits == TRIES
    assert counts(store) == {"address": 1, "account": 1}
