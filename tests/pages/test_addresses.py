"""Confirming and changing an address."""

import pytest

from tests.features.surface import NEW_PASSWORD, PASSWORD, Site
from tests.pages.walker import Walker

ADA = "ada@example.com"
CONFIRMED = ["Your address is confirmed."]


@pytest.fixture
def token(site: Site) -> str:
    """Return the token of the link that Ada was sent when she registered."""
    return site.token("verify_email", ADA)


def is_verified(site: Site) -> bool:
    return site.kit.users.get_by_email(ADA).is_email_verified


def test_who_is_signed_in_confirms_with_one_button(site: Site, ada: Walker, token: str) -> None:
    """Nothing else of the account changes."""
    page = ada.goto("/verify-email")
    assert [each["name"] for each in page.markup.forms[-1].fields if each.tag == "input"] == ["csrf", "link"]
    page = ada.send(link=token)
    assert (page.path, page.done) == ("/account?did=verified", CONFIRMED)
    assert "Confirmed" in page.markup.text
    assert is_verified(site)
    assert site.kit.passwords.exists(site.kit.users.get_by_email(ADA).id)


def test_who_is_not_signed_in_shows_it_with_the_password(site: Site, walker: Walker, token: str) -> None:
    """A wrong one is said at its field, and the link is as good as it was."""
    walker.goto("/verify-email")
    wrong = walker.send(link=token, password="wrong", how="password")
    assert (wrong.status, wrong.alerts) == (401, ["Problem: This is not the password of the account."])
    assert wrong.markup.forms[-1].values()["link"] == token
    assert not is_verified(site)
    page = walker.send(password=PASSWORD, how="password")
    assert (page.path, page.done) == ("/sign-in?did=verified", CONFIRMED)
    assert is_verified(site)


def test_vf_5_who_did_not_register_takes_the_account_over(site: Site, ada: Walker, token: str) -> None:
    """The password and the sessions of whoever had registered are gone; the owner chooses a new one."""
    owner = Walker(site)
    owner.goto("/verify-email")
    page = owner.send(link=token, how="take-over")
    assert page.path == "/forgot-password?did=taken-over"
    assert is_verified(site)
    assert not site.kit.passwords.exists(site.kit.users.get_by_email(ADA).id)
    assert ada.goto("/account").path.startswith("/sign-in")
    owner.send(email=ADA)
    owner.goto("/reset-password")
    owner.send(link=site.token("reset_password", ADA), password=NEW_PASSWORD)
    site.clock.advance(seconds=1)
    assert owner.send(email=ADA, password=NEW_PASSWORD).path == "/account"


@pytest.mark.parametrize("how", ["", "nonsense"])
def test_nobody_takes_over_by_mistake(site: Site, walker: Walker, token: str, how: str) -> None:
    """A form that does not say so asks again, and the link is still there."""
    walker.goto("/verify-email")
    page = walker.send(link=token, how=how)
    assert (page.status, page.path) == (200, "/verify-email")
    assert page.markup.forms[-1].values()["link"] == token
    assert not is_verified(site)


def test_the_link_of_another_account_asks_what_to_do(site: Site, token: str) -> None:
    """Whoever is signed in elsewhere does not end somebody's password by one button."""
    site.kit.users.register(email="bob@example.com", name="Bob", password=NEW_PASSWORD)
    bob = Walker(site).signed_in("bob@example.com", NEW_PASSWORD)
    bob.goto("/verify-email")
    page = bob.send(link=token)
    assert "The link is for another account than the one you are signed in to." in page.markup.text
    assert not is_verified(site)
    assert bob.send(password=PASSWORD, how="password").path == "/account?did=verified"
    assert is_verified(site)
    assert not site.kit.users.get_by_email("bob@example.com").is_email_verified


def test_an_address_that_is_confirmed_already_is_confirmed(site: Site, walker: Walker, token: str) -> None:
    """By a reset, say: the link does no harm any more, whatever is pressed."""
    site.kit.password_reset.request(email=ADA)
    reset = site.token("reset_password", ADA)
    site.kit.password_reset.complete(token=reset, password=NEW_PASSWORD)
    walker.goto("/verify-email")
    page = walker.send(link=token, how="take-over")
    assert page.path == "/sign-in?did=verified"
    assert site.kit.passwords.exists(site.kit.users.get_by_email(ADA).id)


@pytest.mark.parametrize("path", ["/verify-email", "/change-email"])
def test_a_link_that_is_not_good_is_said_at_its_field(walker: Walker, path: str) -> None:
    """Whatever is wrong with it."""
    walker.goto(path)
    page = walker.send(link="ukl_nonsense")
    assert (page.status, page.alerts) == (400, ["Problem: The link is not valid or no longer valid."])


@pytest.mark.parametrize("path", ["/verify-email", "/change-email", "/reset-password"])
def test_vf_2_get_consumes_nothing(site: Site, walker: Walker, token: str, path: str) -> None:
    """Programs that scan mail follow links."""
    for method in ("GET", "HEAD", "OPTIONS"):
        walker.ask(method, f"{path}?token={token}&link={token}&how=take-over")
    assert not is_verified(site)


def test_the_overview_sends_a_new_link(site: Site, ada: Walker, token: str) -> None:
    """Until the address is confirmed, and not too often."""
    ada.goto("/account")
    page = ada.send()
    assert page.path == "/account?did=verification-sent"
    newer = site.token("verify_email", ADA)
    assert newer != token
    for _ in range(4):
        page = ada.send()
    assert page.status == 429
    ada.goto("/verify-email")
    ada.send(link=newer)
    assert [form.attributes.get("action") for form in ada.goto("/account").markup.forms] == ["/sign-out"]


def test_an_address_is_changed_by_the_link_that_the_new_one_gets(site: Site, ada: Walker) -> None:
    """The old one is told, and signs nobody in any more."""
    ada.goto("/new-email")
    assert ada.send(email="ada@new.example").path == "/account?did=change-sent"
    ada.goto("/change-email")
    page = ada.send(link=site.token("change_email", "ada@new.example"))
    assert page.path == "/account?did=email-changed"
    assert "ada@new.example" in page.markup.text
    assert ("email_changed", ADA) in site.letters()


def test_the_link_works_where_nobody_is_signed_in(site: Site, ada: Walker, walker: Walker) -> None:
    """The mail may be read on another device."""
    ada.goto("/new-email")
    ada.send(email="ada@new.example")
    walker.goto("/change-email")
    page = walker.send(link=site.token("change_email", "ada@new.example"))
    assert (page.path, page.done) == ("/sign-in?did=email-changed", ["Your address is changed."])


def test_an_address_that_was_taken_meanwhile_is_said_so(site: Site, ada: Walker) -> None:
    """Above the form: no field of it is wrong."""
    ada.goto("/new-email")
    ada.send(email="ada@new.example")
    token = site.token("change_email", "ada@new.example")
    site.kit.users.register(email="ada@new.example", name="Somebody Else")
    ada.goto("/change-email")
    page = ada.send(link=token)
    assert (page.status, page.alerts) == (409, ["Another account has this e-mail address."])


def test_a_new_address_that_is_none_is_said_at_its_field(ada: Walker) -> None:
    """And stays there."""
    ada.goto("/new-email")
    page = ada.send(email="no address")
    assert page.status == 400
    assert page.markup.forms[-1].values()["email"] == "no address"
