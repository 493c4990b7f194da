"""What language models may cost within an hour is set aside before they are asked."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from tests.features.parts import SECRET, parts_over
from tests.storage.doubles import BareStore, OvertakenStore, WaitingStore
from userkit import SyncUserKit, UserKit
from userkit.backends.memory import MemoryStore
from userkit.backends.sqlalchemy import SQLAlchemyStore
from userkit.errors import ConfigurationError, ModelThrottledError, StoreUnavailableError, UsageError
from userkit.features.spending import (
    SPENDING,
    UNCHARGED,
    HourlySpending,
    Prices,
    Reservation,
    SpendingLimitReached,
    SpentOn,
    SyncSpending,
    most_tokens,
    spending,
)
from userkit.features.spending.ledger import TRIES
from userkit.kernel.entity import Entity
from userkit.ports.language_model import Usage
from userkit.storage.changes import Save
from userkit.storage.port import Store
from userkit.sync import run
from userkit.testing import FrozenClock

HOUR = datetime(2026, 1, 1, 9, tzinfo=UTC)


@pytest.fixture
def clock() -> FrozenClock:
    """Half past nine."""
    return FrozenClock(HOUR + timedelta(minutes=30))


def prepared(store: Store | None = None) -> Store:
    """Return a blocking store that is ready for what is spent."""
    store = MemoryStore() if store is None else store
    run(store.prepare([SPENDING]))
    return store


def built(store: Store, clock: FrozenClock, **how: Any) -> SyncSpending:
    """Build the feature over a store: a token of input is one millionth, of output two, unless told."""
    feature = spending(**{"per_hour": 0.001, "input_price": 1, "output_price": 2, **how})
    parts = replace(parts_over(store, clock=clock), store=store)
    return feature.mirror(feature.build(parts))


def kept(store: Store) -> tuple[HourlySpending, ...]:
    """Return everything that is kept."""
    return run(store.find(HourlySpending, limit=1000)).items


def test_what_a_call_may_cost_is_counted_until_it_is_settled(clock: FrozenClock) -> None:
    """Then it is what it has cost."""
    money = built(prepared(), clock)
    reservation = money.reserve("screening", 100, 200)
    assert reservation is not None
    assert reservation.amount == 500
    before = money.current()
    assert (before.hour, before.limit, before.left) == (HOUR, 0.001, 0.0005)
    assert before.purposes == {
        "screening": SpentOn(calls=1, input_tokens=0, output_tokens=0, spent=0.0, reserved=0.0005)
    }
    money.settle(reservation, Usage(input_tokens=90, output_tokens=20))
    after = money.current()
    assert after.left == 0.00087
    assert after.purposes == {
        "screening": SpentOn(calls=1, input_tokens=90, output_tokens=20, spent=0.00013, reserved=0.0)
    }


def test_nothing_is_spent_beyond_the_limit_of_an_hour(clock: FrozenClock) -> None:
    """To the last millionth; the next hour has a limit of its own."""
    store = prepared()
    money = built(store, clock)
    assert money.reserve("screening", 999, 0)
    assert money.reserve("screening", 2, 0) is None
    assert money.reserve("activity_summary", 1, 0)
    assert money.reserve("activity_summary", 1, 0) is None
    assert money.reserve("activity_summary", 0, 0)  # a model that costs nothing
    assert money.current().left == 0
    clock.advance(minutes=30)
    assert money.current().purposes == {}
    assert money.reserve("screening", 1000, 0)
    assert [each.hour for each in sorted(kept(store), key=lambda each: each.hour)] == [
        HOUR,
        HOUR + timedelta(hours=1),
    ]


def test_a_refusal_is_told_once_for_each_hour(clock: FrozenClock) -> None:
    """As an event, which is in the trail as well; also where one call alone is too dear."""
    told: list[SpendingLimitReached] = []
    feature = spending(per_hour=0.001, input_price=1, output_price=1)
    with SyncUserKit("memory://", secret=SECRET, features=[feature], clock=clock, relay=False) as kit:
        kit.listen(SpendingLimitReached, told.append)
        money = kit[feature]
        assert money.reserve("screening", 999, 0)
        for _ in range(3):
            assert money.reserve("activity_summary", 2, 0) is None
        assert [(event.hour, event.limit, event.purpose) for event in told] == [
            (HOUR, 0.001, "activity_summary")
        ]
        (entry,) = kit.audit.list().items
        assert (entry.event, entry.user_id) == ("spending_limit_reached", None)
        clock.advance(hours=1)
        assert money.reserve("screening", 2000, 0) is None
        assert money.current().left == 0.001
        assert [event.hour for event in told] == [HOUR, HOUR + timedelta(hours=1)]


def test_other_refusals_write_nothing(clock: FrozenClock, caplog: pytest.LogCaptureFixture) -> None:
    """They are told in the log, without what would have been said."""
    store = prepared()
    money = built(store, clock)
    money.reserve("screening", 1000, 0)
    money.reserve("screening", 1, 0)
    before = kept(store)
    with caplog.at_level(logging.INFO, "userkit.spending"):
        assert money.reserve("screening", 1, 0) is None
    assert kept(store) == before
    assert [record.__dict__["purpose"] for record in caplog.records] == ["screening"]


def test_what_is_never_settled_stays_counted_until_its_hour_is_over(clock: FrozenClock) -> None:
    """As when a process dies in the middle of a call."""
    money = built(prepared(), clock)
    money.reserve("screening", 1000, 0)
    clock.advance(minutes=29)
    assert money.reserve("screening", 1, 0) is None
    clock.advance(minutes=1)
    assert money.reserve("screening", 1, 0)


def test_a_call_is_counted_in_the_hour_in_which_it_was_reserved(clock: FrozenClock) -> None:
    """Also when it ends in the next."""
    store = prepared()
    money = built(store, clock)
    reservation = money.reserve("screening", 500, 0)
    clock.advance(hours=1)
    assert reservation is not None
    money.settle(reservation, Usage(input_tokens=7))
    (hour,) = kept(store)
    assert (hour.hour, hour.counted) == (HOUR, 7)
    assert money.current().purposes == {}


def test_a_reservation_is_settled_once(clock: FrozenClock) -> None:
    """A second time gives back nothing that others have set aside."""
    money = built(prepared(), clock)
    first, _ = money.reserve("screening", 400, 0), money.reserve("screening", 400, 0)
    assert first is not None
    money.settle(first, Usage())
    money.settle(first, Usage())
    assert first.is_settled
    assert money.current().left == 0.0006


def test_a_call_that_cost_more_than_was_set_aside_is_counted_whole(clock: FrozenClock) -> None:
    """Nothing is left then, and no less than nothing."""
    money = built(prepared(), clock)
    reservation = money.reserve("screening", 10, 0)
    assert reservation is not None
    money.settle(reservation, Usage(input_tokens=5000))
    assert money.current().left == 0
    assert money.reserve("screening", 1, 0) is None


def test_what_is_gone_is_not_settled(clock: FrozenClock) -> None:
    """It is no hour that anything is counted in."""
    store = prepared()
    money = built(store, clock)
    old = Reservation(purpose="screening", hour=HOUR, amount=5, tokens_in=5, tokens_out=0)
    money.settle(old, Usage(input_tokens=1))
    assert kept(store) == ()


def test_an_hour_is_kept_for_a_week(clock: FrozenClock) -> None:
    """The first call of a later hour clears it away."""
    store = prepared()
    money = built(store, clock)
    money.reserve("screening", 1, 0)
    assert kept(store)[0].expires_at == HOUR + timedelta(days=7)
    clock.advance(days=6)
    money.reserve("screening", 1, 0)
    assert len(kept(store)) == 2
    clock.advance(days=1)
    money.reserve("screening", 1, 0)
    assert HOUR not in {each.hour for each in kept(store)}


class UnpurgedStore(MemoryStore):
    """A store that fails when it is asked to clean up."""

    async def purge(self, entity: type[Entity], *, before: datetime, limit: int = 1000) -> int:
        raise StoreUnavailableError


@pytest.mark.parametrize("open_store", [UnpurgedStore, lambda: BareStore(MemoryStore())])
def test_a_call_does_not_depend_on_cleaning_up(clock: FrozenClock, open_store: Callable[[], Store]) -> None:
    """Where that fails, or the store cannot do it, everything else goes on."""
    money = built(prepared(open_store()), clock)
    assert money.reserve("screening", 1, 0)


def count_up(store: Store) -> None:
    """Write another revision of everything that is kept."""
    for each in kept(store):
        run(store.commit(Save(each, each.evolve())))


def test_cf_1_where_others_are_always_faster_no_model_is_asked(
    clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """It fails safe after some tries, and says so in the log."""
    store = OvertakenStore(prepared(), count_up)
    built(store.behind, clock).reserve("screening", 1, 0)
    with caplog.at_level(logging.WARNING, "userkit.spending"):
        assert built(store, clock).reserve("screening", 1, 0) is None
    assert store.commits == TRIES
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_cf_1_what_cannot_be_given_back_stays_counted(
    clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The call was made, and its answer is not lost for it."""
    store = OvertakenStore(prepared(), count_up)
    reservation = built(store.behind, clock).reserve("screening", 100, 0)
    assert reservation is not None
    with caplog.at_level(logging.WARNING, "userkit.spending"):
        built(store, clock).settle(reservation, Usage())
    assert store.commits == TRIES
    assert kept(store.behind)[0].counted == 100
    assert len(caplog.records) == 1


class LostStore(BareStore):
    """A store that cannot be reached any more."""

    async def step(self) -> None:
        raise StoreUnavailableError


def test_cf_1_a_store_that_cannot_be_reached_lets_no_model_be_asked(
    clock: FrozenClock, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is set aside; and what was stays counted."""
    store = prepared()
    reservation = built(store, clock).reserve("screening", 100, 0)
    assert reservation is not None
    lost = built(LostStore(store), clock)
    with pytest.raises(StoreUnavailableError):
        lost.reserve("screening", 1, 0)
    with caplog.at_level(logging.WARNING, "userkit.spending"):
        lost.settle(reservation, Usage())
    assert [record.__dict__["code"] for record in caplog.records] == ["unavailable"]
    assert kept(store)[0].counted == 100


def test_each_realm_has_a_limit_of_its_own(clock: FrozenClock) -> None:
    """And records of its own, with ids that are never the same."""
    store = prepared()
    feature = spending(per_hour=0.001, input_price=1, output_price=1)
    ids = set()
    for realm in ("acme", "globex"):
        money = feature.mirror(feature.build(parts_over(store, realm=realm, clock=clock)))
        assert money.reserve("screening", 1000, 0)
        ids.add(kept(store.realm(realm))[0].id)
    assert len(ids) == 2


@pytest.mark.parametrize("purpose", ["", "Screening", "a b", "x" * 41, "users/1", "ä"])
def test_a_purpose_is_a_short_name(clock: FrozenClock, purpose: str) -> None:
    """It is written in code, and never comes from anybody."""
    with pytest.raises(UsageError, match="A purpose is named"):
        built(prepared(), clock).reserve(purpose, 1, 1)


@pytest.mark.parametrize("tokens", [(-1, 0), (0, -1)])
def test_there_are_no_fewer_than_no_tokens(clock: FrozenClock, tokens: tuple[int, int]) -> None:
    """Otherwise a call could make room for others."""
    with pytest.raises(UsageError):
        built(prepared(), clock).reserve("screening", *tokens)


@pytest.mark.parametrize("amount", [0, -1, float("nan"), float("inf"), 1e10])
def test_a_limit_is_an_amount_above_nothing(amount: float) -> None:
    """It is said when the kit is made."""
    with pytest.raises(ConfigurationError, match="per_hour"):
        spending(per_hour=amount)


@pytest.mark.parametrize("name", ["input_price", "output_price"])
@pytest.mark.parametrize("amount", [-0.1, float("nan"), float("inf"), 1e10])
def test_a_price_is_an_amount(name: str, amount: float) -> None:
    """A model of one's own may cost nothing."""
    assert spending(**{name: 0}).name == "spending"
    with pytest.raises(ConfigurationError, match="the price of a million tokens"):
        spending(**{name: amount})


def test_costs_are_rounded_up_and_exact() -> None:
    """A price is meant as it is written: a tenth is no binary fraction."""
    prices = Prices.of(per_hour=0.0000001, input_price=0.1, output_price=0.7)
    assert prices.limit == 1
    assert prices.cost(input_tokens=10, output_tokens=10) == 8
    assert prices.cost(input_tokens=1, output_tokens=0) == 1
    assert prices.cost(input_tokens=0, output_tokens=0) == 0


def test_a_call_has_no_more_tokens_than_bytes_and_what_a_provider_adds() -> None:
    """Whatever is in them, also what is no UTF-8."""
    assert most_tokens() == 500
    assert most_tokens("abc", "äö", "\ud800") == 510


def test_what_a_provider_refuses_costs_nothing() -> None:
    """The kinds of errors that say so."""
    assert isinstance(ModelThrottledError(), UNCHARGED)


def test_both_kits_have_it_by_its_name(clock: FrozenClock) -> None:
    """Whatever it was made with."""
    feature = spending(per_hour=1)
    with SyncUserKit("memory://", secret=SECRET, features=[feature], clock=clock, relay=False) as kit:
        reservation = kit[spending()].reserve("screening", 10, 10)
        assert reservation is not None
        kit[spending()].settle(reservation, Usage(input_tokens=1, output_tokens=1))
        assert kit[feature].current().purposes["screening"].spent == 0.000018


def test_the_asynchronous_kit_waits_for_its_store(clock: FrozenClock) -> None:
    """With the same names."""

    async def story() -> None:
        store = WaitingStore(MemoryStore())
        async with UserKit(store, secret=SECRET, features=[spending()], clock=clock, relay=False) as kit:
            money = kit[spending()]
            reservation = await money.reserve("screening", 10, 10)
            assert reservation is not None
            await money.settle(reservation, Usage())
            assert (await money.current()).left == 5

    asyncio.run(story())


def test_what_is_reserved_on_the_applications_session_is_committed_with_it(
    clock: FrozenClock, tmp_path: Path
) -> None:
    """And rolled back with it."""
    url, feature = f"sqlite:///{tmp_path}/app.db", spending()
    engine = create_engine(url)
    with SyncUserKit(url, secret=SECRET, features=[feature], clock=clock, relay=False) as kit:
        for end in ("rollback", "commit"):
            with Session(engine) as session:
                joined = kit.with_store(SQLAlchemyStore.from_session(session))
                reservation = joined[feature].reserve("screening", 1000, 0)
                assert reservation is not None
                joined[feature].settle(reservation, Usage(input_tokens=1000))
                getattr(session, end)()
            assert kit[feature].current().left == (5 if end == "rollback" else 4.997)
    engine.dispose()
