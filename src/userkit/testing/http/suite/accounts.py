"""What people do, from opening an account to deleting it: each answer is the one it must be."""

import uuid

from userkit.testing.http.reference import alike, alike_in_shape
from userkit.testing.http.stage import Application
from userkit.testing.standard import Standard

__all__ = ["Accounts"]

_PASSWORD = "quiet lanterns drift upstream"  # noqa: S105 - of nobody


class Accounts(Standard):
    """The routes when all is well, and their own errors."""

    def test_an_account_is_opened(self, application: Application) -> None:
        """The answer says where it is, and of which revision."""
        here, there = (
            {"email": f"{uuid.uuid4().hex}@example.com", "name": "Zoë", "password": _PASSWORD}
            for _ in range(2)
        )
        answer = application.ask("POST", "/users", json=here)
        alike_in_shape(answer, application.expect("POST", "/users", json=there))
        assert answer.status == 201
        id = answer.json()["id"]
        assert answer.header("location") == f"{application.reference.prefix}/users/{id}"
        assert application.kit.users.get(id).name == "Zoë"

    def test_what_is_wrong_with_an_account_is_told(self, application: Application) -> None:
        """A taken address, a weak password, an address that is none."""
        taken = application.person().user.email
        for body, status in (
            ({"email": taken, "name": "A"}, 409),
            ({"email": "a@example.com", "name": "A", "password": "short"}, 400),
            ({"email": "nobody", "name": "A"}, 400),
            ({"email": "a@example.com", "name": ""}, 400),
            ({"email": "a@example.com", "name": "A", "roles": ["admin"]}, 422),
            ({"email": ["a@example.com"], "name": "A"}, 422),
        ):
            assert application.check("POST", "/users", json=body).status == status

    def test_signing_in_gives_tokens(self, application: Application) -> None:
        """And a wrong password or an unknown address the same refusal."""
        person = application.person()
        answer = application.ask("POST", "/auth/login", json=person.login)
        alike_in_shape(answer, application.expect("POST", "/auth/login", json=person.login))
        assert application.ask("GET", "/users/me", token=answer.json()["access_token"]).status == 200
        wrong = application.check("POST", "/auth/login", json={**person.login, "password": _PASSWORD})
        body = {"email": "nobody@example.com", "password": _PASSWORD}
        unknown = application.check("POST", "/auth/login", json=body)
        assert (wrong.status, wrong.body) == (unknown.status, unknown.body)

    def test_a_refresh_token_is_exchanged(self, application: Application) -> None:
        """The new tokens are good."""
        person = application.person()
        here, there = (application.kit.sessions.sign_in(**person.login).refresh_token for _ in range(2))
        answer = application.ask("POST", "/auth/refresh", json={"refresh_token": here})
        alike_in_shape(answer, application.expect("POST", "/auth/refresh", json={"refresh_token": there}))
        assert application.ask("GET", "/users/me", token=answer.json()["access_token"]).status == 200

    def test_users_are_read_and_found(self, application: Application) -> None:
        """By an administrator."""
        person, token = application.person(), application.token(application.person("admin"))
        assert application.check("GET", f"/users/{person.id}", token=token).json()["name"] == "Ada Lovelace"
        assert application.check("GET", f"/users/{person.id}/roles", token=token).json() == {"roles": []}
        found = application.check("GET", f"/users?q={person.user.email}", token=token).json()
        assert [each["id"] for each in found["items"]] == [person.id]

    def test_az_1_another_user_is_as_unknown_as_none(self, application: Application) -> None:
        """Who may not see other users gets the answer for nobody."""
        other, token = application.person(), application.token(application.person())
        for method in ("GET", "DELETE"):
            known = application.check(method, f"/users/{other.id}", token=token)
            unknown = application.check(method, "/users/nobody", token=token)
            assert known.status == 404
            alike(known, unknown)

    def test_a_change_is_made_to_what_was_seen(self, application: Application) -> None:
        """Else it fails, and nothing is changed."""
        person = application.person()
        token = application.token(person)
        etag = application.check("GET", "/users/me", token=token).header("etag")
        headers = [("if-match", str(etag))]
        changed = application.ask("PATCH", "/users/me", token=token, json={"name": "B"}, headers=headers)
        assert changed.status == 200
        assert changed.header("etag") != etag
        lost = application.check("PATCH", "/users/me", token=token, json={"name": "C"}, headers=headers)
        assert (lost.status, lost.json()["code"]) == (412, "stale")
        assert application.kit.users.get(person.id).name == "B"

    def test_roles_are_given_and_taken(self, application: Application) -> None:
        """And what is no role is refused."""
        person, token = application.person(), application.token(application.person("admin"))
        path = f"/users/{person.id}/roles"
        assert application.check("PUT", path, token=token, json={"roles": ["admin"]}).status == 200
        assert application.kit.roles.of(person.id) == {"admin"}
        assert application.check("PUT", path, token=token, json={"roles": ["no such role"]}).status == 422
        assert application.check("PUT", path, token=token, json={"roles": []}).json() == {"roles": []}

    def test_an_account_is_closed_and_opened(self, application: Application) -> None:
        """Twice does no harm."""
        person, token = application.person(), application.token(application.person("admin"))
        assert application.check("POST", f"/users/{person.id}/disable", token=token).status == 204
        assert application.kit.users.get(person.id).is_disabled
        assert application.check("POST", f"/users/{person.id}/enable", token=token).status == 204
        assert not application.kit.users.get(person.id).is_disabled

    def test_sessions_are_listed_and_ended(self, application: Application) -> None:
        """One by one, and all at once."""
        person = application.person()
        token, _, _ = (application.token(person) for _ in range(3))
        listed = application.check("GET", "/auth/sessions", token=token).json()["items"]
        assert [each["current"] for each in listed] == [False, False, True]
        assert application.ask("DELETE", f"/auth/sessions/{listed[0]['id']}", token=token).status == 204
        assert application.check("DELETE", f"/auth/sessions/{listed[0]['id']}", token=token).status == 404
        assert application.ask("DELETE", "/auth/sessions", token=token).status == 204
        assert [each.id for each in application.kit.sessions.list(person.id).items] == [listed[2]["id"]]
        assert application.ask("DELETE", "/auth/sessions?all=true", token=token).status == 204
        assert not application.kit.sessions.list(person.id).items

    def test_what_is_dangerous_needs_a_fresh_sign_in(self, application: Application) -> None:
        """Deleting the account, another address, a new key."""
        token = application.stale_token(application.person())
        for method, path, body in (
            ("DELETE", "/users/me", None),
            ("POST", "/auth/email/change", {"email": "new@example.com"}),
            ("POST", "/auth/api-keys", {"name": "key"}),
        ):
            answer = application.check(method, path, token=token, json=body)
            assert (answer.status, answer.json()["code"]) == (403, "reauthentication_required")

    def test_a_key_is_made_listed_and_taken_back(self, application: Application) -> None:
        """It opens the account until then."""
        person = application.person()
        token = application.token(person)
        request = {"token": token, "json": {"name": "backup", "scopes": []}}
        made = application.ask("POST", "/auth/api-keys", **request)
        alike_in_shape(made, application.expect("POST", "/auth/api-keys", **request))
        assert made.status == 201
        key = made.json()
        assert len(application.check("GET", "/auth/api-keys", token=token).json()["items"]) == 2
        assert application.ask("GET", "/users/me", token=key["key"]).status == 200
        assert application.ask("DELETE", f"/auth/api-keys/{key['id']}", token=token).status == 204
        assert application.ask("GET", "/users/me", token=key["key"]).status == 401

    def test_a_password_is_changed(self, application: Application) -> None:
        """The old one is no longer good."""
        person = application.person()
        token = application.token(person)
        body = {"current_password": person.password, "new_password": _PASSWORD}
        assert application.ask("POST", "/auth/password/change", token=token, json=body).status == 204
        assert application.check("POST", "/auth/password/change", token=token, json=body).status == 401
        assert application.ask("POST", "/auth/login", json=person.login).status == 401

    def test_links_that_are_none_are_refused(self, application: Application) -> None:
        """Each by the route it is for."""
        for path, body in (
            ("/auth/password/reset", {"token": "ukl_nothing", "password": _PASSWORD}),
            ("/auth/email/verify", {"token": "ukl_nothing"}),
            ("/auth/email/change/confirm", {"token": "ukl_nothing"}),
        ):
            assert application.check("POST", path, json=body).json()["code"] == "invalid_token"

    def test_a_forgotten_password_tells_nothing(self, application: Application) -> None:
        """Whether or not somebody has the address."""
        known = {"email": application.person().user.email}
        answers = [
            application.check("POST", "/auth/password/forgot", json=body)
            for body in (known, {"email": "nobody@example.com"})
        ]
        assert [(each.status, each.body) for each in answers] == [(202, b""), (202, b"")]

    def test_an_account_is_deleted(self, application: Application) -> None:
        """By its owner, and then it opens no more."""
        person = application.person()
        token = application.token(person)
        answer = application.ask("DELETE", "/users/me", token=token)
        assert (answer.status, answer.body) == (204, b"")
        assert application.check("POST", "/auth/login", json=person.login).status == 401
