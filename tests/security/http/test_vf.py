"""VF: links over HTTP: bound, single, spent by POST only, and never led astray by headers."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.integrations.worlds import EMAIL, PASSWORD, World
from tests.security.http.conftest import OpenWorld
from tests.security.http.operations import (
    NEW_PASSWORD,
    OPERATIONS,
    cookie_of,
    dump,
    link,
    looks,
    pair_of,
    problem,
)

NEW_EMAIL = "ada@new.example"

PLACES: dict[str, tuple[str, Callable[[Any], dict[str, Any]]]] = {
    "verify_email": ("/auth/email/verify", lambda token: {"token": token, "password": PASSWORD}),
    "change_email": ("/auth/email/change/confirm", lambda token: {"token": token}),
    "reset_password": ("/auth/password/reset", lambda token: {"token": token, "password": NEW_PASSWORD}),
}
"""Where the token of each letter is spent, and with what."""

kinds = pytest.mark.parametrize("kind", PLACES)


def want(world: World, kind: str, **sent: Any) -> str:
    """Ask for a link over HTTP as its owner would, and return the token in the letter."""
    token = None if kind == "reset_password" else world.sign_in()
    path, body = {
        "verify_email": ("/auth/email/verify/request", None),
        "change_email": ("/auth/email/change", {"email": NEW_EMAIL}),
        "reset_password": ("/auth/password/forgot", {"email": EMAIL}),
    }[kind]
    answer = world.ask("POST", path, json=body, token=token, **sent)
    assert answer.status_code == 202, answer.text
    return link(world, kind)


def spend(world: World, kind: str, token: Any, **sent: Any) -> httpx.Response:
    """Spend a link."""
    path, body = PLACES[kind]
    return world.ask("POST", path, json=body(token), **sent)


@kinds
def test_vf_1_a_link_is_used_once(world: World, kind: str) -> None:
    """The second time it is like any other text."""
    world.ada()
    token = want(world, kind)
    assert spend(world, kind, token).status_code == 204
    before = dump(world)
    again, nonsense = spend(world, kind, token), spend(world, kind, "ukl_nonsense")
    assert problem(again) == (400, "invalid_token")
    assert looks(again) == looks(nonsense)
    assert dump(world) == before


@kinds
def test_vf_1_a_link_works_at_its_own_place_only(world: World, kind: str) -> None:
    """Elsewhere it is refused, and is still good afterwards."""
    world.ada()
    token = want(world, kind)
    before = dump(world)
    for other in PLACES:
        if other != kind:
            assert problem(spend(world, other, token)) == (400, "invalid_token")
    for headers in (
        {"authorization": f"Bearer {token}"},
        {"x-api-key": token},
        {"cookie": f"__Host-userkit={token}"},
    ):
        assert problem(world.ask("GET", "/users/me", headers=headers)) == (401, "unauthenticated")
    answer = world.ask("POST", "/auth/refresh", json={"refresh_token": token})
    assert problem(answer) == (401, "unauthenticated")
    assert dump(world) == before
    assert spend(world, kind, token).status_code == 204


@kinds
def test_vf_1_only_the_newest_link_is_good(world: World, kind: str) -> None:
    """Asking again kills the one before."""
    world.ada()
    old = want(world, kind)
    world.clock.advance(seconds=1)
    new = want(world, kind)
    assert problem(spend(world, kind, old)) == (400, "invalid_token")
    assert spend(world, kind, new).status_code == 204


@kinds
def test_vf_1_a_link_expires(world: World, kind: str) -> None:
    """Whoever finds it in an old mailbox has nothing."""
    world.ada()
    token = want(world, kind)
    world.clock.advance(days=4)
    assert problem(spend(world, kind, token)) == (400, "invalid_token")


@kinds
def test_vf_1_nothing_else_is_a_link(world: World, kind: str) -> None:
    """Blank, null, absent, nearly right: neither while one is out, nor when it is spent."""
    world.ada()
    token = want(world, kind)
    path, body = PLACES[kind]
    nearly = ["", " ", token + "\n", " " + token, token + "=", token.upper(), token[:-1], token[1:], "ukl_"]
    nearly += [token + "A", token.replace("ukl_", "ukr_"), "null", "None", "%00", "*", "0" * 4000, token * 2]
    for _ in range(2):
        before = dump(world)
        for text in nearly:
            assert problem(spend(world, kind, text)) == (400, "invalid_token"), text
        for odd in (None, 0, False, [], [token], {"$ne": None}):
            assert problem(spend(world, kind, odd)) == (422, "validation_failed")
        absent = {name: value for name, value in body(token).items() if name != "token"}
        assert problem(world.ask("POST", path, json=absent)) == (422, "validation_failed")
        assert dump(world) == before
        spend(world, kind, token)


@kinds
def test_vf_1_a_link_is_dead_when_its_account_is_closed_or_gone(world: World, kind: str) -> None:
    """And the answer is that of any other text."""
    ada = world.ada()
    token = want(world, kind)
    world.kit.users.disable(ada.id)
    assert problem(spend(world, kind, token)) == (400, "invalid_token")
    world.kit.users.enable(ada.id)
    world.kit.users.delete(ada.id)
    assert problem(spend(world, kind, token)) == (400, "invalid_token")


OTHERS = ("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "DELETE", "get", "PURGE")


@kinds
def test_vf_2_only_post_spends_a_link(world: World, kind: str) -> None:
    """What scanners of mail and browsers that look ahead do changes nothing, wherever the token is."""
    world.ada()
    token = want(world, kind)
    path, body = PLACES[kind]
    before = dump(world)
    for method in OTHERS:
        for target in (path, f"{path}?token={token}", f"{path}/{token}"):
            answer = world.ask(method, target, json=body(token))
            assert answer.status_code in (204, 400, 404, 405, 501), (method, answer.status_code)
            assert answer.status_code != 204 or method == "OPTIONS"
    assert world.ask("POST", f"{path}?token={token}", json={}).status_code == 422
    for header in ("x-http-method-override", "x-method-override", "x-http-method"):
        answer = world.ask("GET", path, json=body(token), headers={header: "POST"})
        assert answer.status_code == 405
    assert dump(world) == before
    assert spend(world, kind, token).status_code == 204


@kinds
def test_vf_2_the_page_that_a_link_opens_spends_nothing(open_world: OpenWorld, kind: str) -> None:
    """It shows a form; the token is posted by whoever is there."""
    world = open_world(http_options={"pages": True})
    world.ada()
    token = want(world, kind)
    text = next(letter.text for letter in reversed(world.mailer.sent) if letter.template == kind)
    found = re.search(r"https://app\.example(/\S*)", text)
    assert found is not None
    target, _, fragment = found[1].partition("#")
    # Nor is the token in what a browser sends, and logs keep.
    assert token not in target
    before = dump(world)
    for method in ("GET", "HEAD", "OPTIONS"):
        for asked in (target, f"{target}?{fragment}", f"{target}?token={token}"):
            answer = world.ask(method, asked)
            assert answer.status_code < 500
            assert token not in answer.text
    assert dump(world) == before
    assert spend(world, kind, token).status_code == 204


ASTRAY = [
    ("host", "evil.example"),
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-server", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-port", "6666"),
    ("x-forwarded-prefix", "/evil"),
    ("x-host", "evil.example"),
    ("x-original-url", "/evil"),
    ("x-rewrite-url", "/evil"),
    ("forwarded", "for=127.0.0.1;host=evil.example;proto=http"),
    ("origin", "https://evil.example"),
    ("referer", "https://evil.example/"),
]


@kinds
@pytest.mark.parametrize("trusted", [[], ["*"]], ids=["nobody trusted", "everybody trusted"])
def test_vf_3_links_begin_with_the_configured_address(
    open_world: OpenWorld, kind: str, trusted: list[str]
) -> None:
    """Whatever Host and proxies say, also those that are trusted with the client's address."""
    world = open_world(http_options={"trusted_proxies": trusted})
    world.ada()
    for headers in ([each] for each in ASTRAY):
        world.clock.advance(hours=1)
        want(world, kind, headers=headers)
        (text,) = [letter.text for letter in world.mailer.sent if letter.template == kind][-1:]
        assert "evil" not in text
        assert set(re.findall(r"https?://[^/\s]+", text)) == {"https://app.example"}


def test_vf_4_asking_for_a_reset_changes_nothing(world: World) -> None:
    """The password, the sessions and the account stay; whoever asks learns nothing."""
    ada = world.ada()
    pair = pair_of(world)
    want(world, "reset_password")
    assert world.kit.users.get(ada.id) == ada
    assert world.ask("GET", "/users/me", token=pair["access_token"]).status_code == 200
    assert (
        world.ask("POST", "/auth/refresh", json={"refresh_token": pair["refresh_token"]}).status_code == 200
    )
    assert world.sign_in()


def test_vf_4_a_reset_signs_nobody_in_and_ends_everything(world: World) -> None:
    """Sessions, refresh tokens and cookies are over, and pending changes of the address are dead."""
    ada = world.ada()
    world.kit.email_verification.complete(token=want(world, "verify_email"), password=PASSWORD)
    pair, cookies = pair_of(world), cookie_of(world)
    change = want(world, "change_email")
    answer = spend(world, "reset_password", want(world, "reset_password"))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers.get_list("set-cookie") == []
    refreshed = world.ask("POST", "/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert problem(refreshed) == (401, "unauthenticated")
    assert problem(world.ask("GET", "/users/me", cookies=cookies)) == (401, "unauthenticated")
    assert problem(spend(world, "change_email", change)) == (400, "invalid_token")
    assert world.kit.users.get(ada.id).email == EMAIL
    old = world.ask("POST", "/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert problem(old) == (401, "invalid_credentials")
    assert pair_of(world, password=NEW_PASSWORD)


@pytest.mark.parametrize("how", ["verify_email", "reset_password"])
def test_vf_5_the_first_proof_of_a_mailbox_takes_the_account_over(world: World, how: str) -> None:
    """Who registered somebody else's address is out, with password, sessions, cookies and keys to come."""
    registered = {"email": EMAIL, "name": "Mallory", "password": PASSWORD}
    assert world.ask("POST", "/users", json=registered).status_code == 201
    pair, cookies = pair_of(world), cookie_of(world)
    path, _ = PLACES[how]
    # The owner of the mailbox is not signed in and knows no password.
    token = want(world, how)
    body = {"token": token} if how == "verify_email" else {"token": token, "password": NEW_PASSWORD}
    assert world.ask("POST", path, json=body).status_code == 204
    refreshed = world.ask("POST", "/auth/refresh", json={"refresh_token": pair["refresh_token"]})
    assert problem(refreshed) == (401, "unauthenticated")
    assert problem(world.ask("GET", "/users/me", cookies=cookies)) == (401, "unauthenticated")
    assert problem(world.ask("GET", "/users/me", token=pair["access_token"])) == (401, "unauthenticated")
    answer = world.ask("POST", "/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert problem(answer) == (401, "invalid_credentials")


@pytest.mark.parametrize("shows", ["password", "access token", "cookie"])
def test_vf_5_whoever_shows_that_the_account_is_theirs_keeps_it(world: World, shows: str) -> None:
    """By its password, or by being signed in to it."""
    world.ada()
    pair, cookies = pair_of(world), cookie_of(world)
    token = link(world, "verify_email")
    body = {"token": token} | ({"password": PASSWORD} if shows == "password" else {})
    sent: dict[str, Any] = {"token": pair["access_token"]} if shows == "access token" else {}
    if shows == "cookie":
        sent = {"cookies": cookies, "headers": {"x-csrf-token": cookies["__Host-userkit-csrf"]}}
    assert world.ask("POST", "/auth/email/verify", json=body, **sent).status_code == 204
    assert world.ask("GET", "/users/me", token=pair["access_token"]).json()["email_verified"] is True
    assert world.sign_in()


def test_vf_5_a_page_of_somebody_else_cannot_vouch_for_an_account(world: World) -> None:
    """The cookie of a visitor counts for nothing in a request that another site has made."""
    world.ada()
    cookies = cookie_of(world)
    token = link(world, "verify_email")
    headers = {"origin": "https://evil.example"}
    answer = world.ask("POST", "/auth/email/verify", json={"token": token}, cookies=cookies, headers=headers)
    assert answer.status_code == 204
    answer = world.ask("POST", "/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert problem(answer) == (401, "invalid_credentials")


def test_vf_6_the_old_address_is_told(world: World) -> None:
    """Of a new address, before and after; and of a new password."""
    world.ada()
    world.kit.email_verification.complete(token=want(world, "verify_email"), password=PASSWORD)
    spend(world, "change_email", want(world, "change_email"))
    told = [letter.template for letter in world.letters() if letter.to == EMAIL]
    assert len(told) >= 3, told
    assert told[0] == "verify_email"
    pair = pair_of(world, NEW_EMAIL)
    before = len([letter for letter in world.letters() if letter.to == NEW_EMAIL])
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (
        world.ask("POST", "/auth/password/change", json=body, token=pair["access_token"]).status_code == 204
    )
    assert len([letter for letter in world.letters() if letter.to == NEW_EMAIL]) == before + 1


def test_vf_1_every_route_that_takes_a_token_is_known_here() -> None:
    """A new kind of link is to be added to this file."""
    taking = {each.path for each in OPERATIONS if "token" in each.fields}
    assert taking == {path for path, _ in PLACES.values()}
