"""What a user is, without any store."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.features.users import User
from userkit.kernel.email import EmailAddress
from userkit.kernel.identity import Identity
from userkit.ports.authentication import Account

THEN = datetime(2026, 1, 1, tzinfo=UTC)
LATER = THEN + timedelta(days=1)
ADA = User.register(
    id="019c9f2f-3d7b-7000-8000-000000000000",
    address=EmailAddress.parse("Ada@Example.com"),
    name="Ada Lovelace",
    attributes={"plan": "free"},
    now=THEN,
)


def test_time_comes_in_as_an_argument() -> None:
    """The model asks no clock."""
    assert (ADA.created_at, ADA.updated_at, ADA.version) == (THEN, THEN, 1)
    assert ADA.disabled(LATER).disabled_at == LATER
    assert ADA.changed(LATER, name="Ada King").updated_at == LATER


def test_what_changes_nothing_is_the_same_object() -> None:
    """So that nothing is written."""
    closed = ADA.disabled(LATER)
    assert ADA.enabled(LATER) is ADA
    assert closed.disabled(LATER) is closed
    assert ADA.changed(LATER) is ADA
    assert ADA.changed(LATER, name="Ada Lovelace", attributes={"plan": "free"}) is ADA


def test_an_address_is_verified_at_a_time() -> None:
    """Until then it is not."""
    assert not ADA.is_email_verified
    assert ADA.evolve(email_verified_at=LATER).is_email_verified


def test_a_user_is_searched_by_the_address_and_the_words_of_the_name() -> None:
    """The address comes first, and nothing comes twice."""
    assert ADA.search_words == ("ada@example.com", "ada", "lovelace")
    assert ADA.evolve(name="ada@example.com").search_words == ("ada@example.com", "ada@example", "com")


def test_users_with_attributes_can_be_put_in_sets() -> None:
    """Attributes count when users are compared, and not when they are hashed."""
    assert len({ADA, ADA.evolve(), ADA.changed(LATER, attributes={})}) == 3


STEPS: dict[str, Callable[[User, datetime], User]] = {
    "prove the mailbox": lambda user, now: user.claimed(now),
    "sign out": lambda user, now: user.signed_out(),
    "sign out but here": lambda user, now: user.signed_out(spare=ADA.id),
    "close and open": lambda user, now: user.disabled(now).enabled(now),
    "rename": lambda user, now: user.changed(now, name=user.name + "!"),
}
moments = st.datetimes(timezones=st.just(UTC))


@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), moments), max_size=12))
def test_vf_5_what_was_issued_before_the_claim_is_void_and_nothing_else(
    steps: list[tuple[str, datetime]],
) -> None:
    """Whatever else happens, in whatever order, and whatever the clocks say."""
    users = [ADA]
    for step, now in steps:
        users.append(STEPS[step](users[-1], now))
    claimed = next((at for at, each in enumerate(users) if each.is_email_verified), 0)
    for at, then in enumerate(users):
        assert users[-1].honours(then.session_epoch) is (at >= claimed)
    assert users[-1].honours(None)
    assert not users[-1].disabled(LATER).honours(None)


@pytest.mark.parametrize(("epoch", "counts"), [(None, True), (0, False), (1, True), (2, True)])
def test_vf_5_an_account_tells_auth_backends_the_same(epoch: int | None, counts: bool) -> None:
    """They see less of a user, and judge alike."""
    claimed = ADA.claimed(LATER)
    seen = Account(id=ADA.id, email=ADA.email, disabled=False, claimed_epoch=claimed.claimed_epoch)
    assert seen.honours(epoch) is claimed.honours(epoch) is counts
    assert not Account(id=ADA.id, email=ADA.email, disabled=True).honours(epoch)


def test_vf_5_a_claim_spares_no_session() -> None:
    """Not even one that is named as spared afterwards."""
    spared = ADA.claimed(LATER).signed_out(spare="s")
    assert not spared.admits("s", ADA.session_epoch)
    assert spared.admits("s", spared.claimed_epoch)
    assert not ADA.verified(LATER).claimed(LATER).signed_out(spare="s").admits("s", ADA.session_epoch)


@pytest.mark.parametrize(
    ("identity", "counts"),
    [
        ({"session_id": "s", "epoch": 1}, True),
        ({"session_id": "s", "epoch": 0}, False),
        ({"epoch": 1}, True),
        ({"epoch": 0}, False),
        ({}, True),
        ({"session_id": "s"}, True),
    ],
    ids=["session", "ended session", "key", "key of before", "proxy", "session of somebody else's"],
)
def test_vf_5_whose_word_counts_after_a_claim(identity: dict[str, Any], counts: bool) -> None:
    """Of a session or a key its epoch tells; what was not issued here is as good as its issuer."""
    claimed = ADA.claimed(LATER)
    assert claimed.vouches_for(Identity(user_id=ADA.id, authenticated_at=LATER, **identity)) is counts
    assert not claimed.disabled(LATER).vouches_for(
        Identity(user_id=ADA.id, authenticated_at=LATER, **identity)
    )


spared = st.lists(st.sampled_from([None, "a", "b", "c", "nobody"]), max_size=12)
begins = st.integers(0, 12)


@given(spared, begins, begins, begins)
def test_se_3_a_session_that_has_ended_is_not_spared(
    spares: list[str | None], a: int, b: int, c: int
) -> None:
    """Whatever is named as spared, and however often: open is who was open each time."""
    began = {"a": a, "b": b, "c": c}
    user = ADA
    is_open = {name: epoch == 0 for name, epoch in began.items()}
    for epoch, spare in enumerate(spares, start=1):
        user = user.signed_out(spare=spare)
        is_open = {name: (was and name == spare) or began[name] == epoch for name, was in is_open.items()}
    assert {name: user.admits(name, epoch) for name, epoch in began.items() if epoch <= len(spares)} == {
        name: was for name, was in is_open.items() if began[name] <= len(spares)
    }
