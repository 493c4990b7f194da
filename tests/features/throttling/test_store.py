"""What is particular to the limiter in a store: what is kept, what is written, and when it gives up."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.features.parts import SECRET, parts_over
from tests.features.throttling.limiters import prepared
from tests.storage.doubles import BareStore, OvertakenStore
from userkit.backends.memory import MemoryRateLimiter, MemoryStore
from userkit.errors import StoreUnavailableError
from userkit.features.throttling import Attempts, StoreRateLimiter, Throttling, throttling
from userkit.features.throttling.disguise import DisguisedLimiter
from userkit.features.throttling.limiters import TRIES
from userkit.kernel.entity import Entity
from userkit.ports.rate_limit import Limit, RateLimiter, Verdict
from userkit.storage.changes import Add, Change, Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock

LIMIT = Limit(name="password of an account", attempts=3, within=timedelta(minutes=15))
ALLOWED = Verdict(allowed=True)


class CountingStore(BareStore):
    """A store that counts what is written."""

    def __init__(self, behind: Store) -> None:
        super().__init__(behind)
        self.commits = 0

    async def commit(self, *changes: Change) -> None:
        self.commits += 1
        await super().commit(*changes)


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


def kept(store: Store) -> tuple[Attempts, ...]:
    """Return everything that is kept."""
    return run(store.find(Attempts, limit=1000)).items


def take(limiter: RateLimiter, key: str = "ada", times: int = 1) -> list[Verdict]:
    """Take attempts one after the other."""
    return [run(limiter.take(LIMIT, key)) for _ in range(times)]


def built(store: Store, limiter: RateLimiter | None = None, **changes: Any) -> Throttling:
    """Build the feature over a store."""
    return throttling().build(parts_over(store, limiter=limiter, **changes))


def test_a_key_is_one_small_entity_that_says_when_it_may_go(clock: FrozenClock) -> None:
    """It is written over, and expires with the last thing that it remembers."""
    store = prepared()
    limiter = StoreRateLimiter(store=store, now=clock)
    take(limiter, times=3)
    (attempts,) = kept(store)
    assert (attempts.limit_name, attempts.count, attempts.delays) == (LIMIT.name, 3, 0)
    assert attempts.expires_at == clock() + LIMIT.within
    take(limiter)
    (delayed,) = kept(store)
    assert (delayed.id, delayed.count, delayed.delays) == (attempts.id, 0, 1)
    assert delayed.expires_at == clock() + LIMIT.delay + LIMIT.within


def test_st_4_what_is_kept_tells_nobody_whose_attempts_they_are() -> None:
    """Neither the key nor a digest that could be made without the secret of the application."""
    ids = set()
    for secret in (SECRET, SECRET[::-1]):
        store = prepared()
        take(built(store, secret=secret).limiter, "ada@example.com")
        (attempts,) = kept(store)
        assert "ada" not in repr(attempts)
        ids.add(attempts.id)
    store = prepared()
    take(StoreRateLimiter(store=store, now=FrozenClock()), "ada@example.com")
    assert len(ids | {kept(store)[0].id}) == 3


def test_st_4_the_secret_does_not_show() -> None:
    """Not even where a limiter is printed."""
    limiter = DisguisedLimiter(limiter=MemoryRateLimiter(FrozenClock()), secret=b"hush", realm="default")
    assert "hush" not in repr(limiter)
    assert limiter.blocking


def test_refusals_during_a_delay_write_nothing(clock: FrozenClock) -> None:
    """A stranger who goes on trying costs one read each time."""
    store = CountingStore(prepared())
    limiter = StoreRateLimiter(store=store, now=clock)
    take(limiter, times=4)
    assert store.commits == 4
    take(limiter, times=100)
    run(limiter.release(LIMIT, "ada"))
    assert store.commits == 4
    run(limiter.forget(LIMIT, "ada"))
    run(limiter.forget(LIMIT, "ada"))
    run(limiter.forget(LIMIT, "nobody"))
    assert store.commits == 5


def count_up(store: Store) -> None:
    """Write another revision of everything that is kept."""
    for each in kept(store):
        run(store.commit(Save(each, each.evolve(since=each.since))))


def be_first(store: Store) -> None:
    """Add the key before anybody else does, and then write another revision each time."""
    if kept(store):
        count_up(store)
    else:
        take(StoreRateLimiter(store=store, now=FrozenClock()))


@pytest.mark.parametrize(("taken", "rival"), [(0, be_first), (1, count_up)])
def test_cf_1_where_others_are_always_faster_an_attempt_is_refused(
    clock: FrozenClock, taken: int, rival: Callable[[Store], None], caplog: pytest.LogCaptureFixture
) -> None:
    """It fails closed after some tries, and says so in the log."""
    store = OvertakenStore(prepared(), rival)
    take(StoreRateLimiter(store=store.behind, now=clock), times=taken)
    wide = Limit(name=LIMIT.name, attempts=1000, within=LIMIT.within)
    with caplog.at_level(logging.WARNING, "userkit.throttling"):
        verdict = run(StoreRateLimiter(store=store, now=clock).take(wide, "ada"))
    assert verdict == Verdict(allowed=False, retry_after=1.0)
    assert store.commits == TRIES
    assert "ada" not in caplog.text
    assert [record.__dict__["limit"] for record in caplog.records] == [LIMIT.name]


def test_what_cannot_be_given_back_stays_counted(
    clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is kept from signing in because a count could not be lowered."""
    store = OvertakenStore(prepared(), count_up)
    calm = StoreRateLimiter(store=store.behind, now=clock)
    take(calm, times=3)
    with caplog.at_level(logging.WARNING, "userkit.throttling"):
        run(StoreRateLimiter(store=store, now=clock).release(LIMIT, "ada"))
        run(StoreRateLimiter(store=store, now=clock).forget(LIMIT, "ada"))
    assert store.commits == 2 * TRIES
    assert len(caplog.records) == 2
    assert take(calm)[0].began


class LostStore(BareStore):
    """A store that cannot be reached any more."""

    async def step(self) -> None:
        raise StoreUnavailableError


def test_cf_1_a_store_that_cannot_be_reached_lets_nobody_in(clock: FrozenClock) -> None:
    """There is no verdict, and so no attempt."""
    with pytest.raises(StoreUnavailableError):
        take(StoreRateLimiter(store=LostStore(prepared()), now=clock))


def test_x16_strangers_cannot_fill_the_table(clock: FrozenClock) -> None:
    """New keys clear away what has expired, without anybody calling purge."""
    store = prepared()
    limiter = StoreRateLimiter(store=store, now=clock)
    most = 0
    for number in range(6_000):
        take(limiter, f"stranger {number}")
        clock.advance(seconds=1)  # so that 900 are alive at any time
        if number % 100 == 0:
            most = max(most, len(run_ids(store)))
    assert most < 900 + 10 * 256


def run_ids(store: Store) -> list[str]:
    """Return the ids of everything that is kept."""
    ids, after = list[str](), None
    while True:
        page = run(store.find(Attempts, limit=1000, after=after))
        ids += [each.id for each in page.items]
        after = page.next
        if after is None:
            return ids


class UnpurgedStore(MemoryStore):
    """A store that fails when it is asked to clean up."""

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        raise StoreUnavailableError


@pytest.mark.parametrize("wrap", [lambda _: UnpurgedStore(), BareStore])
def test_an_attempt_does_not_depend_on_cleaning_up(
    clock: FrozenClock, wrap: Callable[[Store], Store]
) -> None:
    """Where that fails, or the store cannot do it, everything else goes on."""
    limiter = StoreRateLimiter(store=prepared(wrap(MemoryStore())), now=clock)
    assert [take(limiter, str(number)) for number in range(2000)] == [[ALLOWED]] * 2000


def test_what_was_read_before_a_purge_is_never_what_is_there_after_it(clock: FrozenClock) -> None:
    """Otherwise a writer that was slow could take away what others have counted since."""
    store = prepared()
    limiter = StoreRateLimiter(store=store, now=clock)
    take(limiter, times=2)
    (old,) = kept(store)
    clock.advance(minutes=16)
    assert run(built(store, clock=clock).purge()) == 1
    take(limiter, times=2)
    (new,) = kept(store)
    assert new.id == old.id
    assert new.version > old.version


def test_a_time_before_1970_is_a_time(clock: FrozenClock) -> None:
    """A machine may have lost its clock."""
    clock.advance(days=-60 * 365)
    store = prepared()
    assert take(StoreRateLimiter(store=store, now=clock)) == [ALLOWED]
    assert kept(store)[0].version == 1


def test_realms_are_counted_apart() -> None:
    """In one store, and with one limiter for all."""
    store, limiter = prepared(), MemoryRateLimiter(FrozenClock())
    for shared in (None, limiter):
        one, other = built(store, shared, realm="one"), built(store, shared, realm="other")
        take(one.limiter, times=4)
        assert take(other.limiter) == [ALLOWED]
        assert not take(one.limiter)[0].allowed
    assert len(limiter) == 2


def test_an_id_is_of_one_realm(clock: FrozenClock) -> None:
    """Stores may refuse an id that is taken in another realm."""
    store = prepared()
    for realm in ("one", "other"):
        take(built(store, realm=realm).limiter)
    ids = {kept(store.realm(realm))[0].id for realm in ("one", "other")}
    assert len(ids) == 2


def test_an_empty_limiter_is_a_limiter(clock: FrozenClock) -> None:
    """The one that was given counts from the first attempt on."""
    limiter = MemoryRateLimiter(clock)
    store = prepared()
    take(built(store, limiter).limiter)
    assert len(limiter) == 1
    assert kept(store) == ()


def test_two_who_add_a_key_at_once_are_both_counted(clock: FrozenClock) -> None:
    """The id is the same, so the second is told and reads again."""
    memory = prepared()
    rival = StoreRateLimiter(store=memory, now=clock)
    rivals = iter([lambda: run(rival.take(LIMIT, "ada"))])

    def once(_: Store) -> None:
        for act in rivals:
            act()
            break

    store = OvertakenStore(memory, once)
    assert take(StoreRateLimiter(store=store, now=clock)) == [ALLOWED]
    assert store.commits == 2
    assert kept(memory)[0].count == 2


def test_an_attempt_that_was_added_is_an_add() -> None:
    """The first commit of a key is conditional on nobody having one."""
    told: list[Change] = []

    class Told(BareStore):
        async def commit(self, *changes: Change) -> None:
            told.extend(changes)
            await super().commit(*changes)

    take(StoreRateLimiter(store=Told(prepared()), now=FrozenClock()), times=2)
    assert [type(each) for each in told] == [Add, Save]
