"""Guards of the application's own endpoints, and errors of userkit that are raised in them."""

import pytest

from userkit.testing.http.reference import alike
from userkit.testing.http.stage import Application
from userkit.testing.standard import Standard

__all__ = ["Guards"]

_GUARDED = ["/protected", "/account", "/admin", "/fresh"]
_BAD = [
    [("authorization", "Bearer garbage")],
    [("authorization", "Bearer")],
    [("x-api-key", "uk_garbage")],
    [("cookie", "__Host-userkit=garbage")],
]


class Guards(Standard):
    """Who gets in."""

    @pytest.mark.parametrize("path", _GUARDED)
    def test_strangers_stay_outside(self, application: Application, path: str) -> None:
        """They are told as by userkit's own routes."""
        alike(application.ask("GET", path), application.expect("GET", "/users/me"))

    @pytest.mark.parametrize("headers", _BAD, ids=lambda headers: str(headers[0]))
    @pytest.mark.parametrize("path", [*_GUARDED, "/optional"])
    def test_what_is_shown_must_be_good(
        self, application: Application, path: str, headers: list[tuple[str, str]]
    ) -> None:
        """Also where nothing need be shown."""
        expected = application.expect("GET", "/users/me", headers=headers)
        alike(application.ask("GET", path, headers=headers), expected)

    def test_the_endpoint_knows_who_asks(self, application: Application) -> None:
        """By a token, by a key, and by a cookie."""
        person = application.person("admin")
        token, key = application.token(person), application.api_key(person, "users:write")
        cookie = "; ".join(f"{name}={value}" for name, value in application.cookies(person).items())
        for path in ("/protected", "/account", "/optional", "/admin"):
            for headers in (
                [("authorization", f"Bearer {token}")],
                [("authorization", f"Bearer {key}")],
                [("x-api-key", key)],
                [("cookie", cookie)],
            ):
                answer = application.ask("GET", path, headers=headers)
                assert (answer.status, answer.json()["user_id"]) == (200, person.id)

    def test_one_after_the_other_is_somebody_else(self, application: Application) -> None:
        """Nothing is kept from one request to the next."""
        people = [application.person() for _ in range(3)]
        tokens = [application.token(person) for person in people]
        for _ in range(2):
            for person, token in zip(people, tokens, strict=True):
                assert application.ask("GET", "/protected", token=token).json() == {"user_id": person.id}
                assert application.ask("GET", "/optional").json() == {"user_id": None}

    def test_az_1_a_permission_is_needed(self, application: Application) -> None:
        """It counts as it is at this moment."""
        person = application.person()
        token = application.token(person)
        refused = application.ask("GET", "/admin", token=token)
        assert (refused.status, refused.json()["code"]) == (403, "forbidden")
        application.kit.roles.set(person.id, ["admin"])
        assert application.ask("GET", "/admin", token=token).status == 200

    def test_az_1_a_key_does_no_more_than_its_scopes(self, application: Application) -> None:
        """Whatever its owner may do."""
        key = application.api_key(application.person("admin"), "users:read")
        assert application.ask("GET", "/admin", token=key).status == 403

    def test_a_sign_in_of_long_ago_is_not_fresh(self, application: Application) -> None:
        """Whoever proves again who they are gets in; a key proves nothing."""
        person = application.person()
        token = application.stale_token(person)
        refused = application.ask("GET", "/fresh", token=token)
        assert (refused.status, refused.json()["code"]) == (403, "reauthentication_required")
        proof = {"password": person.password}
        assert application.ask("POST", "/auth/reauthenticate", json=proof, token=token).status == 204
        assert application.ask("GET", "/fresh", token=token).status == 200
        assert application.ask("GET", "/fresh", token=application.api_key(person)).status == 403

    def test_se_4_a_guard_protects_changes_from_other_sites(self, application: Application) -> None:
        """An endpoint of the application with a cookie is as safe as one of userkit."""
        cookies = application.cookies(application.person())
        cookie = ("cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))
        token = ("x-csrf-token", cookies["__Host-userkit-csrf"])
        for more, status in (
            ([], 403),
            ([("origin", "https://evil.example")], 403),
            ([token], 200),
            ([("origin", "https://app.example")], 200),
        ):
            answer = application.ask("POST", "/protected", headers=[cookie, *more])
            assert answer.status == status
            assert status == 200 or answer.json()["code"] == "csrf_failed"

    def test_a_disabled_user_stays_outside(self, application: Application) -> None:
        """The user is asked for as they are now."""
        person = application.person()
        token = application.token(person)
        assert application.ask("GET", "/account", token=token).status == 200
        application.kit.users.disable(person.id)
        assert application.ask("GET", "/account", token=token).status == 401

    def test_an_error_in_an_endpoint_is_answered_by_userkit(self, application: Application) -> None:
        """With the status, the headers and the body that its own routes answer with."""
        token = application.token(application.person("admin"))
        expected = application.expect("GET", "/users/unknown", token=token)
        alike(application.ask("GET", "/found/unknown"), expected)

    def test_an_endpoint_without_an_error_is_left_alone(self, application: Application) -> None:
        """The application answers as it does without userkit."""
        person = application.person()
        answer = application.ask("GET", f"/found/{person.id}")
        assert (answer.status, answer.json()) == (200, {"user_id": person.id})
