"""Owners hear of guesses at their password and of sessions that others have had."""

import contextlib
from collections.abc import Iterator

import pytest

from tests.security.world import EMAIL, PASSWORD, World
from userkit import UserKitError, coming_from


@pytest.fixture
def here() -> Iterator[World]:
    """A world in memory, with a mailbox."""
    world = World("memory://")
    yield world
    world.close()


def guess(here: World, email: str = EMAIL, times: int = 6) -> None:
    """Guess wrong so often that a delay begins."""
    for _ in range(times):
        with contextlib.suppress(UserKitError):
            here.kit.sessions.sign_in(email=email, password="a wrong guess at it")


def notices(here: World, template: str) -> list[str]:
    """Return who got letters of a kind."""
    return [to for letter, to in here.mails() if letter == template]


def test_who_guesses_at_a_password_is_told_to_its_owner_once_a_day(here: World) -> None:
    """With the address that the guesses came from; strangers cannot fill the mailbox."""
    here.ada()
    with coming_from(address="192.0.2.66"):
        guess(here)
    assert notices(here, "sign_in_throttled") == [EMAIL]
    assert "192.0.2.66" in here.mailer.sent[-1].text
    for _ in range(5):
        here.clock.advance(hours=2)
        guess(here)
    assert notices(here, "sign_in_throttled") == [EMAIL]
    here.clock.advance(days=2)
    guess(here)
    assert notices(here, "sign_in_throttled") == [EMAIL, EMAIL]


def test_nobody_is_told_of_guesses_at_what_is_not_there(here: World) -> None:
    """Nor of other limits."""
    here.ada()
    guess(here, "nobody@example.com")
    for number in range(60):
        guess(here, f"nobody{number}@example.com", times=1)
    assert notices(here, "sign_in_throttled") == []


def test_a_session_that_somebody_else_has_had_is_told_to_its_owner(here: World) -> None:
    """In the commit that ends it."""
    here.ada()
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.kit.sessions.refresh(tokens.refresh_token)
    here.clock.advance(minutes=1)
    with contextlib.suppress(UserKitError):
        here.kit.sessions.refresh(tokens.refresh_token)
    assert notices(here, "refresh_reuse") == [EMAIL]


def test_without_a_mailer_nothing_is_written() -> None:
    """And nothing fails."""
    here = World("memory://")
    here.open(mailer=None)
    here.ada()
    guess(here)
    assert here.kit.outbox.deliver().done == 0
    here.close()
