"""Signing in, refreshing and signing out over HTTP."""

import json
from typing import Any

import pytest

from tests.features.surface import (
    PASSWORD,
    UNKNOWN_ID,
    OpenSite,
    Person,
    Site,
    alike,
    answer,
    asking,
    cookies_of,
    problem,
    read,
)
from userkit.errors import OverloadedError
from userkit.http import Response
from userkit.ports.passwords import Verification
from userkit.testing import InstantHasher

SESSION_FIELDS = {
    *("id", "created_at", "last_used_at", "expires_at"),
    *("user_agent", "address", "methods", "current"),
}
COOKIES = {"__Host-userkit", "__Host-userkit-csrf"}
CLOSED = [
    ("POST", "/auth/logout", {}),
    ("POST", "/auth/reauthenticate", {"json": {"password": PASSWORD}}),
    ("GET", "/auth/sessions", {}),
    ("DELETE", "/auth/sessions", {}),
    ("DELETE", f"/auth/sessions/{UNKNOWN_ID}", {}),
]


def login(site: Site, email: str, password: str, *, by: str = "/auth/login", **more: Any) -> Response:
    """Sign in by one of the two doors."""
    if by == "/auth/token":
        return site.ask("POST", by, form={"username": email, "password": password}, **more)
    return site.ask("POST", by, json={"email": email, "password": password}, **more)


def is_open(site: Site, headers: Any) -> bool:
    """Tell whether somebody is let in."""
    return site.ask("GET", "/users/me", headers=headers).status == 200


def taken(response: Response) -> bool:
    """Tell whether an answer takes both cookies."""
    cookies = cookies_of(response)
    return set(cookies) == COOKIES and all(
        text == "" and given["max-age"] == "0" for text, given in cookies.values()
    )


# Signing in


@pytest.mark.parametrize("by", ["/auth/login", "/auth/token"])
def test_a_right_password_is_answered_with_tokens(site: Site, by: str) -> None:
    """An access token that opens the account, and a refresh token; no cookie."""
    ada = site.person()
    response = login(site, "ADA@example.com", PASSWORD, by=by)
    told = read(response)
    assert set(told) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (response.status, told["token_type"]) == (200, "bearer")
    assert isinstance(told["expires_in"], int)
    assert cookies_of(response) == {}
    shown = read(site.ask("GET", "/users/me", headers={"authorization": f"Bearer {told['access_token']}"}))
    assert shown["id"] == ada.id
    assert site.ask("POST", "/auth/refresh", json={"refresh_token": told["refresh_token"]}).status == 200


@pytest.mark.parametrize("by", ["/auth/login", "/auth/token", "/auth/login?transport=cookie"])
def test_lg_3_unknown_wrong_disabled_and_passwordless_look_alike(site: Site, by: str) -> None:
    """Status, headers and body, and the same work."""
    site.person("ada")
    closed = site.person("closed")
    site.kit.users.disable(closed.id)
    site.kit.users.register(email="passwordless@example.com", name="Nobody's Password")
    runs, responses = [], []
    for who, password in (
        ("unknown@example.com", PASSWORD),
        ("ada@example.com", "a wrong password altogether"),
        ("closed@example.com", PASSWORD),
        ("closed@example.com", "a wrong password altogether"),
        ("passwordless@example.com", PASSWORD),
        ("no address", PASSWORD),
        ("ada@example.com", ""),
        ("ada@example.com", "x" * 4096),
    ):
        before = site.hasher.runs
        responses.append(login(site, who, password, by=by, peer=f"192.0.2.{len(responses)}"))
        runs.append(site.hasher.runs - before)
    alike(responses)
    assert set(runs) == {1}
    problem(responses[0], 401, "invalid_credentials")


def test_lg_3_an_account_that_must_wait_looks_like_one_that_nobody_has(site: Site) -> None:
    """After as many failures both are told to wait as long."""
    site.person("ada")
    told = []
    for who in ("ada@example.com", "unknown@example.com"):
        responses = [
            login(site, who, "a wrong password altogether", peer=f"198.51.100.{n}") for n in range(12)
        ]
        told.append([(each.status, each.headers, each.body) for each in responses])
    assert told[0] == told[1]
    assert told[0][-1][0] == 429
    limited = login(site, "ada@example.com", PASSWORD)
    assert int(problem_header(limited)) >= 1


def problem_header(response: Response) -> str:
    """Return for how many seconds to wait."""
    problem(response, 429, "rate_limited")
    return response.header("retry-after") or ""


def test_the_password_form_takes_what_oauth_sends_and_no_more(site: Site) -> None:
    """A grant type, a scope and a client beside the names; JSON is refused here, and forms elsewhere."""
    site.person()
    form = {"username": "ada@example.com", "password": PASSWORD}
    more = {"grant_type": "password", "scope": "", "client_id": "docs", "client_secret": "x"}
    assert site.ask("POST", "/auth/token", form={**form, **more}).status == 200
    other = site.ask("POST", "/auth/token", form={**form, "grant_type": "client_credentials"})
    problem(other, 422, "validation_failed")
    problem(site.ask("POST", "/auth/token", form={**form, "role": "admin"}), 422, "validation_failed")
    problem(site.ask("POST", "/auth/token", json=form), 415, "unsupported_media_type")
    problem(site.ask("POST", "/auth/login", form=form), 415, "unsupported_media_type")


def test_proofs_are_passed_on_to_sign_in_checks(open_site: OpenSite) -> None:
    """A check that wants more says what; with it the session opens."""
    site = open_site()
    site.person()

    async def check(attempt: Any) -> list[str]:
        from userkit.errors import ProofRequiredError

        if attempt.proofs.get("otp") != "123456":
            raise ProofRequiredError(methods=("otp",))
        return ["otp"]

    site.kit.wiring().offered["sessions"].checks.append(check)
    body = {"email": "ada@example.com", "password": PASSWORD}
    assert problem(site.ask("POST", "/auth/login", json=body), 401, "proof_required")["methods"] == ["otp"]
    for query in ("", "?transport=bearer", "?transport=cookie"):
        given = site.ask("POST", f"/auth/login{query}", json={**body, "proofs": {"otp": "123456"}})
        assert given.status in (200, 204)


@pytest.mark.parametrize("by", ["/auth/login", "/auth/token", "/auth/reauthenticate"])
def test_lg_5_when_there_is_too_much_to_hash_people_are_told_when_to_come_back(
    open_site: OpenSite, by: str
) -> None:
    """503, and it is no failed sign-in."""

    class Busy(InstantHasher):
        """It has more to do than it may take on, once people have signed in."""

        busy = False

        async def verify(self, password: str, encoded: str | None) -> Verification:
            if self.busy:
                raise OverloadedError(retry_after=2.5)
            return await super().verify(password, encoded)

    hasher = Busy()
    site = open_site(hasher=hasher)
    ada = site.person()
    hasher.busy = True
    for _ in range(12):
        if by == "/auth/reauthenticate":
            response = site.ask("POST", by, json={"password": PASSWORD}, headers=ada.headers)
        else:
            response = login(site, "ada@example.com", PASSWORD, by=by)
        problem(response, 503, "overloaded")
        assert response.header("retry-after") == "3"
    hasher.busy = False
    assert login(site, "ada@example.com", PASSWORD).status == 200


# Cookies


def test_se_4_a_browser_gets_cookies_and_no_tokens(site: Site) -> None:
    """One for the server alone, one for the pages; both for this host alone."""
    site.person()
    response = answer(login(site, "ada@example.com", PASSWORD, by="/auth/login?transport=cookie"), 204)
    cookies = cookies_of(response)
    assert set(cookies) == COOKIES
    for name, (text, given) in cookies.items():
        assert text
        assert {**given, "httponly": "", "max-age": ""} == {
            "path": "/",
            "samesite": "Lax",
            "secure": "",
            "httponly": "",
            "max-age": "",
        }
        assert ("httponly" in given) == (name == "__Host-userkit")
        assert int(given["max-age"]) == 90 * 24 * 60 * 60


def test_se_4_a_cookie_lives_as_long_as_its_session(open_site: OpenSite) -> None:
    """The one whose lifetimes the application has chosen."""
    from datetime import timedelta

    from userkit.features.sessions import sessions

    site = open_site(sessions(idle=timedelta(minutes=30), lifetime=timedelta(hours=8)))
    site.person()
    response = login(site, "ada@example.com", PASSWORD, by="/auth/login?transport=cookie")
    assert {given["max-age"] for _, given in cookies_of(response).values()} == {"28800"}


def test_on_plain_http_cookies_have_plain_names(open_site: OpenSite) -> None:
    """For this machine alone: browsers refuse the others there."""
    site = open_site(base_url="http://localhost:8000")
    site.person()
    response = login(site, "ada@example.com", PASSWORD, by="/auth/login?transport=cookie")
    cookies = cookies_of(response)
    assert set(cookies) == {"userkit", "userkit-csrf"}
    assert all("secure" not in given for _, given in cookies.values())
    assert is_open(site, {"cookie": f"userkit={cookies['userkit'][0]}"})


def test_se_4_a_cookie_reads_by_itself_and_changes_nothing_without_its_token(site: Site) -> None:
    """A change needs the CSRF token of this session, or the word of the browser that it is our page."""
    site.person()
    cookies, others = site.browser(), site.browser()
    assert is_open(site, asking(cookies))
    change = {"json": {"name": "Changed"}}
    for headers in (
        asking(cookies),
        asking(cookies, **{"x-csrf-token": ""}),
        asking(cookies, **{"x-csrf-token": others["__Host-userkit-csrf"]}),
        asking(cookies, **{"x-csrf-token": "\xff"}),
        asking(cookies, origin="https://evil.example"),
        asking(cookies, origin="null"),
        asking(cookies, origin="http://app.example"),
    ):
        problem(site.ask("PATCH", "/users/me", headers=headers, **change), 403, "csrf_failed")
    for headers in (asking(cookies, csrf=""), asking(cookies, origin="https://app.example")):
        assert site.ask("PATCH", "/users/me", headers=headers, **change).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://app.example"])
def test_a_page_of_somebody_else_signs_nobody_in(site: Site, origin: str) -> None:
    """Else it could sign its visitors in to an account of its own."""
    site.person()
    refused = login(
        site, "ada@example.com", PASSWORD, by="/auth/login?transport=cookie", headers={"origin": origin}
    )
    problem(refused, 403, "csrf_failed")
    assert cookies_of(refused) == {}
    assert login(site, "ada@example.com", PASSWORD, headers={"origin": origin}).status == 200


def test_an_application_without_cookies_signs_nobody_in_with_them(open_site: OpenSite) -> None:
    """Nor does it read them."""
    cookies_site = open_site()
    cookies_site.person()
    cookies = cookies_site.browser()
    site = open_site(store=cookies_site.kit._store, surface={"transports": ["bearer"]})
    refused = login(site, "ada@example.com", PASSWORD, by="/auth/login?transport=cookie")
    assert problem(refused, 422, "validation_failed")["errors"][0]["loc"] == ["query", "transport"]
    assert not is_open(site, asking(cookies))
    problem(site.ask("POST", "/auth/login?transport=carrier-pigeon", json={}), 422, "validation_failed")


def test_a_session_token_is_no_bearer_token_and_an_access_token_no_cookie(site: Site) -> None:
    """Each works in its own place only."""
    ada = site.person()
    cookies = site.browser()
    assert not is_open(site, {"authorization": f"Bearer {cookies['__Host-userkit']}"})
    assert not is_open(site, {"x-api-key": cookies["__Host-userkit"]})
    assert not is_open(site, {"cookie": f"__Host-userkit={ada.access_token}"})
    assert not is_open(site, {"authorization": f"Bearer {ada.refresh_token}"})
    assert not is_open(site, asking({"userkit": cookies["__Host-userkit"]}))


# Refreshing


def test_se_1_a_refresh_token_is_good_once(site: Site) -> None:
    """Presented again at once it is refused; later it ends the session."""
    ada = site.person()

    def refresh(token: str) -> Response:
        return site.ask("POST", "/auth/refresh", json={"refresh_token": token})

    told = read(refresh(ada.refresh_token))
    assert set(told) == {"access_token", "token_type", "expires_in", "refresh_token"}
    problem(refresh(ada.refresh_token), 401, "unauthenticated")
    told = read(refresh(told["refresh_token"]))
    site.clock.advance(minutes=1)
    problem(refresh(ada.refresh_token), 401, "unauthenticated")
    problem(refresh(told["refresh_token"]), 401, "unauthenticated")


def test_se_1_what_is_no_refresh_token_is_refused_alike(site: Site) -> None:
    """Garbage, an access token, a session token, an API key, one that is cut."""
    ada = site.person()
    given = [
        *("", "garbage", "\0x"[1:], ada.access_token, site.browser()["__Host-userkit"]),
        *(site.key(ada)["x-api-key"], ada.refresh_token[:-1], ada.refresh_token + "A"),
    ]
    responses = [site.ask("POST", "/auth/refresh", json={"refresh_token": each}) for each in given]
    alike(responses)
    problem(responses[0], 401, "unauthenticated")
    assert site.ask("POST", "/auth/refresh", json={"refresh_token": ada.refresh_token}).status == 200


def test_a_refresh_does_not_mind_an_access_token_that_has_expired(site: Site) -> None:
    """A client that adds its header to everything gets in again."""
    ada = site.person()
    site.clock.advance(hours=2)
    assert not is_open(site, ada.headers)
    body = {"refresh_token": ada.refresh_token}
    assert site.ask("POST", "/auth/refresh", json=body, headers=ada.headers).status == 200


# Who may


@pytest.mark.parametrize(("method", "path", "body"), CLOSED, ids=[f"{m} {p}" for m, p, _ in CLOSED])
def test_sessions_are_for_who_has_signed_in(site: Site, method: str, path: str, body: Any) -> None:
    """Not for nobody, and not for an API key, whatever its scopes."""
    root = site.person("root", "admin")
    problem(site.ask(method, path, **body), 401, "unauthenticated")
    garbage = site.ask(method, path, headers={"authorization": "Bearer nonsense"}, **body)
    problem(garbage, 401, "unauthenticated")
    assert 'error="invalid_token"' in (garbage.header("www-authenticate") or "")
    problem(site.ask(method, path, headers=site.key(root, "*"), **body), 403, "forbidden")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *(("GET", "/auth/sessions", {}), ("DELETE", "/auth/sessions", {}), ("GET", "/auth/api-keys", {})),
        ("POST", "/auth/password/change", {"json": {"current_password": PASSWORD, "new_password": "x" * 20}}),
        *(
            ("POST", "/auth/email/verify/request", {}),
            ("POST", "/auth/reauthenticate", {"json": {"password": PASSWORD}}),
        ),
        *(("POST", "/auth/api-keys", {"json": {"name": "x"}}), ("DELETE", "/users/me", {})),
        ("POST", "/auth/email/change", {"json": {"email": "new@example.com"}}),
    ],
)
def test_se_3_a_deleted_user_is_nobody(site: Site, method: str, path: str, body: Any) -> None:
    """The access token is good by itself for some minutes more, and opens nothing."""
    ada = site.person()
    site.kit.users.delete(ada.id)
    problem(site.ask(method, path, headers=ada.headers, **body), 401, "unauthenticated")


# Ending


def test_logging_out_ends_this_session(site: Site) -> None:
    """At once for the refresh token; again it does no harm, and takes no cookie where there was none."""
    ada = site.person()
    other = site.kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)
    for _ in range(2):
        assert cookies_of(answer(site.ask("POST", "/auth/logout", headers=ada.headers), 204)) == {}
    refreshed = site.ask("POST", "/auth/refresh", json={"refresh_token": ada.refresh_token})
    problem(refreshed, 401, "unauthenticated")
    assert site.ask("POST", "/auth/refresh", json={"refresh_token": other.refresh_token}).status == 200


def current_of(site: Site, headers: Any) -> str:
    """Return the id of the session that asks."""
    items = read(site.ask("GET", "/auth/sessions", headers=headers))["items"]
    (current,) = [each["id"] for each in items if each["current"]]
    return str(current)


@pytest.mark.parametrize("end", ["logout", "this one", "all"])
def test_ending_its_own_session_takes_the_cookies_of_a_browser(site: Site, end: str) -> None:
    """Whichever way it is ended; a change, so that it needs the CSRF token."""
    site.person()
    cookies = site.browser()
    target = {
        "logout": ("POST", "/auth/logout"),
        "this one": ("DELETE", f"/auth/sessions/{current_of(site, asking(cookies))}"),
        "all": ("DELETE", "/auth/sessions?all=true"),
    }[end]
    problem(site.ask(*target, headers=asking(cookies)), 403, "csrf_failed")
    assert taken(answer(site.ask(*target, headers=asking(cookies, csrf="")), 204))
    problem(site.ask("GET", "/users/me", headers=asking(cookies)), 401, "unauthenticated")


def test_ending_other_sessions_leaves_the_cookies(site: Site) -> None:
    """One of them, or all of them."""
    site.person()
    cookies, second, third = site.browser(), site.browser(), site.browser()
    target = f"/auth/sessions/{current_of(site, asking(second))}"
    headers = asking(cookies, csrf="")
    assert cookies_of(answer(site.ask("DELETE", target, headers=headers), 204)) == {}
    assert (is_open(site, asking(second)), is_open(site, asking(third))) == (False, True)
    assert cookies_of(answer(site.ask("DELETE", "/auth/sessions", headers=headers), 204)) == {}
    assert (is_open(site, asking(third)), is_open(site, asking(cookies))) == (False, True)
    answer(site.ask("DELETE", "/auth/sessions?all=false", headers=headers), 204)
    assert is_open(site, asking(cookies))


def test_all_sessions_end_with_this_one(site: Site) -> None:
    """Bearers and browsers; the query says true or false and nothing else."""
    ada = site.person()
    cookies = site.browser()
    for query in ("all=1", "all=yes", "all=TRUE", "all=", "all=true&all=true", "every=true"):
        refused = site.ask("DELETE", f"/auth/sessions?{query}", headers=ada.headers)
        problem(refused, 422, "validation_failed")
    answer(site.ask("DELETE", "/auth/sessions?all=true", headers=ada.headers), 204)
    assert not is_open(site, asking(cookies))
    refreshed = site.ask("POST", "/auth/refresh", json={"refresh_token": ada.refresh_token})
    problem(refreshed, 401, "unauthenticated")


def test_az_1_a_session_of_somebody_else_is_as_unknown_as_none(site: Site) -> None:
    """And it goes on."""
    ada, bob = site.person(), site.person("bob")
    theirs = current_of(site, bob.headers)
    responses = [
        site.ask("DELETE", f"/auth/sessions/{id}", headers=ada.headers)
        for id in (theirs, UNKNOWN_ID, "garbage", "%00", ada.id)
    ]
    alike(responses)
    problem(responses[0], 404, "not_found")
    assert current_of(site, bob.headers) == theirs


# Listing


def test_sessions_are_listed_with_the_one_that_asks(site: Site) -> None:
    """The newest first, with where they were opened, in pages."""
    site.person()
    headers = {"user-agent": "Firefox"}
    pair = read(login(site, "ada@example.com", PASSWORD, headers=headers, peer="203.0.113.7"))
    bearer = {"authorization": f"Bearer {pair['access_token']}"}
    site.clock.advance(seconds=1)
    cookies = site.browser()
    listed = read(site.ask("GET", "/auth/sessions", headers=bearer))
    assert set(listed) == {"items", "next"}
    assert all(set(each) == SESSION_FIELDS for each in listed["items"])
    assert [each["current"] for each in listed["items"]] == [False, True, False]
    mine = listed["items"][1]
    assert (mine["user_agent"], mine["address"], mine["methods"]) == ("Firefox", "203.0.113.7", ["pwd"])
    assert mine["created_at"] == mine["last_used_at"] == "2026-01-01T00:00:00.000Z"
    assert mine["expires_at"] == "2026-01-15T00:00:00.000Z"
    by_cookie = read(site.ask("GET", "/auth/sessions", headers=asking(cookies)))
    assert [each["current"] for each in by_cookie["items"]] == [True, False, False]
    first = read(site.ask("GET", "/auth/sessions?limit=2", headers=bearer))
    second = read(site.ask("GET", f"/auth/sessions?limit=2&after={first['next']}", headers=bearer))
    assert [*first["items"], *second["items"]] == listed["items"]
    assert second["next"] is None
    problem(site.ask("GET", "/auth/sessions?after=garbage", headers=bearer), 400, "invalid_cursor")


# Freshness


def test_reauthenticating_opens_what_is_dangerous(site: Site) -> None:
    """Six minutes after the sign-in it is closed; for five minutes after the proof it is open."""
    site.person()
    key = {"name": "script"}

    cookies = asking(site.browser(), csrf="")

    def make() -> Response:
        return site.ask("POST", "/auth/api-keys", json=key, headers=cookies)

    site.clock.advance(minutes=5)
    assert make().status == 201
    site.clock.advance(minutes=1)
    problem(make(), 403, "reauthentication_required")
    proof = {"password": "a wrong password altogether"}
    refused = site.ask("POST", "/auth/reauthenticate", json=proof, headers=cookies)
    problem(refused, 401, "invalid_credentials")
    problem(make(), 403, "reauthentication_required")
    proof = {"password": PASSWORD}
    answer(site.ask("POST", "/auth/reauthenticate", json=proof, headers=cookies), 204)
    assert make().status == 201
    site.clock.advance(minutes=3)
    assert make().status == 201
    site.clock.advance(minutes=2, seconds=1)
    problem(make(), 403, "reauthentication_required")


def test_se_3_a_session_that_has_ended_is_not_made_fresh(site: Site) -> None:
    """The access token is good for a while, and opens nothing dangerous."""
    ada = site.person()
    answer(site.ask("POST", "/auth/logout", headers=ada.headers), 204)
    proof = {"password": PASSWORD}
    refused = site.ask("POST", "/auth/reauthenticate", json=proof, headers=ada.headers)
    problem(refused, 401, "unauthenticated")
    problem(site.ask("DELETE", "/users/me", headers=ada.headers), 401, "unauthenticated")


def test_lg_2_guesses_at_reauthentication_are_counted(site: Site) -> None:
    """As those at signing in are."""
    ada = site.person()
    guess = {"json": {"password": "a wrong password altogether"}}
    statuses = [
        site.ask("POST", "/auth/reauthenticate", headers=ada.headers, **guess).status for _ in range(12)
    ]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert login(site, "ada@example.com", PASSWORD).status == 429


# Keys


def test_jw_4_the_public_keys_are_told_to_everybody_and_may_be_kept(site: Site) -> None:
    """None where a shared secret signs."""
    response = site.ask("GET", "/auth/jwks")
    assert (response.status, json.loads(response.body)) == (200, {"keys": []})
    assert response.header("cache-control") == "public, max-age=300"
    assert json.loads(response.body) == site.kit.jwks()


def test_a_credential_that_is_not_good_does_not_close_public_doors(site: Site) -> None:
    """Whoever has an expired cookie signs in all the same."""
    ada: Person = site.person()
    for headers in ({"authorization": "Bearer nonsense"}, asking({"__Host-userkit": "gone"})):
        assert site.ask("GET", "/auth/jwks", headers=headers).status == 200
        assert login(site, "ada@example.com", PASSWORD, headers=headers).status == 200
    assert ada
