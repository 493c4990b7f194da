"""A user moves to another address, which confirms it; the old one is told."""

import pytest

from tests.features.email_verification.world import ADA, NEW_PASSWORD, PASSWORD, World
from userkit.errors import EmailAlreadyExistsError, InvalidEmailError, InvalidTokenError, RateLimitedError
from userkit.features.email_verification import EmailChanged

NEW = "Ada@New.example"


def test_both_addresses_get_a_letter(here: World) -> None:
    """The new one is asked, the old one told, and nothing has changed yet."""
    ada = here.verified_ada()
    here.mails()
    here.verification.change(ada.id, email=NEW)
    assert here.kinds() == ["EmailChangeRequested"]
    asking, telling = sorted(here.mails(), key=lambda message: message.template)
    assert (asking.template, asking.to) == ("change_email", NEW)
    assert "https://app.example/change-email#token=ukl_" in asking.text
    assert (telling.template, telling.to) == ("email_change_requested", ADA)
    assert NEW in telling.text
    assert "ukl_" not in telling.text
    assert here.users.get(ada.id) == ada


def test_the_link_moves_the_user(here: World) -> None:
    """The new address is verified by it, and the old one is told in the same commit."""
    ada = here.ada()
    here.mails()
    here.verification.change(ada.id, email=NEW)
    token = here.token("change_email")
    here.clock.advance(minutes=1)
    moved = here.verification.confirm_change(token=token)
    assert (moved.email, moved.email_key) == (NEW, "ada@new.example")
    assert moved.email_verified_at == here.clock()
    assert here.told[-1] == EmailChanged(at=here.clock(), realm="default", before=ada, user=moved)
    assert here.letters() == [("email_changed", ADA)]
    assert here.session(email=NEW)
    with pytest.raises(InvalidTokenError):
        here.verification.confirm_change(token=token)


def test_another_spelling_of_the_same_address_is_a_change(here: World) -> None:
    """Mail goes where it was typed last."""
    ada = here.ada()
    here.mails()
    here.verification.change(ada.id, email="ada@example.com")
    assert here.verification.confirm_change(token=here.token("change_email")).email == "ada@example.com"


def test_an_address_that_is_taken_gets_no_link(here: World) -> None:
    """Its owner hears nothing, and who asks cannot tell: the old address is told in any case."""
    ada = here.verified_ada()
    here.users.register(email="grace@example.com", name="Grace Hopper")
    here.mails()
    here.verification.change(ada.id, email="Grace@Example.com")
    assert here.letters() == [("email_change_requested", ADA)]


def test_an_address_taken_meanwhile_stays_taken(here: World) -> None:
    """The link is still good, should it become free."""
    ada = here.ada()
    here.mails()
    here.verification.change(ada.id, email=NEW)
    token = here.token("change_email")
    other = here.users.register(email="ada@new.example", name="Ada Byron")
    with pytest.raises(EmailAlreadyExistsError):
        here.verification.confirm_change(token=token)
    assert here.users.get(ada.id) == ada
    here.users.delete(other.id)
    assert here.verification.confirm_change(token=token).email == NEW


def test_what_is_no_address_is_refused(here: World) -> None:
    """Before anything is written."""
    ada = here.ada()
    here.mails()
    with pytest.raises(InvalidEmailError):
        here.verification.change(ada.id, email="ada@new.example, eve@example.com")
    assert here.entries() == ()


def test_who_is_disabled_changes_nothing(here: World) -> None:
    """Nothing is sent."""
    ada = here.ada()
    here.mails()
    here.users.disable(ada.id)
    here.verification.change(ada.id, email=NEW)
    assert here.entries() == ()


def test_a_user_may_not_flood_mailboxes(here: World) -> None:
    """Neither many of them nor, with many accounts, one."""
    ada = here.ada()
    for number in range(3):
        here.verification.change(ada.id, email=f"{number}@new.example")
    with pytest.raises(RateLimitedError):
        here.verification.change(ada.id, email="3@new.example")
    others = [here.users.register(email=f"{n}@example.com", name="Somebody").id for n in range(4)]
    for user_id in others[:3]:
        here.verification.change(user_id, email=NEW)
    with pytest.raises(RateLimitedError):
        here.verification.change(others[3], email=NEW)


def test_the_newest_change_counts(here: World) -> None:
    """Whoever changes their mind gets the last address."""
    ada = here.ada()
    here.mails()
    here.verification.change(ada.id, email=NEW)
    first = here.token("change_email")
    here.clock.advance(seconds=1)
    here.verification.change(ada.id, email="ada@newest.example")
    second = here.token("change_email")
    with pytest.raises(InvalidTokenError):
        here.verification.confirm_change(token=first)
    assert here.verification.confirm_change(token=second).email == "ada@newest.example"


def test_what_a_change_kills(here: World) -> None:
    """Links that were sent to the old address open nothing any more."""
    ada = here.ada()
    verifying = here.token("verify_email")
    here.reset.request(email=ADA)
    resetting = here.token("reset_password")
    here.verification.change(ada.id, email=NEW)
    here.verification.confirm_change(token=here.token("change_email"))
    with pytest.raises(InvalidTokenError):
        here.verification.complete(token=verifying)
    with pytest.raises(InvalidTokenError):
        here.reset.complete(token=resetting, password=NEW_PASSWORD)
    assert here.session(email=NEW, password=PASSWORD)
