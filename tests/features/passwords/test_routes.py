"""Changing a password over HTTP."""

from typing import Any

import pytest

from tests.features.surface import NEW_PASSWORD, PASSWORD, Person, Site, answer, asking, problem
from userkit.http import Response


def change(site: Site, headers: Any, current: str = PASSWORD, new: str = NEW_PASSWORD) -> Response:
    """Change the password of somebody."""
    body = {"current_password": current, "new_password": new}
    return site.ask("POST", "/auth/password/change", json=body, headers=headers)


def login(site: Site, password: str) -> int:
    """Sign Ada in, and return the status."""
    body = {"email": "ada@example.com", "password": password}
    return site.ask("POST", "/auth/login", json=body).status


def refresh(site: Site, person: Person) -> int:
    """Refresh, and return the status."""
    return site.ask("POST", "/auth/refresh", json={"refresh_token": person.refresh_token}).status


def test_pw_6_the_password_is_changed_by_who_knows_it(site: Site) -> None:
    """The old one opens nothing any more, other sessions end, this one goes on, the owner is told."""
    ada = site.person()
    cookies = site.browser()
    problem(change(site, asking(cookies)), 403, "csrf_failed")
    response = answer(change(site, asking(cookies, csrf="")), 204)
    assert response.headers == (("cache-control", "no-store"),)
    assert (login(site, PASSWORD), login(site, NEW_PASSWORD)) == (401, 200)
    assert refresh(site, ada) == 401
    assert site.ask("GET", "/users/me", headers=asking(cookies)).status == 200
    assert ("password_changed", "ada@example.com") in site.letters()


def test_a_bearer_keeps_its_session_as_well(site: Site) -> None:
    """And the cookies of browsers end."""
    ada = site.person()
    cookies = site.browser()
    answer(change(site, ada.headers), 204)
    assert refresh(site, ada) == 200
    assert site.ask("GET", "/users/me", headers=asking(cookies)).status == 401


def test_pw_6_a_wrong_password_is_a_failed_sign_in(site: Site) -> None:
    """Nothing is changed, and after some the account must wait."""
    ada = site.person()
    problem(change(site, ada.headers, current="a wrong password altogether"), 401, "invalid_credentials")
    assert login(site, PASSWORD) == 200
    statuses = [change(site, ada.headers, current="a wrong password altogether").status for _ in range(12)]
    assert statuses[-1] == 429
    problem(change(site, ada.headers), 429, "rate_limited")
    assert login(site, PASSWORD) == 429


@pytest.mark.parametrize("new", ["", "short", "password12345678", "ada@example.com", "x" * 4096])
def test_pw_4_a_weak_password_is_refused(site: Site, new: str) -> None:
    """Whatever it lacks."""
    ada = site.person()
    problem(change(site, ada.headers, new=new), 400, "weak_password")
    assert login(site, PASSWORD) == 200


def test_who_has_no_password_changes_none(site: Site) -> None:
    """As with a wrong one."""
    ada = site.person()
    site.kit.passwords.remove(ada.id)
    problem(change(site, ada.headers), 401, "invalid_credentials")


def test_only_who_has_signed_in_changes_a_password(site: Site) -> None:
    """Not nobody, and no API key."""
    root = site.person("root", "admin")
    problem(change(site, {}), 401, "unauthenticated")
    problem(change(site, site.key(root, "*")), 403, "forbidden")
