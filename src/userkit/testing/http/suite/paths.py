"""Paths and methods: every route is there, and nothing else answers in its name."""

import pytest

from userkit.testing.http.reference import alike
from userkit.testing.http.stage import Application
from userkit.testing.http.table import OPERATIONS, PATHS, filled
from userkit.testing.standard import Standard

__all__ = ["Paths"]

_READABLE = [path for method, path in OPERATIONS if method == "GET"]
_STRANGE_METHODS = ("TRACE", "PROPFIND", "REPORT")


class Paths(Standard):
    """Which paths and methods there are."""

    @pytest.mark.parametrize(("method", "path"), OPERATIONS)
    def test_every_route_answers_strangers(self, application: Application, method: str, path: str) -> None:
        """Without a credential and without a body, too, the answer is the one of the route."""
        answer = application.check(method, filled(path))
        assert answer.status != 405

    @pytest.mark.parametrize(("method", "path"), OPERATIONS)
    def test_every_route_knows_who_asks(self, application: Application, method: str, path: str) -> None:
        """An empty object from somebody who may do nothing: the route tells what is wrong with it."""
        token = application.stale_token(application.person())
        # An unknown query keeps from ending the session that asks.
        ends = (method, path) in (("POST", "/auth/logout"), ("DELETE", "/auth/sessions"))
        target = f"{path}?unknown=1" if ends else filled(path)
        body: dict[str, str] | None = {} if method in ("POST", "PUT", "PATCH") and not ends else None
        application.check(method, target, token=token, json=body)

    @pytest.mark.parametrize("path", PATHS)
    def test_another_method_is_not_allowed(self, application: Application, path: str) -> None:
        """The answer tells which methods are, whatever the method is called."""
        known = {method for method, each in OPERATIONS if each == path}
        for method in ("PUT", "PATCH", "DELETE", *_STRANGE_METHODS):
            if method not in known:
                answer = application.check(method, filled(path))
                assert answer.status == 405
                assert answer.header("allow") is not None

    def test_a_method_that_nobody_knows_is_refused(self, application: Application) -> None:
        """By the server, if not by userkit."""
        for method in ("BREW", "G3T"):
            answer = application.ask(method, "/users/me", token=application.token(application.person()))
            assert 400 <= answer.status < 500
            assert application.client.is_wired or answer.status == 405

    @pytest.mark.parametrize("path", PATHS)
    def test_options_tell_the_methods(self, application: Application, path: str) -> None:
        """Nobody needs to be signed in to ask for them."""
        assert application.check("OPTIONS", filled(path)).status == 204

    @pytest.mark.parametrize("path", _READABLE)
    def test_head_is_get_without_a_body(self, application: Application, path: str) -> None:
        """Status and headers, the length among them, are those of GET."""
        person = application.person("admin")
        token, target = application.token(person), filled(path, person.id)
        head = application.check("HEAD", target, token=token)
        get = application.ask("GET", target, token=token)
        assert (head.status, head.body) == (get.status, b"")
        assert head.header("content-length") == str(len(get.body))

    def test_head_of_a_problem_has_no_body(self, application: Application) -> None:
        """A stranger gets the status and the challenge."""
        answer = application.check("HEAD", "/users/me")
        assert (answer.status, answer.body) == (401, b"")
        assert answer.header("www-authenticate") is not None

    def test_a_method_is_not_taken_from_a_header(self, application: Application) -> None:
        """What the request line says counts (X-HTTP-Method-Override is for those who have no other way)."""
        person = application.person()
        headers = [("x-http-method-override", "DELETE")]
        answer = application.ask("GET", "/users/me", token=application.token(person), headers=headers)
        assert answer.status == 200
        assert application.kit.users.get(person.id).id == person.id

    @pytest.mark.parametrize(
        "id",
        [
            "%C3%A9",
            "a%20b",
            "%00",
            "%25",
            "%252F",
            "%2525",
            "a+b",
            "a;b",
            "a:b",
            "%E2%82%AC",
            "%22",
            "%3Cb%3E",
        ],
    )
    def test_a_place_in_a_path_is_decoded_once(self, application: Application, id: str) -> None:
        """Whatever stands there is the id of nobody."""
        token = application.token(application.person("admin"))
        answer = application.check("GET", f"/users/{id}", token=token)
        assert answer.status == 404

    def test_encoded_letters_are_the_letters(self, application: Application) -> None:
        """`%2D` is `-`, and `%6D%65` is `me` (RFC 3986, section 6.2.2.2)."""
        person = application.person()
        token = application.token(person)
        assert application.check("GET", f"/users/{person.id.replace('-', '%2D')}", token=token).status == 200
        assert application.check("GET", "/users/%6D%65", token=token).status == 200

    @pytest.mark.parametrize("id", ["%FF", "%C3", "%ED%A0%80", "%C0%AF", "%", "%zz", "%F5%80%80%80"])
    def test_a_path_that_is_no_text_is_refused(self, application: Application, id: str) -> None:
        """A clean refusal, whoever gives it: the server, the framework or userkit."""
        token = application.token(application.person("admin"))
        answer = application.ask("GET", f"/users/{id}", token=token)
        assert 400 <= answer.status < 500

    @pytest.mark.parametrize(
        "target",
        [
            "/users/me/",
            "/users//me",
            "//users/me",
            "/users/me%2F",
            "/users/./me",
            "/users/x/../me",
            "/users/me/..%2Fme",
            "/users/%2E%2E/users/me",
            "/users/me%00",
            "/users/me%20",
            "/users/ME",
            "/USERS/me",
            "/users/me.json",
            "/users/me;a=b",
        ],
    )
    def test_a_path_that_is_nearly_one_shows_nobody(self, application: Application, target: str) -> None:
        """It is unknown, or the client is told the right one; it is not guessed."""
        person = application.person()
        path = f"{application.reference.prefix}{target}"
        answer = application.client.ask(
            "GET", path, headers=[("authorization", f"Bearer {application.token(person)}")]
        )
        assert 300 <= answer.status < 500
        assert person.user.email.encode() not in answer.body

    @pytest.mark.parametrize(
        "target", ["/users/{id}%2Fdisable%2F", "/users/{id}/disable/", "//users/{id}/disable"]
    )
    def test_a_path_that_is_nearly_one_changes_nothing(self, application: Application, target: str) -> None:
        """Whatever is told to the client, nothing was done."""
        other, token = application.person(), application.token(application.person("admin"))
        path = f"{application.reference.prefix}{filled(target, other.id)}"
        answer = application.client.ask("POST", path, headers=[("authorization", f"Bearer {token}")])
        assert 300 <= answer.status < 500
        assert not application.kit.users.get(other.id).is_disabled

    def test_an_unknown_path_is_not_found(self, application: Application) -> None:
        """Below the prefix, too."""
        for target in ("/users/me/unknown", "/auth", "/auth/unknown", "/auth/login/unknown"):
            assert application.ask("GET", target).status == 404

    def test_a_route_is_only_below_the_prefix(self, application: Application) -> None:
        """The same path without the prefix, or twice with it, is not there."""
        prefix = application.reference.prefix
        for target in ("/users/me", f"{prefix}{prefix}/users/me", f"{prefix}x/users/me"):
            assert application.client.ask("GET", target).status == 404

    def test_a_word_comes_before_an_id(self, application: Application) -> None:
        """`/users/me` is whoever asks, and no user called me."""
        person = application.person()
        answer = application.check("GET", "/users/me", token=application.token(person))
        assert answer.json()["id"] == person.id

    def test_what_can_be_asked_is_what_the_contract_lists(self, application: Application) -> None:
        """The reference has the routes of the table, so that the tests above have asked for all."""
        assert {(route.method, route.path) for route in application.reference.surface.routes} == set(
            OPERATIONS
        )

    def test_problems_are_alike_everywhere(self, application: Application) -> None:
        """A route that is not there for this method answers as `HttpApp` does, not as the framework."""
        alike(application.ask("PUT", "/auth/login"), application.expect("PUT", "/auth/login"))
