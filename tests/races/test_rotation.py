"""X3: one refresh token, 2 to 32 callers: exactly one live successor, and the session survives."""

from functools import partial

import pytest

from tests.races.callers import refresh
from tests.races.kits import Arena, CarelessStore, Job
from tests.security.world import EMAIL, PASSWORD
from userkit import TokenPair
from userkit.errors import UnauthenticatedError
from userkit.features.audit import AuditEntry
from userkit.features.sessions import Session


def signed_in(arena: Arena) -> TokenPair:
    """Register Ada and sign her in."""
    arena.kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    return arena.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def callers_of(pair: TokenPair, callers: int) -> list[Job]:
    """Let all of them present one token."""
    return [partial(refresh, token=pair.refresh_token)] * callers


@pytest.mark.parametrize(
    ("callers", "held"),
    [(2, True), (8, True), (32, True), (32, False)],
    ids=["2", "8", "32", "32 as they come"],
)
def test_x3_one_refresh_token_has_one_successor(arena: Arena, callers: int, held: bool) -> None:
    """The others are refused and punish nobody: the successor goes on, the spent token does not."""
    pair = signed_in(arena)
    result = arena.race(callers_of(pair, callers), held=held)
    result.sole_winner(UnauthenticatedError)
    (successor,) = result.values
    (session,) = arena.stored(Session)
    assert (session.id, session.generation, session.version) == (pair.session_id, 1, 2)
    assert {each.event for each in arena.stored(AuditEntry)} == {"user_registered", "signed_in"}
    with pytest.raises(UnauthenticatedError):
        arena.kit.sessions.refresh(pair.refresh_token)
    assert arena.kit.sessions.refresh(successor.refresh_token).session_id == pair.session_id


def test_x3_races_over_many_generations_lose_no_session(arena: Arena) -> None:
    """An honest client that sends everything twice stays signed in."""
    pair = signed_in(arena)
    for generation in range(1, 4):
        result = arena.race(callers_of(pair, 2), held=bool(generation % 2))
        result.sole_winner(UnauthenticatedError)
        (pair,) = result.values
        (session,) = arena.stored(Session)
        assert session.generation == generation


def test_x3_a_token_that_was_stolen_ends_the_session_for_all_who_refresh_at_once(arena: Arena) -> None:
    """The thief's successors, the owner's tokens: none is alive afterwards, whoever came first."""
    old = signed_in(arena)
    new = arena.kit.sessions.refresh(old.refresh_token)
    arena.ground.clock.advance(seconds=11)
    arena.race(callers_of(old, 8) + callers_of(new, 8))
    assert arena.stored(Session) == []
    for pair in (old, new):
        with pytest.raises(UnauthenticatedError):
            arena.kit.sessions.refresh(pair.refresh_token)


def test_x3_would_notice_a_store_where_the_last_write_wins(arena: Arena) -> None:
    """There each of those who have read gets a successor."""
    pair = signed_in(arena)
    result = arena.broken(CarelessStore).race(callers_of(pair, 8))
    assert len(result.winners) > 1
