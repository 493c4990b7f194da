"""How long a session lives, and what a refresh token is to it."""

from datetime import UTC, datetime, timedelta

import pytest

from userkit.features.sessions.model import Lifetimes, Session, SessionKind, Standing
from userkit.kernel.ids import derived_id
from userkit.kernel.opaque import digest

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LIVES = Lifetimes(idle=timedelta(days=1), absolute=timedelta(days=3), grace=timedelta(seconds=10))
FIRST, SECOND, THIRD, MADE_UP = (bytes([number]) * 32 for number in range(4))


def session() -> Session:
    """Return a new one."""
    return Session(
        id=derived_id("a session"),
        user_id=derived_id("ada"),
        epoch=0,
        kind=SessionKind.BEARER,
        methods=frozenset({"pwd"}),
        digest=digest(FIRST),
        created_at=NOW,
        authenticated_at=NOW,
        last_used_at=NOW,
        expires_at=NOW + LIVES.idle,
        ends_at=NOW + LIVES.absolute,
    )


def after(seconds: float) -> datetime:
    """Return a time after the beginning."""
    return NOW + timedelta(seconds=seconds)


def standing(
    of: Session, secret: bytes, generation: int, *, at: datetime = NOW, genuine: bool = True
) -> Standing:
    """Tell what a token is to a session."""
    return of.standing(generation=generation, secret=secret, genuine=genuine, now=at, grace=LIVES.grace)


def test_the_newest_token_is_good_whether_or_not_its_mac_is_known() -> None:
    """Its digest is what counts, so that a rotation of secrets signs nobody out."""
    assert standing(session(), FIRST, 0) is Standing.CURRENT
    assert standing(session(), FIRST, 0, genuine=False) is Standing.CURRENT


@pytest.mark.parametrize(
    ("generation", "seconds", "expected"),
    [
        (1, 0, Standing.JUST_SPENT),
        (1, 10, Standing.JUST_SPENT),
        (1, 10.001, Standing.REUSED),
        (1, -3600, Standing.JUST_SPENT),
        (0, 0, Standing.REUSED),
        (0, 3600, Standing.REUSED),
    ],
)
def test_a_spent_token_is_forgiven_for_a_moment(generation: int, seconds: float, expected: Standing) -> None:
    """Only the last one, and also when the clock stepped back."""
    spent = session().rotated(digest(SECOND), NOW, LIVES).rotated(digest(THIRD), NOW, LIVES)
    secret = (FIRST, SECOND)[generation]
    assert standing(spent, secret, generation, at=after(seconds)) is expected


def test_what_was_never_issued_is_foreign() -> None:
    """Whatever it says of itself, it ends nothing."""
    spent = session().rotated(digest(SECOND), NOW, LIVES)
    for generation in (0, 1, 2, 2**32 - 1):
        assert standing(spent, MADE_UP, generation, at=after(60), genuine=False) is Standing.FOREIGN
    # Its MAC is right, yet no such token was ever given out.
    assert standing(spent, MADE_UP, 1, at=after(60)) is Standing.FOREIGN
    assert standing(spent, MADE_UP, 7, at=after(60)) is Standing.FOREIGN


def test_use_begins_the_idle_time_anew_but_not_the_absolute_one() -> None:
    """A session ends at the earlier of both."""
    used = session()
    for day in (0.9, 1.8, 2.7):
        now = NOW + timedelta(days=day)
        assert not used.is_over(now)
        used = used.rotated(digest(SECOND), now, LIVES)
        assert used.expires_at == min(now + LIVES.idle, NOW + LIVES.absolute)
    assert not used.is_over(NOW + timedelta(days=2.99))
    assert used.is_over(NOW + timedelta(days=3))
    assert session().is_over(NOW + LIVES.idle)
    assert session().used(after(60), LIVES).expires_at == after(60) + LIVES.idle


def test_a_proof_makes_a_session_fresh() -> None:
    """And is added to what was proved before."""
    proved = session().proved_again(frozenset({"otp"}), after(60))
    assert proved.methods == {"pwd", "otp"}
    assert proved.authenticated_at == after(60)
    assert proved.expires_at == session().expires_at


def test_what_others_learn_of_a_session() -> None:
    """Its absolute end, and no digest."""
    facts = session().facts()
    assert (facts.id, facts.user_id, facts.expires_at) == (
        session().id,
        session().user_id,
        session().ends_at,
    )
    assert facts.scopes == {"*"}
    assert repr(digest(FIRST)) not in repr(session())
