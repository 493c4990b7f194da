"""X2: every single-use secret, 16 callers, in threads, tasks and two processes: exactly one success."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

import pytest

from tests.races.kits import Arena, CarelessStore, Desk
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from userkit import User
from userkit.errors import InvalidCredentialsError, InvalidTokenError, StaleError
from userkit.features.email_verification.letters import CHANGE, VERIFY
from userkit.features.links import Link
from userkit.features.password_reset.letters import RESET
from userkit.features.passwords import PasswordCredential
from userkit.sync import run

CALLERS = 16
NEW_EMAIL = "ada@new.example"
LIFETIME = timedelta(hours=1)

Spend = Callable[..., Awaitable[User]]


async def reset(desk: Desk, *, token: str) -> User:
    """Set a new password with a link."""
    user: User = await desk.password_reset.complete(token=token, password=NEW_PASSWORD)
    return user


async def verify(desk: Desk, *, token: str) -> User:
    """Take an account over with a link."""
    user: User = await desk.email_verification.complete(token=token)
    return user


async def change(desk: Desk, *, token: str) -> User:
    """Move to another address with a link."""
    user: User = await desk.email_verification.confirm_change(token=token)
    return user


def link(arena: Arena, purpose: str) -> str:
    """Register Ada, and make her a link."""
    kit = arena.kit
    user = kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    make = kit._built["links"].make
    if purpose == CHANGE:
        return str(run(make(purpose, user, lifetime=LIFETIME, new_email=NEW_EMAIL, bind_epoch=True)))
    return str(run(make(purpose, user, lifetime=LIFETIME)))


EVERY = pytest.mark.parametrize(
    ("purpose", "spend"), [(RESET, reset), (VERIFY, verify), (CHANGE, change)], ids=[RESET, VERIFY, CHANGE]
)


@EVERY
@pytest.mark.parametrize("held", [True, False], ids=["all read first", "as they come"])
def test_x2_of_sixteen_who_spend_one_link_one_succeeds(
    fewer: Arena, purpose: str, spend: Spend, held: bool
) -> None:
    """The others hear that it is spent, and what it was for has happened once."""
    token = link(fewer, purpose)
    result = fewer.race([partial(spend, token=token)] * CALLERS, held=held)
    result.sole_winner(InvalidTokenError, StaleError)
    (spent,) = fewer.stored(Link)
    assert spent.spent_at is not None
    (user,) = fewer.stored(User)
    assert user.version == 2
    assert (user.email_key == NEW_EMAIL) is (purpose == CHANGE)
    assert len(fewer.stored(PasswordCredential)) == (0 if purpose == VERIFY else 1)
    if purpose == RESET:
        assert fewer.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
        with pytest.raises(InvalidCredentialsError):
            fewer.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_x2_would_notice_a_store_where_the_last_write_wins(fewer: Arena) -> None:
    """There each of those who have read spends it."""
    token = link(fewer, RESET)
    result = fewer.broken(CarelessStore).race([partial(reset, token=token)] * 8)
    assert len(result.winners) > 1
