"""SE-3 and VF-4: a session that has ended stays ended, and starts nothing that would outlive it."""

from collections.abc import Callable

import pytest

from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD, World
from userkit import SyncUserKit
from userkit.errors import UnauthenticatedError

End = Callable[[SyncUserKit, str], object]

ENDS: dict[str, End] = {
    "another password": lambda kit, user_id: kit.passwords.set(user_id, password=NEW_PASSWORD),
    "signed out everywhere": lambda kit, user_id: kit.sessions.end_all(user_id),
    "closed and opened": lambda kit, user_id: (kit.users.disable(user_id), kit.users.enable(user_id))[0],
}
ended = pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)


@ended
def test_se_3_a_session_that_has_ended_is_not_brought_back_by_sparing_it(here: World, end: End) -> None:
    """Its access token lives on for a while, and may say which session goes on when all others end."""
    ada = here.ada()
    pair = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    end(here.kit, ada.id)
    here.kit.sessions.end_all(ada.id, except_session=pair.session_id)
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(pair.refresh_token)


def test_se_3_knowing_the_password_does_not_bring_it_back_either(here: World) -> None:
    """A second factor would be passed by with it."""
    ada = here.ada()
    pair = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.kit.sessions.end_all(ada.id)
    here.kit.passwords.change(
        ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD, session_id=pair.session_id
    )
    with pytest.raises(UnauthenticatedError):
        here.kit.sessions.refresh(pair.refresh_token)


def test_se_3_a_session_may_be_spared_again_and_again(here: World) -> None:
    """As long as it is open."""
    ada = here.ada()
    pair = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    for _ in range(3):
        here.kit.sessions.end_all(ada.id, except_session=pair.session_id)
        pair = here.kit.sessions.refresh(pair.refresh_token)
    here.kit.passwords.change(
        ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD, session_id=pair.session_id
    )
    assert here.kit.sessions.refresh(pair.refresh_token).access_token


@ended
def test_vf_4_who_is_signed_out_meanwhile_asks_for_no_other_address(here: World, end: End) -> None:
    """The change would be bound to sessions that begin afterwards, and move the account."""
    ada = here.ada()
    thief = here.kit.authenticate(here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).access_token)
    end(here.kit, ada.id)
    with pytest.raises(UnauthenticatedError):
        here.kit.email_verification.change(ada.id, email="thief@example.com", by=thief)


@ended
def test_se_3_who_is_signed_out_meanwhile_makes_no_key(here: World, end: End) -> None:
    """It would outlive the password."""
    ada = here.ada()
    thief = here.kit.authenticate(here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).access_token)
    end(here.kit, ada.id)
    with pytest.raises(UnauthenticatedError):
        here.kit.api_keys.create(ada.id, name="back door", by=thief)


def test_vf_4_who_is_spared_asks_for_another_address(here: World) -> None:
    """Their session is open, whenever it began."""
    ada = here.ada()
    pair = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.kit.sessions.end_all(ada.id, except_session=pair.session_id)
    here.kit.email_verification.change(
        ada.id, email="ada@new.example", by=here.kit.authenticate(pair.access_token)
    )
    assert here.token("change_email")
