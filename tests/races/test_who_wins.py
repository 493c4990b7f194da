"""X12: disabling, revoking and the new password win over whatever happens at the same moment.

Every race is run twice: once where everybody has read before anybody writes, and once as they come.
Afterwards nothing that the loser did may be alive.
"""

from functools import partial

import pytest

from tests.races.callers import (
    change_password,
    delete,
    disable,
    end,
    end_all,
    refresh,
    rename,
    sign_in,
    use,
)
from tests.races.kits import Arena, CarelessStore, Job
from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD
from userkit import TokenPair, User
from userkit.errors import (
    InvalidCredentialsError,
    NotFoundError,
    StaleError,
    UnauthenticatedError,
    UserNotFoundError,
)
from userkit.features.passwords import PasswordCredential
from userkit.features.sessions import Session

CALLERS = 6

both = pytest.mark.parametrize("held", [True, False], ids=["all read first", "as they come"])


def ada(arena: Arena, *, outdated: bool = False) -> User:
    """Register Ada; her hash may be one that is made anew at the next sign-in."""
    user = arena.kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    if outdated:
        arena.kit.passwords.import_hash(user.id, f"old:{PASSWORD}")
    return user


def assert_dead(arena: Arena, pairs: list[TokenPair]) -> None:
    """None of these is good for anything any more."""
    for pair in pairs:
        with pytest.raises(UnauthenticatedError):
            arena.kit.sessions.refresh(pair.refresh_token)


def assert_nobody_is_signed_in(arena: Arena, user: User) -> None:
    """Nor would anybody be if the account were open."""
    arena.kit.users.enable(user.id)
    assert arena.kit.sessions.list(user.id).items == ()


@both
def test_x12_renaming_opens_no_closed_account(fewer: Arena, held: bool) -> None:
    """What was acknowledged is there: the names, and above all that the account is closed."""
    user = ada(fewer)
    renames: list[Job] = [partial(rename, user_id=user.id, name=f"Ada {each}") for each in range(CALLERS)]
    result = fewer.race([partial(disable, user_id=user.id), *renames], held=held)
    assert 0 in result.winners
    assert set(result.errors) <= {StaleError}
    (after,) = fewer.stored(User)
    assert after.is_disabled
    assert after.version == user.version + len(result.winners)
    with pytest.raises(InvalidCredentialsError):
        fewer.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


@both
@pytest.mark.parametrize("outdated", [True, False], ids=["hash made anew", "hash of today"])
def test_x12_the_new_password_wins_over_sign_ins_with_the_old(
    fewer: Arena, held: bool, outdated: bool
) -> None:
    """Neither a hash that is made anew nor a session that is opened at this moment brings the old back."""
    user = ada(fewer, outdated=outdated)
    result = fewer.race([partial(change_password, user_id=user.id), *[sign_in] * CALLERS], held=held)
    assert 0 in result.winners
    assert set(result.errors) <= {InvalidCredentialsError}
    (credential,) = fewer.stored(PasswordCredential)
    assert credential.hash == f"plain:{NEW_PASSWORD}"
    assert_dead(fewer, [each for each in result.values if each is not None])
    assert_nobody_is_signed_in(fewer, user)
    with pytest.raises(InvalidCredentialsError):
        fewer.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert fewer.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)


@both
def test_x12_disabling_wins_over_signing_in(fewer: Arena, held: bool) -> None:
    """Also after the account is opened again."""
    user = ada(fewer)
    result = fewer.race([partial(disable, user_id=user.id), *[sign_in] * CALLERS], held=held)
    assert 0 in result.winners
    assert set(result.errors) <= {InvalidCredentialsError}
    pairs = [each for each in result.values if each is not None]
    assert_dead(fewer, pairs)
    assert_nobody_is_signed_in(fewer, user)
    assert_dead(fewer, pairs)


@both
@pytest.mark.parametrize("ending", [end, end_all, disable, delete])
def test_x12_revoking_wins_over_use(fewer: Arena, held: bool, ending: object) -> None:
    """A session that is used and refreshed at the moment it is ended stays ended."""
    user = ada(fewer)
    pair = fewer.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    cookie = fewer.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    fewer.ground.clock.advance(minutes=2)  # so that use is written down
    endings: list[Job] = (
        [partial(end, session_id=each.session_id) for each in (pair, cookie)]
        if ending is end
        else [partial(ending, user_id=user.id)]  # type: ignore[arg-type]
    )
    users: list[Job] = [partial(use, token=cookie.token)] * CALLERS
    refreshers: list[Job] = [partial(refresh, token=pair.refresh_token)] * CALLERS
    result = fewer.race([*endings, *users, *refreshers], held=held)
    assert set(range(len(endings))) <= set(result.winners)
    assert set(result.errors) <= {UnauthenticatedError, StaleError}
    assert_dead(fewer, [pair, *(each for each in result.values if isinstance(each, TokenPair))])
    with pytest.raises(UnauthenticatedError):
        fewer.kit.authenticate(cookie.token)
    if ending is end:
        assert fewer.stored(Session) == []
    if ending is delete:
        with pytest.raises(UserNotFoundError):
            fewer.kit.users.get(user.id)
    else:
        assert_nobody_is_signed_in(fewer, user)


@both
def test_x12_ending_a_session_twice_ends_it_once(fewer: Arena, held: bool) -> None:
    """One of them did it, the others find nothing to end."""
    ada(fewer)
    pair = fewer.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    result = fewer.race([partial(end, session_id=pair.session_id)] * CALLERS, held=held)
    result.sole_winner(NotFoundError)
    assert fewer.stored(Session) == []


@both
def test_x12_nobody_signs_in_to_a_deleted_account(fewer: Arena, held: bool) -> None:
    """And what was kept of the user is gone, also when the address is taken again."""
    user = ada(fewer, outdated=True)
    result = fewer.race([partial(delete, user_id=user.id), *[sign_in] * CALLERS], held=held)
    assert 0 in result.winners
    assert set(result.errors) <= {InvalidCredentialsError}
    assert_dead(fewer, [each for each in result.values if each is not None])
    assert fewer.stored(User) == fewer.stored(PasswordCredential) == []
    ada(fewer)
    assert_dead(fewer, [each for each in result.values if each is not None])


def test_x12_would_notice_a_store_where_the_last_write_wins(fewer: Arena) -> None:
    """There a new name opens the account that was closed."""
    careless = fewer.broken(CarelessStore)
    for _ in range(20):
        user = ada(careless)
        renames: list[Job] = [partial(rename, user_id=user.id, name=f"Ada {each}") for each in range(CALLERS)]
        careless.race([partial(disable, user_id=user.id), *renames])
        if not careless.kit.users.get(user.id).is_disabled:
            return
        careless.kit.users.delete(user.id)
    pytest.fail("the account was never opened again")
