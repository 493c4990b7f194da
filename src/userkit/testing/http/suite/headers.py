"""Headers arrive one by one and unchanged, in both directions."""

import pytest

from userkit.testing.http.stage import Application
from userkit.testing.standard import Standard

__all__ = ["Headers"]

_NAMES = ["authorization", "Authorization", "AUTHORIZATION", "aUtHoRiZaTiOn"]


class Headers(Standard):
    """What is in the head of requests and answers."""

    @pytest.mark.parametrize("name", _NAMES)
    def test_names_are_the_same_in_upper_and_lower_case(self, application: Application, name: str) -> None:
        """RFC 9110, section 5.1."""
        headers = [(name, f"Bearer {application.token(application.person())}")]
        assert application.check("GET", "/users/me", headers=headers).status == 200

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer garbage",
            "bearer garbage",
            "Bearer a b",
            "Basic YTpi",
            "Token x",
            "Bearer \xe9\xff",
            "Bearer a, Bearer b",
            "Bearer " + "x" * 4_000,
        ],
        ids=lambda value: repr(value[:20]),
    )
    def test_what_shows_nobody_is_refused_alike(self, application: Application, value: str) -> None:
        """The challenge says whether something was shown that is not good (RFC 6750)."""
        answer = application.check("GET", "/users/me", headers=[("authorization", value)])
        assert answer.status == 401
        assert len(answer.values("www-authenticate")) == 1

    def test_two_credentials_are_none(self, application: Application) -> None:
        """The header that is named twice is not guessed, whichever of them is good."""
        good = f"Bearer {application.token(application.person())}"
        for pair in ((good, "Bearer x"), ("Bearer x", good), (good, good)):
            headers = [("authorization", each) for each in pair]
            assert application.ask("GET", "/users/me", headers=headers).status == 401
            assert application.ask("GET", "/protected", headers=headers).status == 401

    def test_an_api_key_has_a_header_of_its_own(self, application: Application) -> None:
        """Or comes as a bearer token."""
        key = application.api_key(application.person())
        assert application.check("GET", "/users/me", headers=[("X-API-Key", key)]).status == 200
        assert application.check("GET", "/users/me", token=key).status == 200

    def test_an_api_key_is_no_sign_in(self, application: Application) -> None:
        """Where a session is wanted it is refused."""
        key = application.api_key(application.person())
        assert application.check("GET", "/auth/sessions", headers=[("x-api-key", key)]).status == 403

    @pytest.mark.parametrize(
        "given",
        [['"v1"'], ['"v1", "v2"'], ['"v2"', '"v1"'], ["*"], ['"v9"'], ['W/"v1"'], ["v1"], ["\xe9"], [""]],
        ids=repr,
    )
    def test_if_match_is_heeded(self, application: Application, given: list[str]) -> None:
        """However many of them come, and in however many headers."""
        token = application.token(application.person())
        other = application.token(application.person())
        headers = [("if-match", value) for value in given]
        changed = application.ask("PATCH", "/users/me", token=token, json={"name": "A"}, headers=headers)
        expected = application.expect("PATCH", "/users/me", token=other, json={"name": "A"}, headers=headers)
        assert changed.status == expected.status
        assert changed.values("etag") == expected.values("etag")

    def test_an_answer_that_is_secret_is_kept_by_nobody(self, application: Application) -> None:
        """Also when it is a refusal."""
        person = application.person()
        for answer in (
            application.ask("POST", "/auth/login", json=person.login),
            application.ask("GET", "/users/me", token=application.token(person)),
            application.ask("GET", "/users/me"),
        ):
            assert answer.values("cache-control") == ["no-store"]

    def test_public_keys_may_be_kept(self, application: Application) -> None:
        """What the route says counts, and nothing is added."""
        assert application.check("GET", "/auth/jwks").header("cache-control") == "public, max-age=300"

    def test_the_browser_is_told_by_what_it_calls_itself(self, application: Application) -> None:
        """The name in the list of sessions is the one that was sent."""
        agent = "Mozilla/5.0 (X11; Linux) " + "x" * 150
        assert self._session(application, ("user-agent", agent))["user_agent"] == agent

    @pytest.mark.parametrize("agent", ["caf\xe9", "\xff\xfe", "a\tb", "x" * 6_000, "<script>", ""])
    def test_a_strange_name_of_a_browser_is_no_obstacle(self, application: Application, agent: str) -> None:
        """It is kept as userkit keeps it."""
        person = application.person()
        headers = [("user-agent", agent)]
        answer = application.ask("POST", "/auth/login", json=person.login, headers=headers)
        assert answer.status == 200
        assert application.expect("POST", "/auth/login", json=person.login, headers=headers).status == 200
        here, there = application.kit.sessions.list(person.id).items
        assert here.user_agent == there.user_agent

    def test_lg_4_the_address_is_that_of_the_socket(self, application: Application) -> None:
        """What a client writes about itself counts for nothing."""
        for name in ("x-forwarded-for", "x-real-ip", "forwarded", "x-client-ip", "cf-connecting-ip"):
            value = "for=203.0.113.7" if name == "forwarded" else "203.0.113.7"
            assert self._session(application, (name, value))["address"] == "127.0.0.1"

    def test_lg_4_a_trusted_proxy_tells_the_address(self, behind_proxy: Application) -> None:
        """The last of them, which the proxy has written itself."""
        session = self._session(behind_proxy, ("x-forwarded-for", "198.51.100.1, 203.0.113.7"))
        assert session["address"] == "203.0.113.7"

    def test_lg_4_several_headers_of_proxies_are_one_list(self, behind_proxy: Application) -> None:
        """The nearest proxy has added the last header."""
        headers = [("x-forwarded-for", "198.51.100.1"), ("X-Forwarded-For", "203.0.113.7")]
        assert self._session(behind_proxy, *headers)["address"] == "203.0.113.7"
        assert self._session(behind_proxy, *reversed(headers))["address"] == "198.51.100.1"
        behind = [("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "127.0.0.1")]
        assert self._session(behind_proxy, *behind)["address"] == "203.0.113.7"

    def test_lg_4_a_trusted_proxy_that_tells_nothing_is_the_client(self, behind_proxy: Application) -> None:
        """There is nobody behind it."""
        assert self._session(behind_proxy)["address"] == "127.0.0.1"

    def test_many_headers_are_no_obstacle(self, application: Application) -> None:
        """Forty that nobody asked for."""
        headers = [(f"x-unasked-{number}", "x" * 40) for number in range(40)]
        token = application.token(application.person())
        assert application.check("GET", "/users/me", token=token, headers=headers).status == 200

    def _session(self, application: Application, *headers: tuple[str, str]) -> dict[str, object]:
        """Sign in with these headers, and return how the session is listed."""
        answer = application.ask("POST", "/auth/login", json=application.person().login, headers=headers)
        token = answer.json()["access_token"]
        listed = application.ask("GET", "/auth/sessions", token=token).json()["items"]
        return next(each for each in listed if each["current"])
