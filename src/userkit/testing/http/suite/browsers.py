"""Browsers: cookies come and go, and changes come from the application's own pages."""

import pytest

from userkit.testing.http.answers import Answer
from userkit.testing.http.reference import alike_in_shape
from userkit.testing.http.stage import Application
from userkit.testing.standard import Standard

__all__ = ["Browsers"]

_OURS = "https://app.example"
_FOREIGN = [
    "https://evil.example",
    "null",
    "http://app.example",
    "https://app.example.evil.example",
    "https://app.example:444",
]


def _as_browser(cookies: dict[str, str], *more: tuple[str, str]) -> list[tuple[str, str]]:
    return [("cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())), *more]


class Browsers(Standard):
    """What is kept in a cookie."""

    def test_both_cookies_arrive(self, application: Application) -> None:
        """In a header each, with everything that protects them."""
        person = application.person()
        target = "/auth/login?transport=cookie"
        answer = application.ask("POST", target, json=person.login)
        alike_in_shape(answer, application.expect("POST", target, json=person.login))
        session, csrf = answer.values("set-cookie")
        assert session.startswith("__Host-userkit=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= set(session.split("; "))
        assert csrf.startswith("__Host-userkit-csrf=")
        assert "HttpOnly" not in csrf

    def test_a_cookie_shows_who_asks(self, application: Application) -> None:
        """Among others, of the application and of others."""
        person = application.person()
        cookies = {"theme": "dark", **application.cookies(person), "quoted": '"a b"'}
        answer = application.check("GET", "/users/me", headers=_as_browser(cookies))
        assert answer.json()["id"] == person.id

    def test_cookies_may_come_in_two_headers(self, application: Application) -> None:
        """HTTP/2 may cut them (RFC 9113, section 8.2.3)."""
        session, csrf = application.cookies(application.person()).items()
        for pair in ((session, csrf), (csrf, session)):
            headers = [("cookie", "=".join(each)) for each in pair]
            answer = application.ask("GET", "/users/me", headers=headers)
            # In HTTP/1.1 there is one (RFC 6265, section 5.4), and servers of WSGI join two with a comma.
            assert answer.status == 200 or application.client.is_wired

    def test_a_cookie_that_is_there_twice_is_none(self, application: Application) -> None:
        """Somebody has slipped one in."""
        (name, value), _ = application.cookies(application.person()).items()
        for header in (f"{name}=x; {name}={value}", f"{name}={value}; {name}=x"):
            assert application.check("GET", "/users/me", headers=[("cookie", header)]).status == 401

    def test_a_bearer_token_is_no_cookie(self, application: Application) -> None:
        """Nor the other way round."""
        person = application.person()
        cookies = application.cookies(person)
        name = next(iter(cookies))
        token = application.token(person)
        assert application.check("GET", "/users/me", headers=[("cookie", f"{name}={token}")]).status == 401
        assert application.check("GET", "/users/me", token=cookies[name]).status == 401

    def test_se_4_a_change_needs_the_header(self, application: Application) -> None:
        """A form of another site cannot send it."""
        cookies = application.cookies(application.person())
        refused = self._rename(application, cookies)
        assert (refused.status, refused.json()["code"]) == (403, "csrf_failed")
        token = cookies["__Host-userkit-csrf"]
        assert self._rename(application, cookies, ("X-CSRF-Token", token)).status == 200
        assert self._rename(application, cookies, ("x-csrf-token", f"{token}x")).status == 403

    def test_se_4_a_change_may_come_from_our_pages(self, application: Application) -> None:
        """The browser says so."""
        cookies = application.cookies(application.person())
        assert self._rename(application, cookies, ("origin", _OURS)).status == 200

    @pytest.mark.parametrize("origin", _FOREIGN)
    def test_se_4_a_change_from_elsewhere_is_refused(self, application: Application, origin: str) -> None:
        """Whatever it looks like."""
        cookies = application.cookies(application.person())
        assert self._rename(application, cookies, ("origin", origin)).status == 403

    @pytest.mark.parametrize("origin", _FOREIGN)
    def test_se_4_nobody_is_signed_in_from_elsewhere(self, application: Application, origin: str) -> None:
        """Else a page of somebody else could sign its visitors in to an account of its own."""
        login, headers = application.person().login, [("origin", origin)]
        answer = application.check("POST", "/auth/login?transport=cookie", json=login, headers=headers)
        assert answer.status == 403
        assert answer.values("set-cookie") == []

    def test_se_4_two_origins_are_none(self, application: Application) -> None:
        """One of them was not written by the browser."""
        cookies = application.cookies(application.person())
        for pair in ((_OURS, "https://evil.example"), ("https://evil.example", _OURS)):
            headers = [("origin", each) for each in pair]
            assert self._rename(application, cookies, *headers).status == 403

    def test_signing_out_takes_both_cookies(self, application: Application) -> None:
        """And ends the session."""
        person = application.person()
        cookies, headers = application.cookies(person), [("origin", _OURS)]
        answer = application.ask("POST", "/auth/logout", headers=_as_browser(cookies, *headers))
        others = application.cookies(person)
        expected = application.expect("POST", "/auth/logout", headers=_as_browser(others, *headers))
        alike_in_shape(answer, expected)
        assert [value.partition(";")[0] for value in answer.values("set-cookie")] == [
            "__Host-userkit=",
            "__Host-userkit-csrf=",
        ]
        assert application.ask("GET", "/users/me", headers=_as_browser(cookies)).status == 401

    def test_a_dead_cookie_does_not_keep_anybody_out(self, application: Application) -> None:
        """Who has one can sign in again."""
        login = application.person().login
        headers = _as_browser({"__Host-userkit": "expired"})
        assert application.ask("POST", "/auth/login", json=login, headers=headers).status == 200

    def _rename(self, application: Application, cookies: dict[str, str], *more: tuple[str, str]) -> Answer:
        return application.ask("PATCH", "/users/me", json={"name": "A"}, headers=_as_browser(cookies, *more))
