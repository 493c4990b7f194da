"""SE: sessions, access and refresh tokens."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD, World
from userkit import SyncUserKit
from userkit.errors import ConfigurationError, NotFoundError, UnauthenticatedError, UserKitError
from userkit.features.sessions import RefreshReuseDetected, Session, TokenPair, sessions
from userkit.features.sessions.tokens import RefreshTokens
from userkit.kernel.opaque import new_secret
from userkit.ports.tokens import TokenSettings
from userkit.sync import run

CHECKED = {"jwt": TokenSettings(revocation="checked"), "session": None, "api-key": None}


def sign_in(kit: SyncUserKit, password: str = PASSWORD) -> TokenPair:
    """Sign Ada in."""
    return kit.sessions.sign_in(email=EMAIL, password=password)


def refresh_at_once(kit: SyncUserKit, token: str, callers: int) -> list[TokenPair | type[UserKitError]]:
    """Let many present one refresh token at the same moment."""
    gate = Barrier(callers)

    def enter(_: int) -> TokenPair | type[UserKitError]:
        gate.wait()
        try:
            return kit.sessions.refresh(token)
        except UserKitError as error:
            return type(error)

    with ThreadPoolExecutor(callers) as threads:
        return list(threads.map(enter, range(callers)))


@pytest.mark.parametrize("callers", [2, 8, 32])
def test_se_1_x3_of_many_who_refresh_at_once_one_gets_a_successor(here: World, callers: int) -> None:
    """The session survives, and so does its one new token."""
    here.ada()
    reuse = here.heard(RefreshReuseDetected)
    tokens = sign_in(here.kit)
    outcomes = refresh_at_once(here.kit, tokens.refresh_token, callers)
    pairs = [each for each in outcomes if isinstance(each, TokenPair)]
    assert len(pairs) == 1
    assert Counter(each for each in outcomes if not isinstance(each, TokenPair)) == (
        {UnauthenticatedError: callers - 1}
    )
    assert here.kit.sessions.refresh(pairs[0].refresh_token).session_id == tokens.session_id
    assert reuse == []


def test_se_1_a_token_that_was_spent_a_moment_ago_is_refused_without_punishment(here: World) -> None:
    """An honest client that sends it twice stays signed in."""
    here.ada()
    first = sign_in(here.kit)
    second = here.kit.sessions.refresh(first.refresh_token)
    here.clock.advance(seconds=10)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(first.refresh_token)
    assert here.kit.sessions.refresh(second.refresh_token).session_id == first.session_id


def test_se_1_an_older_token_ends_the_session_and_tells(here: World) -> None:
    """Whoever has the newest one has lost it, too: nobody knows who is who."""
    here.ada()
    reuse = here.heard(RefreshReuseDetected)
    first = sign_in(here.kit)
    second = here.kit.sessions.refresh(first.refresh_token)
    here.clock.advance(seconds=11)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(first.refresh_token)
    assert [type(event) for event in reuse] == [RefreshReuseDetected]
    for token in (second.refresh_token, first.refresh_token):
        with pytest.raises(UnauthenticatedError):
            here.kit.sessions.refresh(token)
    assert len(reuse) == 1


def test_se_1_a_token_two_generations_old_ends_the_session_at_once(here: World) -> None:
    """The grace is for the last one only."""
    here.ada()
    first = sign_in(here.kit)
    third = here.kit.sessions.refresh(here.kit.sessions.refresh(first.refresh_token).refresh_token)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(first.refresh_token)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(third.refresh_token)


def test_se_1_garbage_with_a_known_session_ends_nothing(here: World) -> None:
    """An id that leaked is no weapon."""
    here.ada()
    tokens = sign_in(here.kit)
    spent = here.kit.sessions.refresh(tokens.refresh_token)
    here.clock.advance(minutes=1)
    foreign = RefreshTokens((b"x" * 32,), here.realm)
    for generation in (0, 1, 2, 2**32 - 1):
        with pytest.raises(UnauthenticatedError):
            here.kit.sessions.refresh(foreign.write(tokens.session_id, generation, new_secret()))
    assert here.kit.sessions.refresh(spent.refresh_token)


@pytest.mark.parametrize("text", ["", "ukr_", "ukr_" + "A" * 95, "uks_x", "a.b.c", "\ud800", "ukr_\n", "é"])
def test_se_1_any_text_is_a_plain_refusal(in_memory: World, text: str) -> None:
    """In bounded time, and nothing happens."""
    with pytest.raises(UnauthenticatedError):
        in_memory.kit.sessions.refresh(text)


def test_se_2_a_session_that_is_not_used_ends(here: World) -> None:
    """After its idle time; use begins it anew."""
    here.open(features=[sessions(idle=timedelta(days=2), lifetime=timedelta(days=5))])
    here.ada()
    tokens = sign_in(here.kit)
    here.clock.advance(days=1.9)
    tokens = here.kit.sessions.refresh(tokens.refresh_token)
    here.clock.advance(days=1.9)
    tokens = here.kit.sessions.refresh(tokens.refresh_token)
    here.clock.advance(days=1.1)
    assert here.kit.sessions.refresh(tokens.refresh_token)  # day 4.9
    idle = sign_in(here.kit)
    here.clock.advance(days=2)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(idle.refresh_token)


def test_se_2_no_session_outlives_its_absolute_end(here: World) -> None:
    """However often it is refreshed, and no access token outlives it."""
    here.open(features=[sessions(idle=timedelta(days=2), lifetime=timedelta(days=3))])
    here.ada()
    tokens = sign_in(here.kit)
    for _ in range(2):
        here.clock.advance(days=1.4)
        tokens = here.kit.sessions.refresh(tokens.refresh_token)
    here.clock.advance(hours=4, minutes=45)  # 3 minutes before the end
    tokens = here.kit.sessions.refresh(tokens.refresh_token)
    assert tokens.expires_in == 180
    here.clock.advance(minutes=3)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(tokens.refresh_token)
    with pytest.raises(UnauthenticatedError):
        here.kit.authenticate(tokens.access_token)


def test_se_2_lifetimes_of_nothing_stop_the_start() -> None:
    """The sentence says what to write."""
    for wrong in (
        {"idle": timedelta(0)},
        {"lifetime": timedelta(0)},
        {"grace": timedelta(minutes=2)},
        {"cache_for": timedelta(hours=1)},
    ):
        with pytest.raises(ConfigurationError, match="such as timedelta"):
            sessions(**wrong)


def sign_out(here: World, session_id: str) -> None:
    here.kit.sessions.end(session_id)


def sign_out_everywhere(here: World, session_id: str) -> None:
    here.kit.sessions.end_all(here.kit.users.get_by_email(EMAIL).id)


def disable(here: World, session_id: str) -> None:
    here.kit.users.disable(here.kit.users.get_by_email(EMAIL).id)


def delete(here: World, session_id: str) -> None:
    here.kit.users.delete(here.kit.users.get_by_email(EMAIL).id)


def change_password(here: World, session_id: str) -> None:
    here.kit.passwords.change(
        here.kit.users.get_by_email(EMAIL).id, current_password=PASSWORD, new_password=NEW_PASSWORD
    )


def set_password(here: World, session_id: str) -> None:
    here.kit.passwords.set(here.kit.users.get_by_email(EMAIL).id, password=NEW_PASSWORD)


def remove_password(here: World, session_id: str) -> None:
    here.kit.passwords.remove(here.kit.users.get_by_email(EMAIL).id)


def reset_password(here: World, session_id: str) -> None:
    here.kit.password_reset.request(email=EMAIL)
    here.kit.password_reset.complete(token=here.token("reset_password"), password=NEW_PASSWORD)


ENDINGS = [
    sign_out,
    sign_out_everywhere,
    disable,
    delete,
    change_password,
    set_password,
    remove_password,
    reset_password,
]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("cache_for", [timedelta(0), timedelta(minutes=1)], ids=["looked up", "cached"])
def test_se_3_what_ends_a_session_acts_at_once(here: World, ending: object, cache_for: timedelta) -> None:
    """On refresh, on opaque sessions, and on access where tokens are checked; caches never resurrect."""
    here.open(auth=CHECKED, features=[sessions(cache_for=cache_for)])
    here.ada()
    tokens = sign_in(here.kit)
    cookie = here.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD)
    assert here.kit.authenticate(tokens.access_token).session_id == tokens.session_id
    assert here.kit.authenticate(cookie.token).session_id == cookie.session_id
    ending(here, tokens.session_id)  # type: ignore[operator]  # one of the above
    if ending is sign_out:
        ending(here, cookie.session_id)
    for attempt in (
        lambda: here.kit.sessions.refresh(tokens.refresh_token),
        lambda: here.kit.authenticate(tokens.access_token),
        lambda: here.kit.authenticate(cookie.token),
    ):
        with pytest.raises(UnauthenticatedError):
            attempt()


@pytest.mark.parametrize("ending", ENDINGS)
def test_se_3_a_stateless_token_is_good_until_it_expires_and_no_longer(
    in_memory: World, ending: object
) -> None:
    """Which is what stateless means; ten minutes by default."""
    in_memory.ada()
    tokens = sign_in(in_memory.kit)
    ending(in_memory, tokens.session_id)  # type: ignore[operator]  # one of the above
    assert in_memory.kit.authenticate(tokens.access_token)
    in_memory.clock.advance(minutes=10)
    with pytest.raises(UnauthenticatedError):
        in_memory.kit.authenticate(tokens.access_token)


def test_se_3_one_session_may_be_spared(here: World) -> None:
    """The one in which the password is changed, or from which the others are ended."""
    here.open(auth=CHECKED)
    ada = here.ada()
    other, mine = sign_in(here.kit), sign_in(here.kit)
    here.kit.passwords.change(
        ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD, session_id=mine.session_id
    )
    assert here.kit.authenticate(mine.access_token)
    mine = here.kit.sessions.refresh(mine.refresh_token)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(other.refresh_token)
    third = sign_in(here.kit, NEW_PASSWORD)
    here.kit.sessions.end_all(ada.id, except_session=third.session_id)
    assert here.kit.sessions.refresh(third.refresh_token)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(mine.refresh_token)
    assert [each.id for each in here.kit.sessions.list(ada.id).items] == [third.session_id]


def test_se_3_enabling_an_account_brings_no_session_back(here: World) -> None:
    """Disabling ended them."""
    ada = here.ada()
    tokens = sign_in(here.kit)
    here.kit.users.disable(ada.id)
    here.kit.users.enable(ada.id)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(tokens.refresh_token)
    assert sign_in(here.kit)


def test_se_3_a_deleted_user_leaves_no_session_behind(here: World) -> None:
    """Nor anything else to sign in with."""
    ada = here.ada()
    for _ in range(3):
        sign_in(here.kit)
    here.kit.users.delete(ada.id)
    store = here.kit._store.realm(here.realm)
    assert run(store.find(Session, "user_id", ada.id)).items == ()
    assert not here.kit.passwords.exists(ada.id)


def test_az_1_somebody_elses_session_answers_like_none(here: World) -> None:
    """When it is to be ended."""
    here.ada()
    bo = here.kit.users.register(email="bo@example.com", name="Bo", password=PASSWORD)
    tokens = sign_in(here.kit)
    for session_id in (tokens.session_id, bo.id, "", "no id", "\ud800"):
        with pytest.raises(NotFoundError):
            here.kit.sessions.end(session_id, user_id=bo.id)
    assert here.kit.sessions.refresh(tokens.refresh_token)
