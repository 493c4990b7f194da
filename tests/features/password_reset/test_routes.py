"""Forgotten passwords over HTTP."""

import pytest

from tests.features.surface import (
    NEW_PASSWORD,
    PASSWORD,
    Site,
    alike,
    answer,
    asking,
    cookies_of,
    problem,
)
from userkit.http import Response


def forgot(site: Site, email: str, *, peer: str = "192.0.2.1") -> Response:
    """Ask for a letter."""
    return site.ask("POST", "/auth/password/forgot", json={"email": email}, peer=peer)


def reset(site: Site, token: str, password: str = NEW_PASSWORD) -> Response:
    """Replace a password with a link."""
    return site.ask("POST", "/auth/password/reset", json={"token": token, "password": password})


def login(site: Site, password: str) -> int:
    """Sign Ada in, and return the status."""
    body = {"email": "ada@example.com", "password": password}
    return site.ask("POST", "/auth/login", json=body).status


def test_lg_3_forgetting_is_answered_alike_for_everybody(site: Site) -> None:
    """Known, unknown, closed, without a password, asked for too often: 202 and nothing in it."""
    site.person("ada")
    site.kit.users.disable(site.person("closed").id)
    site.kit.users.register(email="passwordless@example.com", name="Nobody's Password")
    names = ["ada", "unknown", "closed", "passwordless", *["ada"] * 6, *["unknown"] * 6]
    alike(forgot(site, f"{name}@example.com") for name in names)
    answer(forgot(site, "ADA@Example.com"), 202)
    resets = {to for template, to in site.letters() if template == "reset_password"}
    assert resets == {"ada@example.com", "passwordless@example.com"}


def test_what_is_no_address_is_refused(site: Site) -> None:
    """It tells nothing about accounts."""
    for email in ("", "ada", "ada@example.com, bob@example.com", "ada@example.com\r\nBcc: bob@example.com"):
        problem(forgot(site, email), 400, "invalid_email")


def test_too_many_from_one_client_must_wait(site: Site) -> None:
    """Whichever addresses they name."""
    responses = [forgot(site, f"user{number}@example.com", peer="198.51.100.9") for number in range(120)]
    problem(responses[-1], 429, "rate_limited")
    assert forgot(site, "ada@example.com").status == 202


def test_vf_4_a_reset_signs_nobody_in_and_ends_all_sessions(site: Site) -> None:
    """The link is good once."""
    ada = site.person()
    cookies = site.browser()
    forgot(site, "ada@example.com")
    token = site.token("reset_password", "ada@example.com")
    site.clock.advance(seconds=1)
    response = answer(reset(site, token), 204)
    assert (cookies_of(response), response.headers) == ({}, (("cache-control", "no-store"),))
    assert (login(site, PASSWORD), login(site, NEW_PASSWORD)) == (401, 200)
    assert site.ask("GET", "/users/me", headers=asking(cookies)).status == 401
    refreshed = site.ask("POST", "/auth/refresh", json={"refresh_token": ada.refresh_token})
    problem(refreshed, 401, "unauthenticated")
    assert site.kit.users.get(ada.id).is_email_verified
    problem(reset(site, token), 400, "invalid_token")


def test_a_weak_password_leaves_the_link_as_it_was(site: Site) -> None:
    """So that people can try again."""
    site.person()
    forgot(site, "ada@example.com")
    token = site.token("reset_password", "ada@example.com")
    problem(reset(site, token, "short"), 400, "weak_password")
    answer(reset(site, token), 204)


@pytest.mark.parametrize("token", ["", " ", "garbage", "ukl_AAAA", "null"])
def test_vf_1_what_is_no_link_is_refused(site: Site, token: str) -> None:
    """In one way; a link for something else is none."""
    site.person()
    problem(reset(site, token), 400, "invalid_token")
    other = site.token("verify_email", "ada@example.com")
    assert reset(site, other) == reset(site, token)


def test_vf_2_a_link_is_not_consumed_by_looking(site: Site) -> None:
    """There is nothing to GET."""
    site.person()
    forgot(site, "ada@example.com")
    token = site.token("reset_password", "ada@example.com")
    looked = site.ask("GET", f"/auth/password/reset?token={token}")
    problem(looked, 405, "method_not_allowed")
    assert looked.header("allow") == "POST, OPTIONS"
    assert site.ask("OPTIONS", "/auth/password/reset").header("allow") == "POST, OPTIONS"
    answer(reset(site, token), 204)
