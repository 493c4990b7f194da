"""Confirming and changing addresses over HTTP."""

from typing import Any

import pytest

from tests.features.surface import (
    PASSWORD,
    OpenSite,
    Person,
    Site,
    alike,
    answer,
    asking,
    problem,
)
from userkit.features.email_verification import email_verification
from userkit.http import Response

CALLS = [
    ("/auth/email/verify/request", {}),
    ("/auth/email/change", {"json": {"email": "new@example.com"}}),
]


def verify(site: Site, headers: Any = (), **body: str) -> Response:
    """Confirm an address with a link."""
    return site.ask("POST", "/auth/email/verify", json=body, headers=headers)


def request(site: Site, person: Person) -> Response:
    """Ask for one more link."""
    return site.ask("POST", "/auth/email/verify/request", headers=person.headers)


def change(site: Site, person: Person, email: str) -> Response:
    """Ask for another address."""
    return site.ask("POST", "/auth/email/change", json={"email": email}, headers=person.headers)


def confirm(site: Site, token: str) -> Response:
    """Move to another address with a link."""
    return site.ask("POST", "/auth/email/change/confirm", json={"token": token})


@pytest.mark.parametrize(("path", "body"), CALLS, ids=[path for path, _ in CALLS])
def test_letters_are_for_who_has_signed_in(site: Site, path: str, body: Any) -> None:
    """Not for nobody, not for an API key, and with a cookie only by our own pages."""
    root = site.person("root", "admin")
    problem(site.ask("POST", path, **body), 401, "unauthenticated")
    problem(site.ask("POST", path, headers=site.key(root, "*"), **body), 403, "forbidden")
    cookies = site.browser("root")
    problem(site.ask("POST", path, headers=asking(cookies), **body), 403, "csrf_failed")
    answer(site.ask("POST", path, headers=asking(cookies, csrf=""), **body), 202)


def test_vf_1_an_address_is_confirmed_with_the_newest_link(site: Site) -> None:
    """Once; the one before is dead."""
    ada = site.person()
    first = site.token("verify_email", "ada@example.com")
    answer(request(site, ada), 202)
    second = site.token("verify_email", "ada@example.com")
    problem(verify(site, ada.headers, token=first), 400, "invalid_token")
    answer(verify(site, ada.headers, token=second), 204)
    assert site.kit.users.get(ada.id).is_email_verified
    problem(verify(site, ada.headers, token=second), 400, "invalid_token")


def test_lg_3_asking_again_is_answered_alike_when_there_is_nothing_to_confirm(site: Site) -> None:
    """No letter is sent then; and only a few are in any case."""
    ada, bob = site.person(), site.person("bob", verified=True)
    alike([request(site, ada), request(site, bob)])
    before = len(site.letters())
    assert [request(site, bob).status for _ in range(8)] == [202] * 8
    assert len(site.letters()) == before
    statuses = [request(site, ada).status for _ in range(8)]
    assert statuses[-1] == 429
    problem(request(site, ada), 429, "rate_limited")


@pytest.mark.parametrize("shown", ["access token", "cookie", "password"])
def test_vf_5_who_shows_that_they_registered_keeps_the_account(site: Site, shown: str) -> None:
    """By being signed in to it, or by its password."""
    ada = site.person()
    cookies = site.browser()
    token = site.token("verify_email", "ada@example.com")
    headers: Any = {"access token": ada.headers, "cookie": asking(cookies, csrf="")}.get(shown, {})
    password = {"password": PASSWORD} if shown == "password" else {}
    answer(verify(site, headers, token=token, **password), 204)
    assert site.ask("GET", "/users/me", headers=asking(cookies)).status == 200


@pytest.mark.parametrize("shown", ["nothing", "another account", "garbage", "a cookie without its token"])
def test_vf_5_who_only_reads_the_mail_takes_the_account_over(site: Site, shown: str) -> None:
    """The password and all sessions of whoever had registered are gone."""
    ada = site.person()
    bob, cookies = site.person("bob"), site.browser()
    token = site.token("verify_email", "ada@example.com")
    headers: Any = {
        "another account": bob.headers,
        "garbage": {"authorization": "Bearer nonsense"},
        "a cookie without its token": asking(cookies),
    }.get(shown, {})
    site.clock.advance(seconds=1)
    answer(verify(site, headers, token=token), 204)
    assert site.ask("GET", "/users/me", headers=asking(cookies)).status == 401
    login = {"email": "ada@example.com", "password": PASSWORD}
    problem(site.ask("POST", "/auth/login", json=login), 401, "invalid_credentials")
    refreshed = site.ask("POST", "/auth/refresh", json={"refresh_token": ada.refresh_token})
    problem(refreshed, 401, "unauthenticated")


def test_a_wrong_password_leaves_the_link_as_it_was(site: Site) -> None:
    """It counts as a failed sign-in."""
    ada = site.person()
    token = site.token("verify_email", "ada@example.com")
    refused = verify(site, token=token, password="a wrong password altogether")
    problem(refused, 401, "invalid_credentials")
    answer(verify(site, token=token, password=PASSWORD), 204)
    assert site.kit.users.get(ada.id).is_email_verified


def test_nobody_signs_in_before_the_address_is_confirmed_where_that_is_required(
    open_site: OpenSite,
) -> None:
    """A right password is answered with what is missing; a wrong one is not."""
    site = open_site(email_verification(required=True))
    site.kit.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
    body = {"email": "ada@example.com", "password": PASSWORD}
    for path in ("/auth/login", "/auth/login?transport=cookie"):
        problem(site.ask("POST", path, json=body), 403, "email_not_verified")
    wrong = {**body, "password": "a wrong password altogether"}
    problem(site.ask("POST", "/auth/login", json=wrong), 401, "invalid_credentials")
    token = site.token("verify_email", "ada@example.com")
    answer(verify(site, token=token, password=PASSWORD), 204)
    assert site.ask("POST", "/auth/login", json=body).status == 200


def test_an_address_is_changed_when_the_new_one_agrees(site: Site) -> None:
    """The old one is told."""
    ada = site.person(verified=True)
    answer(change(site, ada, "Countess@example.com"), 202)
    assert site.kit.users.get(ada.id).email == "ada@example.com"
    told = [to for template, to in site.letters() if template == "email_change_requested"]
    assert told == ["ada@example.com"]
    token = site.token("change_email", "Countess@example.com")
    answer(confirm(site, token), 204)
    moved = site.kit.users.get(ada.id)
    assert (moved.email, moved.is_email_verified) == ("Countess@example.com", True)
    problem(confirm(site, token), 400, "invalid_token")


def test_lg_3_asking_for_an_address_does_not_tell_whether_somebody_has_it(site: Site) -> None:
    """Taken, free, one's own: 202, and the letter goes only where nobody has it."""
    ada = site.person()
    site.person("bob")
    alike(change(site, ada, email) for email in ("bob@example.com", "free@example.com"))
    assert [to for template, to in site.letters() if template == "change_email"] == ["free@example.com"]


def test_an_address_that_was_taken_in_the_meantime_is_taken(site: Site) -> None:
    """The owner of the mailbox is told, and the link is still good."""
    ada = site.person()
    change(site, ada, "new@example.com")
    token = site.token("change_email", "new@example.com")
    rival = site.kit.users.register(email="new@example.com", name="Faster")
    problem(confirm(site, token), 409, "email_already_exists")
    site.kit.users.delete(rival.id)
    answer(confirm(site, token), 204)


def test_changing_the_address_needs_a_fresh_proof(site: Site) -> None:
    """Whoever has the address can reset the password."""
    ada = site.person()
    site.clock.advance(minutes=6)
    problem(change(site, ada, "new@example.com"), 403, "reauthentication_required")


def test_a_change_is_limited_and_wants_an_address(site: Site) -> None:
    """Strangers' mailboxes are not flooded."""
    ada = site.person()
    problem(change(site, ada, "no address"), 400, "invalid_email")
    statuses = [change(site, ada, f"new{number}@example.com").status for number in range(6)]
    assert (statuses[0], statuses[-1]) == (202, 429)
    problem(change(site, ada, "new@example.com"), 429, "rate_limited")


@pytest.mark.parametrize("path", ["/auth/email/verify", "/auth/email/change/confirm"])
def test_vf_1_what_is_no_link_is_refused(site: Site, path: str) -> None:
    """In one way, and GET never consumes one."""
    ada = site.person()
    change(site, ada, "new@example.com")
    others = {
        "/auth/email/verify": site.token("change_email", "new@example.com"),
        "/auth/email/change/confirm": site.token("verify_email", "ada@example.com"),
    }
    tokens = ["", " ", "garbage", "ukl_AAAA", others[path]]
    responses = [site.ask("POST", path, json={"token": token}) for token in tokens]
    alike(responses)
    problem(responses[0], 400, "invalid_token")
    problem(site.ask("GET", f"{path}?token=x"), 405, "method_not_allowed")
