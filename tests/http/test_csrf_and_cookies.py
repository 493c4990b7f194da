"""A browser's cookie counts for a change only when our own pages ask for it."""

from dataclasses import replace
from itertools import product

import pytest

from tests.http.doors import KEYS, PROXIES, Doorkeeper, application, as_json, asking, of, problem, route
from userkit.errors import CsrfFailedError
from userkit.http.browser import Browser
from userkit.http.cookies import Cookies
from userkit.http.csrf import CsrfGuard
from userkit.http.messages import Headers, Response
from userkit.http.problems import ValidationFailedError
from userkit.http.route import PUBLIC, USER, AnyCall, Reply
from userkit.http.schemas import RequestModel
from userkit.http.settings import check_origins
from userkit.sync import run

BASE = "https://app.example"
GUARD = CsrfGuard(KEYS, "default", frozenset({"https://www.app.example"}), PROXIES, BASE)
COOKIE = ("cookie", "__Host-userkit=opaque")

TOKENS = {
    "absent": None,
    "right": GUARD.token("fresh"),
    "older key": CsrfGuard(KEYS[1:], "default", frozenset(), PROXIES).token("fresh"),
    "removed key": CsrfGuard((b"x" * 32,), "default", frozenset(), PROXIES).token("fresh"),
    "other session": GUARD.token("other"),
    "other realm": CsrfGuard(KEYS, "acme", frozenset(), PROXIES).token("fresh"),
    "no session": GUARD.token(""),
    "empty": "",
    "wrong": "x",
    "cut": GUARD.token("fresh")[:-1],
    "padded": GUARD.token("fresh") + "=",
    "not ascii": "\xe9" * 43,
    "surrogate": "\ud800",
}
ORIGINS = {
    "absent": None,
    "own": "https://app.example",
    "other scheme": "http://app.example",
    "other port": "https://app.example:8443",
    "foreign": "https://evil.example",
    "suffix": "https://app.example.evil.example",
    "prefix": "https://evil-app.example",
    "path": "https://app.example/",
    "null": "null",
    "empty": "",
}


def asked(method: str, *headers: tuple[str, str]) -> Response:
    """Return the answer to a request with the session's cookie."""
    return run(application().answer({method: route(method=method)}, asking(method, COOKIE, *headers)))


def headers_of(token: str | None, origin: str | None) -> Headers:
    """Return the headers of a request of some page."""
    given = (("x-csrf-token", token), ("origin", origin))
    return tuple((name, value) for name, value in given if value is not None)


@pytest.mark.parametrize(("token", "origin"), list(product(TOKENS, ORIGINS)))
def test_se_4_a_change_with_a_cookie_comes_from_our_own_pages(token: str, origin: str) -> None:
    """They show the session's token, or else the browser says that they ask."""
    ours = token in ("right", "older key") or (token == "absent" and origin == "own")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = asked(method, *headers_of(TOKENS[token], ORIGINS[origin]))
        assert answer.status == 200 if ours else problem(answer) == (403, "csrf_failed")


@pytest.mark.parametrize(
    ("site", "mode", "status"),
    [
        ("same-origin", "cors", 200),
        ("none", "navigate", 403),
        ("cross-site", "navigate", 403),
        ("cross-site", "no-cors", 403),
        (None, None, 200),
    ],
)
def test_se_4_no_page_leads_a_browser_to_a_stream(site: str | None, mode: str | None, status: int) -> None:
    """A stream costs what it costs, and a link takes the cookie along; scripts of our pages read it."""
    given = (("sec-fetch-site", site), ("sec-fetch-mode", mode))
    said = [(name, value) for name, value in given if value is not None]
    for access in (USER, PUBLIC):
        streaming = replace(route(access=access), events={"count": "how many"})
        door = application()
        answer = run(door.answer({"GET": streaming}, asking("GET", COOKIE, *said)))
        # Where anybody may ask, whoever is led there asks as nobody.
        assert answer.status == (200 if access is PUBLIC else status)
        bearer = run(door.answer({"GET": streaming}, asking("GET", ("authorization", "Bearer fresh"), *said)))
        assert bearer.status == 200


@pytest.mark.parametrize("origin", list(ORIGINS))
def test_se_4_reading_needs_nothing(origin: str) -> None:
    """No other site can see the answer, and nothing changes."""
    assert asked("GET", *headers_of("wrong", ORIGINS[origin])).status == 200
    head = run(application().answer({"GET": route()}, asking("HEAD", COOKIE)))
    assert head.status == 200


@pytest.mark.parametrize(
    "header", [("authorization", "Bearer fresh"), ("x-api-key", "key")], ids=["bearer", "api-key"]
)
def test_other_transports_need_nothing(header: tuple[str, str]) -> None:
    """No browser sends them on its own, also not beside a cookie."""
    evil = ("origin", "https://evil.example")
    changing = route(method="POST")
    assert run(application().run(changing, asking("POST", COOKIE, header, evil))).status == 200


def test_se_4_a_token_or_an_origin_given_twice_is_none() -> None:
    """Nobody guesses which one is meant."""
    right = ("x-csrf-token", GUARD.token("fresh"))
    own = ("origin", BASE)
    assert problem(asked("POST", right, right)) == (403, "csrf_failed")
    assert problem(asked("POST", own, own)) == (403, "csrf_failed")
    assert asked("POST", right, right, own).status == 200


def test_se_4_where_anybody_may_ask_a_foreign_page_asks_as_nobody() -> None:
    """The cookie of its visitor is not theirs to use."""
    seen: list[str | None] = []

    async def who(call: AnyCall) -> Reply:
        seen.append(None if call.caller is None else call.caller.user_id)
        return Reply()

    for origin in ("https://evil.example", BASE):
        public = route(who, access=PUBLIC, method="POST")
        assert run(application().run(public, asking("POST", COOKIE, ("origin", origin)))).status == 200
    assert seen[0] is None
    assert seen[1] is not None


def test_a_page_gives_its_token_in_a_form() -> None:
    """It counts instead of the header, and a wrong one is wrong whatever the browser says."""
    own = asking("POST", ("origin", BASE), ("x-csrf-token", GUARD.token("fresh")))
    assert GUARD.is_ours(asking("POST"), "fresh", token=GUARD.token("fresh"))
    assert not GUARD.is_ours(own, "fresh", token="")
    assert not GUARD.is_ours(own, "fresh", token=GUARD.token("other"))


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        ("https://app.example", "https://app.example"),
        ("https://app.example/accounts", "https://app.example"),
        ("https://app.example:8443/a/b", "https://app.example:8443"),
        ("https://app.example:443", "https://app.example"),
        ("https://App.Example/Accounts", "https://app.example"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://[::1]", "http://[::1]"),
    ],
)
def test_the_base_url_says_which_origin_is_ours(base_url: str, origin: str) -> None:
    """As browsers write it; whatever Host and proxies say."""
    guard = CsrfGuard(KEYS, "default", frozenset(), PROXIES, base_url)
    host = ("host", "evil.example")
    forwarded = ("x-forwarded-host", "evil.example")
    assert guard.is_same_origin(asking("POST", ("origin", origin), host, forwarded))
    for other in (
        "http://evil.example",
        "https://evil.example",
        f"{origin}1",
        origin.replace("//", "//x."),
        "null",
    ):
        assert not guard.is_same_origin(asking("POST", ("origin", other), host, forwarded, peer="10.0.0.1"))


def test_without_a_base_url_the_host_that_is_asked_is_ours() -> None:
    """A page of another site cannot choose it. What is spoken only a trusted proxy can say."""
    guard = CsrfGuard(KEYS, "default", frozenset(), PROXIES)
    host, tls = ("host", "app.example:8000"), ("x-forwarded-proto", "https")
    plain, secure = (("origin", f"{scheme}://app.example:8000") for scheme in ("http", "https"))
    assert guard.is_same_origin(asking("POST", host, plain))
    assert not guard.is_same_origin(asking("POST", host, secure))
    assert guard.is_same_origin(asking("POST", host, secure, scheme="https"))
    assert guard.is_same_origin(asking("POST", host, secure, tls, peer="10.0.0.1"))
    assert not guard.is_same_origin(asking("POST", host, secure, tls, peer="192.0.2.7"))
    assert not guard.is_same_origin(asking("POST", host, host, plain))
    assert not guard.is_same_origin(asking("POST", plain))


def test_other_origins_may_be_ours() -> None:
    """Those that the application names, however it writes them."""
    origins = check_origins(["https://WWW.app.example:443", "http://localhost:5173"])
    guard = CsrfGuard(KEYS, "default", origins, PROXIES, BASE)
    assert guard.is_same_origin(asking("POST", ("origin", "https://www.app.example")))
    assert guard.is_same_origin(asking("POST", ("origin", "http://localhost:5173")))
    assert not guard.is_same_origin(asking("POST", ("origin", "http://localhost:5174")))


def test_st_4_the_guard_does_not_show_its_keys() -> None:
    """Nor does what holds it."""
    assert "kkkk" not in repr(GUARD) + repr(application())


def test_tokens_differ_by_session_and_realm_and_key() -> None:
    """And are the same each time, in an alphabet that cookies can hold."""
    tokens = [TOKENS[name] for name in ("right", "older key", "removed key", "other session", "other realm")]
    assert len(set(tokens)) == len(tokens)
    assert GUARD.token("fresh") == GUARD.token("fresh")
    assert all(token and token.replace("-", "").replace("_", "").isalnum() for token in tokens)


def test_a_foreign_page_signs_nobody_in() -> None:
    """Else it could sign its visitors in to an account of its own. Programs say no origin at all."""
    browser = Browser(Cookies(), GUARD, accepted=True)
    browser.check(asking("POST"))
    browser.check(asking("POST", ("origin", BASE)))
    browser.check(asking("POST", ("origin", "https://www.app.example")))
    for origins in (["null"], [""], ["https://evil.example"], [BASE, BASE], [BASE, "https://evil.example"]):
        with pytest.raises(CsrfFailedError):
            browser.check(asking("POST", *(("origin", each) for each in origins)))


def test_where_no_cookies_are_taken_none_are_given() -> None:
    """It is told as a mistake of the query."""
    with pytest.raises(ValidationFailedError) as refused:
        Browser(Cookies(), GUARD, accepted=False).check(asking("POST"))
    assert refused.value.errors[0]["loc"] == ["query", "transport"]


def test_se_4_cookies_are_as_safe_as_they_can_be() -> None:
    """For this host and over TLS only; the one that opens the session cannot be read by pages."""
    session, csrf = Browser(Cookies(), GUARD, accepted=True).signed_in("uks_1", "fresh", expires_in=60)
    assert session == (
        "set-cookie",
        "__Host-userkit=uks_1; Max-Age=60; Path=/; SameSite=Lax; Secure; HttpOnly",
    )
    assert csrf == (
        "set-cookie",
        f"__Host-userkit-csrf={GUARD.token('fresh')}; Max-Age=60; Path=/; SameSite=Lax; Secure",
    )


def test_cookies_are_taken_back() -> None:
    """By the same names and attributes, at once."""
    given = Browser(Cookies(), GUARD, accepted=True).signed_out()
    assert [value for _, value in given] == [
        "__Host-userkit=; Max-Age=0; Path=/; SameSite=Lax; Secure; HttpOnly",
        "__Host-userkit-csrf=; Max-Age=0; Path=/; SameSite=Lax; Secure",
    ]


@pytest.mark.parametrize(
    ("base_url", "name"),
    [
        (None, "__Host-userkit"),
        ("https://app.example", "__Host-userkit"),
        ("http://localhost:8000", "userkit"),
    ],
)
def test_over_plain_http_cookies_have_another_name(base_url: str | None, name: str) -> None:
    """Browsers take none of the prefix there; only this machine is asked so."""
    cookies = Cookies.for_base_url(base_url)
    assert (cookies.session, cookies.csrf) == (name, f"{name}-csrf")
    assert all(("Secure" in value) is cookies.secure for _, value in cookies.signed_in("a", "b", max_age=1))


class Change(RequestModel):
    """A change."""

    name: str


def test_se_4_a_page_of_others_cannot_send_json() -> None:
    """A form can only send text, which is refused even where the origin is not told."""
    changing = route(access=PUBLIC, method="POST", body=Change)
    sent = asking("POST", COOKIE, ("content-type", "text/plain"), body=b'{"name":"a"}')
    assert problem(run(application().run(changing, sent))) == (415, "unsupported_media_type")
    assert run(application().run(changing, as_json({"name": "a"}))).status == 200


def test_a_session_without_an_id_has_a_token_of_its_own() -> None:
    """A backend of others may put something into a cookie that is no session; its token is no session's."""
    known = {"opaque": of("ada", session=None, backend="session")}
    door = application(Doorkeeper(known=known))
    for token, status in ((GUARD.token(""), 200), (GUARD.token("fresh"), 403)):
        request = asking("POST", COOKIE, ("x-csrf-token", token))
        assert run(door.run(route(method="POST"), request)).status == status
