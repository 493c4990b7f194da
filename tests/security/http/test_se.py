"""SE: sessions, refresh tokens and cookies over HTTP."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from tests.integrations.worlds import EMAIL, PASSWORD, World
from tests.security.http.conftest import OpenWorld
from tests.security.http.operations import (
    NEW_PASSWORD,
    OPERATIONS,
    WITH_BODY,
    Operation,
    ask,
    cookie_of,
    dump,
    looks,
    named,
    pair_of,
    problem,
)
from userkit.ports.tokens import TokenSettings

SESSION, CSRF = "__Host-userkit", "__Host-userkit-csrf"
CHECKED = {"auth": {"jwt": TokenSettings(revocation="checked"), "session": None, "api-key": None}}


def refresh(world: World, token: str) -> httpx.Response:
    """Present a refresh token."""
    return world.ask("POST", "/auth/refresh", json={"refresh_token": token})


def me(world: World, **sent: Any) -> int:
    """Ask who one is."""
    return world.ask("GET", "/users/me", **sent).status_code


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def test_se_1_x3_of_sixteen_who_refresh_one_gets_a_successor(open_world: OpenWorld, store: str) -> None:
    """Over sockets; nobody is punished, and the session goes on with its one new token."""
    world = open_world("socket", store)
    world.ada()
    token = pair_of(world)["refresh_token"]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: refresh(world, token), range(16)))
    won = [each for each in answers if each.status_code == 200]
    assert len(won) == 1
    assert {problem(each) for each in answers if each not in won} == {(401, "unauthenticated")}
    successor = won[0].json()["refresh_token"]
    assert refresh(world, successor).status_code == 200
    assert len(world.ask("GET", "/auth/sessions", token=world.sign_in()).json()["items"]) == 2


def test_se_1_a_token_spent_a_moment_ago_is_refused_without_punishment(world: World) -> None:
    """An honest client that has sent it twice stays signed in."""
    world.ada()
    old = pair_of(world)["refresh_token"]
    new = refresh(world, old).json()["refresh_token"]
    world.clock.advance(seconds=5)
    assert problem(refresh(world, old)) == (401, "unauthenticated")
    assert refresh(world, new).status_code == 200


def test_se_1_an_older_token_ends_the_session(world: World) -> None:
    """Somebody has copied it: nobody goes on with it, neither thief nor owner."""
    world.ada()
    old = pair_of(world)["refresh_token"]
    new = refresh(world, old).json()["refresh_token"]
    world.clock.advance(seconds=11)
    assert problem(refresh(world, old)) == (401, "unauthenticated")
    assert problem(refresh(world, new)) == (401, "unauthenticated")
    events = [entry.event for entry in world.kit.audit.list(limit=1000).items]
    assert "refresh_reuse_detected" in events


def test_se_1_garbage_ends_nothing(world: World) -> None:
    """Also with the id of a session in it; all of it looks alike."""
    world.ada()
    pair = pair_of(world)
    token = pair["refresh_token"]
    before = dump(world)
    garbage = ["", "x", "ukr_", token[:-1], token + "A", token[:44] + "AAAAAA" + token[50:], " " + token]
    garbage += [pair["access_token"], token.replace("ukr_", "uks_"), token + "\n", "ukr_" + "A" * 4000]
    told = {repr(looks(refresh(world, each))): each for each in garbage}
    assert len(told) == 1, told
    assert problem(refresh(world, garbage[0])) == (401, "unauthenticated")
    assert dump(world) == before
    assert refresh(world, token).status_code == 200


def test_se_2_a_session_ends_when_it_is_not_used_and_at_last_in_any_case(world: World) -> None:
    """However often it is refreshed; its access token ends with it."""
    world.ada()
    idle = pair_of(world)["refresh_token"]
    world.clock.advance(days=91)
    assert problem(refresh(world, idle)) == (401, "unauthenticated")
    token, access = pair_of(world)["refresh_token"], ""
    for _ in range(400):
        world.clock.advance(days=1)
        answer = refresh(world, token)
        if answer.status_code == 401:
            break
        token, access = answer.json()["refresh_token"], answer.json()["access_token"]
    else:
        pytest.fail("this session has no end")
    world.clock.advance(hours=1)
    assert me(world, token=access) == 401


def test_se_2_an_access_token_is_short_lived(world: World) -> None:
    """As long as the answer says, and a cookie as long as the browser is told."""
    world.ada()
    pair = pair_of(world)
    assert 0 < pair["expires_in"] <= 3600
    world.clock.advance(seconds=pair["expires_in"] - 1)
    assert me(world, token=pair["access_token"]) == 200
    world.clock.advance(minutes=2)
    assert me(world, token=pair["access_token"]) == 401


def log_out(world: World, pair: dict[str, Any]) -> None:
    assert world.ask("POST", "/auth/logout", token=pair["access_token"]).status_code == 204


def end_everywhere(world: World, pair: dict[str, Any]) -> None:
    answer = world.ask("DELETE", "/auth/sessions?all=true", token=pair["access_token"])
    assert answer.status_code == 204


def change_password(world: World, pair: dict[str, Any]) -> None:
    other = pair_of(world)["access_token"]
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert world.ask("POST", "/auth/password/change", json=body, token=other).status_code == 204


def be_disabled(world: World, pair: dict[str, Any]) -> None:
    named(world, "root", "admin")
    id = world.ask("GET", "/users/me", token=pair["access_token"]).json()["id"]
    answer = world.ask("POST", f"/users/{id}/disable", token=world.sign_in("root@example.com"))
    assert answer.status_code == 204


def delete_oneself(world: World, pair: dict[str, Any]) -> None:
    assert world.ask("DELETE", "/users/me", token=pair["access_token"]).status_code == 204


def be_deleted(world: World, pair: dict[str, Any]) -> None:
    named(world, "root", "admin")
    id = world.ask("GET", "/users/me", token=pair["access_token"]).json()["id"]
    assert world.ask("DELETE", f"/users/{id}", token=world.sign_in("root@example.com")).status_code == 204


ENDINGS = [log_out, end_everywhere, change_password, be_disabled, delete_oneself, be_deleted]
endings = pytest.mark.parametrize("end", ENDINGS)


@endings
def test_se_3_what_ends_a_session_acts_at_once(open_world: OpenWorld, end: Callable[..., None]) -> None:
    """On the refresh token, on cookies; on the access token at once where it is checked."""
    world = open_world(kit_options=CHECKED)
    world.ada()
    pair, cookies = pair_of(world), cookie_of(world)
    assert (me(world, token=pair["access_token"]), me(world, cookies=cookies)) == (200, 200)
    end(world, pair)
    assert me(world, token=pair["access_token"]) == 401
    assert problem(refresh(world, pair["refresh_token"])) == (401, "unauthenticated")
    assert me(world, cookies=cookies) == (200 if end is log_out else 401)


@endings
def test_se_3_an_unchecked_access_token_is_good_for_its_short_life_at_most(
    world: World, end: Callable[..., None]
) -> None:
    """The rest acts at once; and where the user is read, who is closed or gone is out at once as well."""
    world.ada()
    pair = pair_of(world)
    end(world, pair)
    assert problem(refresh(world, pair["refresh_token"])) == (401, "unauthenticated")
    if end in (be_disabled, delete_oneself, be_deleted):
        assert me(world, token=pair["access_token"]) == 401
    world.clock.advance(seconds=pair["expires_in"] + 60)
    assert me(world, token=pair["access_token"]) == 401


def test_se_3_a_role_that_was_taken_is_gone_at_once(world: World) -> None:
    """Also for tokens, cookies and keys that were handed out before."""
    ada = world.ada("admin")
    named(world, "root", "admin")
    pair, cookies = pair_of(world), cookie_of(world)
    key = world.ask("POST", "/auth/api-keys", json={"name": "k", "scopes": ["*"]}, token=pair["access_token"])
    shown: list[dict[str, Any]] = [
        {"token": pair["access_token"]},
        {"cookies": cookies},
        {"headers": {"x-api-key": key.json()["key"]}},
    ]
    assert [world.ask("GET", "/users", **each).status_code for each in shown] == [200, 200, 200]
    answer = world.ask(
        "PUT", f"/users/{ada.id}/roles", json={"roles": []}, token=world.sign_in("root@example.com")
    )
    assert answer.status_code == 200
    assert [world.ask("GET", "/users", **each).status_code for each in shown] == [403, 403, 403]


def test_se_3_one_session_can_be_ended_from_another(world: World) -> None:
    """And only that one."""
    world.ada()
    lost, kept = pair_of(world), pair_of(world)
    items = world.ask("GET", "/auth/sessions", token=lost["access_token"]).json()["items"]
    (id,) = [each["id"] for each in items if each["current"]]
    assert world.ask("DELETE", f"/auth/sessions/{id}", token=kept["access_token"]).status_code == 204
    assert refresh(world, lost["refresh_token"]).status_code == 401
    assert refresh(world, kept["refresh_token"]).status_code == 200


def test_se_4_cookies_have_every_protection(world: World) -> None:
    """`__Host-` with Secure, Path=/ and no Domain, SameSite; HttpOnly for what opens the session."""
    world.ada()
    body = {"email": EMAIL, "password": PASSWORD}
    answer = world.ask("POST", "/auth/login?transport=cookie", json=body)
    assert (answer.status_code, answer.content) == (204, b"")
    jar: SimpleCookie = SimpleCookie()
    for each in answer.headers.get_list("set-cookie"):
        jar.load(each)
    assert set(jar) == {SESSION, CSRF}
    for name, cookie in jar.items():
        assert cookie["secure"]
        assert cookie["path"] == "/"
        assert not cookie["domain"]
        assert cookie["samesite"] == "Lax"
        assert bool(cookie["httponly"]) == (name == SESSION)
        assert int(cookie["max-age"]) > 0
    # What a page can read does not open anything, and does not tell what does.
    assert jar[CSRF].value != jar[SESSION].value
    for value in (jar[CSRF].value,):
        assert me(world, cookies={SESSION: value}) == 401
        assert me(world, token=value) == 401


def test_se_4_signing_out_takes_the_cookies_away(world: World) -> None:
    """With the same attributes, so that browsers let go of them."""
    world.ada()
    cookies = cookie_of(world)
    answer = world.ask("POST", "/auth/logout", cookies=cookies, headers={"x-csrf-token": cookies[CSRF]})
    assert answer.status_code == 204
    for each in answer.headers.get_list("set-cookie"):
        assert "=;" in each
        assert "Max-Age=0" in each
        assert "Secure" in each
        assert "Path=/" in each
    assert len(answer.headers.get_list("set-cookie")) == 2


FOREIGN: dict[str, dict[str, str]] = {
    "no header": {},
    "an origin of others": {"origin": "https://evil.example"},
    "null": {"origin": "null"},
    "another scheme": {"origin": "http://app.example"},
    "another port": {"origin": "https://app.example:8443"},
    "a prefix of ours": {"origin": "https://app.example.evil.example"},
    "a suffix of ours": {"origin": "https://evilapp.example"},
    "upper case": {"origin": "HTTPS://APP.EXAMPLE"},
    "an empty token": {"x-csrf-token": ""},
    "a wrong token": {"x-csrf-token": "A" * 43},
    "our origin with a wrong token": {"origin": "https://app.example", "x-csrf-token": "wrong"},
    "their host": {"origin": "https://evil.example", "host": "evil.example"},
    "a forwarded host": {"origin": "https://evil.example", "x-forwarded-host": "evil.example"},
    "only a referer": {"referer": "https://app.example/"},
    "a method in a header": {"x-http-method-override": "GET"},
}


CHANGES = [each for each in OPERATIONS if each.method != "GET" and not each.public]


@pytest.mark.parametrize("asked", CHANGES, ids=str)
def test_se_4_a_change_with_a_cookie_must_come_from_our_pages(world: World, asked: Operation) -> None:
    """Every change there is; and the CSRF token is that of this session."""
    ada = world.ada("admin")
    world.ada("admin", email="root@example.com")
    world.ada("admin", email="third@example.com")
    cookies, others = cookie_of(world), cookie_of(world)
    before = dump(world)
    wanted = FOREIGN | {"the token of another session": {"x-csrf-token": others[CSRF]}}
    for name, headers in wanted.items():
        answer = ask(world, asked, id=ada.id, cookies=cookies, headers=headers)
        assert problem(answer) == (403, "csrf_failed"), name
    assert dump(world) == before
    theirs = cookie_of(world, "root@example.com")
    answer = ask(world, asked, cookies=theirs, headers={"origin": "https://app.example"})
    assert answer.status_code != 403, answer.text
    answer = ask(world, asked, cookies=cookie_of(world), headers={"x-csrf-token": cookies[CSRF]})
    assert problem(answer) == (403, "csrf_failed")
    answer = ask(world, asked, cookies=cookies, headers={"x-csrf-token": cookies[CSRF]})
    assert answer.status_code != 403, answer.text


def test_se_4_no_page_of_others_signs_a_visitor_in(world: World) -> None:
    """To an account of its own; and no cookie comes with such an answer."""
    world.ada()
    before = dump(world)
    body = {"email": EMAIL, "password": PASSWORD}
    for headers in (each for name, each in FOREIGN.items() if "origin" in each and "wrong token" not in name):
        answer = world.ask("POST", "/auth/login?transport=cookie", json=body, headers=headers)
        assert problem(answer) == (403, "csrf_failed"), headers
        assert "set-cookie" not in answer.headers
    assert dump(world) == before


TYPES = [
    "text/plain",
    "text/plain; application/json",
    "application/json, text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=utf-16",
    "application/jsonp",
    "text/json",
    "",
]


@pytest.mark.parametrize("asked", WITH_BODY, ids=str)
def test_se_4_json_under_another_name_is_refused(world: World, asked: Operation) -> None:
    """A form of another site can send text/plain without asking anybody; nothing is read from it."""
    ada = world.ada("admin")
    token = world.sign_in()
    before = dump(world)
    sent = asked.encoded(asked.body())
    content = sent.get("content") or httpx.Request("POST", "http://x", json=sent["json"]).content
    for media_type in (each for each in TYPES if each != asked.media_type):
        answer = ask(
            world, asked, id=ada.id, content=content, headers={"content-type": media_type}, token=token
        )
        assert problem(answer) == (415, "unsupported_media_type"), media_type
    bare = ask(world, asked, id=ada.id, content=content, token=token)
    assert problem(bare) == (415, "unsupported_media_type")
    twice = [("content-type", "text/plain"), ("content-type", asked.media_type or "")]
    answer = world.ask(asked.method, asked.at(ada.id), content=content, headers=twice, token=token)
    assert answer.status_code == 415
    assert dump(world) == before


@pytest.mark.parametrize("asked", OPERATIONS, ids=str)
def test_se_4_no_answer_may_be_kept(world: World, asked: Operation) -> None:
    """Whatever it says and whoever asks; but for the public keys."""
    ada = world.ada("admin")
    world.ada("admin", email="root@example.com")
    tokens = [world.sign_in("root@example.com"), world.sign_in()]
    answers = [
        ask(world, asked, id=ada.id),
        ask(world, asked, token="nonsense"),
        world.ask(asked.method, asked.at(), content=b"{", headers={"content-type": "application/json"}),
        world.ask("OPTIONS", asked.at()),
        world.ask("HEAD", asked.at()),
        world.ask("PROPFIND", asked.at()),
        ask(world, asked, token=tokens[0]),
        ask(world, asked, id=ada.id, token=tokens[1]),
    ]
    kept = [each for each in answers if each.headers.get("cache-control") != "no-store"]
    good = [each for each in kept if each.status_code == 200]
    assert kept == (good if asked.id == "jwks" else []), [(each.status_code, each.headers) for each in kept]


@pytest.mark.parametrize("asked", [each for each in OPERATIONS if not each.public], ids=str)
def test_se_4_no_secret_is_accepted_from_elsewhere(world: World, asked: Operation) -> None:
    """Not from the query, the path, a form, another cookie or another header."""
    ada = world.ada("admin")
    token, key = world.sign_in(), world.kit.api_keys.create(ada.id, name="k", scopes={"*"}).secret
    cookie = cookie_of(world)[SESSION]
    elsewhere: list[dict[str, Any]] = [
        {"cookies": {"access_token": token}},
        {"cookies": {"userkit": cookie}},
        {"cookies": {"__host-userkit": cookie}},
        {"cookies": {f"{SESSION}2": cookie}},
        {"headers": {"x-access-token": token}},
        {"headers": {"proxy-authorization": f"Bearer {token}"}},
        {"headers": {"authorization": f"Token {token}"}},
        {"headers": {"authorization": f"Basic {token}"}},
        {"headers": {"authorization": token}},
        {"headers": {"x-auth-token": key}},
    ]
    before = dump(world)
    for sent in elsewhere:
        assert problem(ask(world, asked, id=ada.id, **sent)) == (401, "unauthenticated"), sent
    for name in ("access_token", "token", "api_key", "key", "authorization", SESSION):
        for value in (token, key, cookie):
            query = str(httpx.QueryParams({name: value}))
            assert problem(ask(world, asked, id=ada.id, query=query)) == (401, "unauthenticated")
    assert dump(world) == before


def test_se_4_without_its_transport_nothing_is_accepted(open_world: OpenWorld) -> None:
    """An application that takes bearer tokens only does not look at cookies or keys."""
    world = open_world(http_options={"transports": ["bearer"]})
    ada = world.ada()
    key = world.kit.api_keys.create(ada.id, name="k").secret
    opaque = world.kit.sessions.sign_in_opaque(email=EMAIL, password=PASSWORD).token
    assert me(world, cookies={SESSION: opaque}) == 401
    assert me(world, headers={"x-api-key": key}) == 401
    assert me(world, token=world.sign_in()) == 200
    body = {"email": EMAIL, "password": PASSWORD}
    answer = world.ask("POST", "/auth/login?transport=cookie", json=body)
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_se_4_a_cookie_that_is_there_twice_opens_nothing(world: World) -> None:
    """One of them may have been put there by somebody else."""
    world.ada()
    cookie = cookie_of(world)[SESSION]
    for sent in (f"{SESSION}={cookie}; {SESSION}={cookie}", f"{SESSION}=x; {SESSION}={cookie}"):
        assert me(world, headers={"cookie": sent}) == 401
    assert me(world, headers=[("cookie", f"{SESSION}={cookie}"), ("cookie", f"{SESSION}=evil")]) == 401
    for blank in ("\x0b", "\x0c", "\x1c", "\x85", "\xa0"):
        assert me(world, headers={"cookie": f"{blank}{SESSION}={cookie}"}) in (400, 401)
