"""The guard that features put in front of what may be tried a few times only."""

from datetime import timedelta
from typing import Any

import pytest

from tests.features.parts import parts_over
from tests.features.throttling.limiters import prepared
from tests.storage.doubles import BareStore
from userkit.backends.memory import MemoryRateLimiter
from userkit.errors import RateLimitedError
from userkit.feature import Parts
from userkit.features.throttling import (
    RATE_LIMITS,
    Attempts,
    AttemptsThrottled,
    Receipt,
    Throttling,
    throttling,
)
from userkit.features.throttling.guard import Whose
from userkit.features.throttling.receipts import Counted
from userkit.kernel.events import Event
from userkit.kernel.origin import coming_from
from userkit.ports.rate_limit import Limit, Verdict
from userkit.storage.changes import Add
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.sync import run
from userkit.testing import FrozenClock

ACCOUNT = Limit(name="account", attempts=2, within=timedelta(minutes=15))
ADDRESS = Limit(name="address", attempts=5, within=timedelta(minutes=15))
ALLOWED = Verdict(allowed=True)
ADA = "0190d3c0-0000-7000-8000-000000000001"


class World:
    """The feature over an empty store, and what it tells; ``elsewhere`` it counts in a limiter of its own."""

    def __init__(self, store: Store | None = None, *, elsewhere: bool = False) -> None:
        self.clock = FrozenClock()
        limiter = MemoryRateLimiter(self.clock) if elsewhere else None
        self.parts: Parts = parts_over(store or prepared(), clock=self.clock, limiter=limiter)
        self.throttling: Throttling = throttling().build(self.parts)
        self.told: list[Event] = []
        self.parts.listeners.add(AttemptsThrottled, self.told.append)

    def enter(self, *attempts: Counted, user_id: Whose = None) -> Receipt:
        """Ask the guard."""
        return run(self.throttling.guard(attempts, user_id=user_id))

    def refused(self, *attempts: Counted, user_id: Whose = None) -> float:
        """Ask the guard, be refused, and return for how long."""
        with pytest.raises(RateLimitedError) as caught:
            self.enter(*attempts, user_id=user_id)
        return caught.value.retry_after

    def count(self, limit: Limit, key: str) -> int:
        """Return how many attempts are left, by taking them."""
        taken = 0
        while run(self.throttling.limiter.take(limit, key)).allowed:
            taken += 1
        return taken


@pytest.fixture(params=["in the store", "elsewhere"])
def here(request: pytest.FixtureRequest) -> World:
    return World(elsewhere=request.param == "elsewhere")


@pytest.fixture
def in_store() -> World:
    return World()


def account(name: str = "ada") -> Counted:
    """Count for an account."""
    return ACCOUNT, name


HOME: Counted = (ADDRESS, "192.0.2.1")


def test_every_limit_is_counted(here: World) -> None:
    """An attempt that fails stays counted everywhere."""
    here.enter(HOME, account())
    assert here.count(*HOME) == 4
    assert here.count(*account()) == 1


def test_all_limits_must_allow_it(here: World) -> None:
    """The answer is how long to wait; those who were asked before get their attempt back."""
    here.enter(HOME, account())
    here.enter(HOME, account())
    assert here.refused(HOME, account()) == 60
    here.clock.advance(seconds=20)
    assert here.refused(HOME, account()) == 40
    assert here.count(*HOME) == 3


def test_who_is_refused_by_the_first_limit_is_not_counted_by_the_others(here: World) -> None:
    """Strangers at a blocked address do not use up the attempts of an account."""
    for number in range(5):
        here.enter(HOME, account(f"name {number}"))
    assert here.refused(HOME, account()) == 60
    assert here.count(*account()) == 2


def test_a_key_that_is_named_twice_is_counted_twice(here: World) -> None:
    """As when two limits share their counts; and is given back twice."""
    here.enter(account(), account())
    assert here.refused(account()) == 60
    here.clock.advance(hours=1)
    run(here.enter(account(), account()).release())
    assert here.count(*account()) == 2


def test_what_was_not_tried_can_be_released(here: World) -> None:
    """Everywhere."""
    for _ in range(10):
        run(here.enter(HOME, account()).release())
    assert here.count(*HOME) == 5
    assert here.count(*account()) == 2


def test_success_forgets_the_account_and_gives_the_address_one_attempt_back(here: World) -> None:
    """Whoever signs in to their own account cannot go on guessing at others from the same address."""
    here.enter(HOME, account())
    for _ in range(3):
        here.enter(HOME, account("somebody else"))
        run(here.enter(HOME, account()).forget())
        run(here.throttling.limiter.forget(*account("somebody else")))
    assert here.count(*account()) == 2
    assert here.count(*HOME) == 1


def test_no_limits_let_everything_pass(here: World) -> None:
    """And the receipt is for nothing."""
    receipt = here.enter()
    run(receipt.release())
    run(receipt.forget())
    assert not run(receipt.changes(anew=True))
    assert run(here.parts.store.find(Attempts)).items == ()


def test_a_delay_is_told_once_when_it_begins(here: World) -> None:
    """With whose account it is, and where the last attempt came from."""
    with coming_from(address="192.0.2.7"):
        for _ in range(2):
            here.enter(HOME, account(), user_id=ADA)
        assert here.told == []
        begin = here.clock()
        for _ in range(5):
            here.refused(HOME, account(), user_id=ADA)
    first = AttemptsThrottled(
        at=begin,
        realm="default",
        limit="account",
        until=begin + timedelta(minutes=1),
        user_id=ADA,
        address="192.0.2.7",
    )
    assert here.told == [first]
    here.clock.advance(minutes=1)
    here.enter(HOME, account(), user_id=ADA)
    here.refused(HOME, account())
    assert isinstance(here.told[1], AttemptsThrottled)
    assert here.told[1].until == begin + timedelta(minutes=3)
    assert here.told[1].user_id is None


def test_a_user_may_be_looked_up_when_a_delay_begins(here: World) -> None:
    """Only then: who goes on trying costs no look-up."""
    asked: list[str] = []

    async def look_up() -> str | None:
        asked.append("ada")
        return ADA

    for _ in range(2):
        here.enter(HOME, account(), user_id=look_up)
    for _ in range(5):
        here.refused(HOME, account(), user_id=look_up)
    assert asked == ["ada"]
    assert [getattr(each, "user_id", None) for each in here.told] == [ADA]


def test_a_delay_of_an_address_is_told_of_nobody(here: World) -> None:
    """It is not the owner of the last account that somebody tried."""

    async def look_up() -> str | None:
        raise LookupError

    for number in range(5):
        here.enter(HOME, account(f"name {number}"))
    here.refused(HOME, account(), user_id=look_up)
    (told,) = here.told
    assert isinstance(told, AttemptsThrottled)
    assert (told.limit, told.user_id, told.address) == ("address", None, None)


def test_st_4_a_delay_tells_no_key(here: World) -> None:
    """A key may be what a stranger has typed."""
    key = account("ada@example.com")
    for _ in range(2):
        here.enter(key)
    here.refused(key)
    assert "ada" not in repr(here.told)


def test_a_delay_is_recorded_in_a_commit(here: World) -> None:
    """So that the trail has it."""
    recorded: list[Event] = []

    async def record(event: AttemptsThrottled) -> list[Any]:
        recorded.append(event)
        return []

    here.parts.participants.add(AttemptsThrottled, record)
    for _ in range(2):
        here.enter(account())
    here.refused(account())
    assert recorded == here.told


def test_purging_takes_out_what_is_forgotten(in_store: World) -> None:
    """All of it, and nothing that still counts."""
    here = in_store
    for number in range(LARGEST_PAGE + 10):
        run(here.parts.store.commit(Add(expired(here, number))))
    here.clock.advance(seconds=1)
    here.enter(account())
    before = run(here.throttling.purge())
    assert before == LARGEST_PAGE + 10
    assert run(here.throttling.purge()) == 0
    assert len(run(here.parts.store.find(Attempts)).items) == 1


def expired(here: World, number: int) -> Attempts:
    """Return something that is to be purged after now."""
    now = here.clock()
    return Attempts(
        id=f"0190d3c0-0000-7000-8000-{number:012x}",
        limit_name="account",
        since=now,
        count=1,
        delays=0,
        until=None,
        expires_at=now,
    )


def test_a_store_that_cannot_purge_keeps_everything() -> None:
    """That does no harm."""
    here = World(BareStore(prepared()))
    here.enter(account())
    here.clock.advance(hours=1)
    assert run(here.throttling.purge()) == 0


def test_the_synchronous_twin_limits_and_purges(in_store: World) -> None:
    """With the same names."""
    here = in_store
    feature = throttling()
    assert (feature.name, feature.collections) == ("throttling", (RATE_LIMITS,))
    mirror = feature.mirror(here.throttling)
    assert mirror.limiter.take(ACCOUNT, "ada") == ALLOWED
    mirror.limiter.release(ACCOUNT, "ada")
    assert [mirror.limiter.take(ACCOUNT, "ada").allowed for _ in range(3)] == [True, True, False]
    mirror.limiter.forget(ACCOUNT, "ada")
    assert mirror.limiter.take(ACCOUNT, "ada") == ALLOWED
    here.clock.advance(hours=1)
    assert mirror.purge() == 1
