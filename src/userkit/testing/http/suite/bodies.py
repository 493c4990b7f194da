"""Bodies arrive as they were sent, up to the limit, and answers leave as they were made."""

import json

import pytest

from userkit.testing.http.reference import alike, alike_in_shape
from userkit.testing.http.stage import Application
from userkit.testing.standard import Standard

__all__ = ["Bodies"]

_JSON = [("content-type", "application/json")]
_FORM = [("content-type", "application/x-www-form-urlencoded")]
_LOGIN = b'{"email": "nobody@example.com", "password": "mauve otters juggle teapots"}'


def _padded(length: int) -> bytes:
    """Return a body of a login that is so many bytes long."""
    return _LOGIN + b" " * (length - len(_LOGIN))


class Bodies(Standard):
    """What is in requests and answers."""

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b" ",
            b"{",
            b"null",
            b"[]",
            b"{}",
            b'"text"',
            b'{"email": 1, "password": null}',
            b'{"email": {"$ne": null}, "password": ["a"]}',
            b'{"email": "a", "email": "b", "password": "c"}',
            b'{"email": "a@example.com", "password": NaN}',
            b'{"email": "a\\u0000b", "password": "x"}',
            b'{"email": "\\ud800", "password": "x"}',
            b'{"email": "\xff", "password": "x"}',
            b"\xef\xbb\xbf" + _LOGIN,
            _LOGIN.decode().encode("utf-16"),
            _LOGIN + b"x",
            b"[" * 10_000,
            b'{"email": "a@example.com", "password": "x", "is_admin": true}',
            '{"email": "é@example.com", "password": "żółw"}'.encode(),
            b"email=a&password=b",
        ],
        ids=lambda body: repr(body[:24]),
    )
    def test_a_body_is_read_by_userkit_alone(self, application: Application, body: bytes) -> None:
        """It is neither parsed nor decoded on its way, so refusals are the same."""
        answer = application.check("POST", "/auth/login", body=body, headers=_JSON)
        assert 400 <= answer.status < 500

    @pytest.mark.parametrize(
        "kind",
        [
            "text/plain",
            "application/json; charset=utf-8",
            'application/json;charset="UTF-8"',
            "application/json; charset=latin-1",
            "APPLICATION/JSON",
            "application/problem+json",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/json, text/plain",
            "",
        ],
    )
    def test_the_type_of_a_body_is_what_it_says(self, application: Application, kind: str) -> None:
        """What a page of somebody else can send without asking, such as text/plain, is refused."""
        answer = application.check("POST", "/auth/login", body=_LOGIN, headers=[("content-type", kind)])
        assert answer.status in (401, 415)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"username=nobody%40example.com&password=a+b%2Bc",
            b"username=a&username=b&password=c",
            b"username=a&password=b&unknown=c",
            b"grant_type=password&username=nobody%40example.com&password=x&scope=&client_id=c",
            b"username=%FF&password=x",
            "username=é&password=x".encode(),
            b"username=a;password=b",
            b'{"username": "a", "password": "b"}',
        ],
        ids=lambda body: repr(body[:24]),
    )
    def test_a_form_is_read_by_userkit_alone(self, application: Application, body: bytes) -> None:
        """No framework has read it before."""
        answer = application.check("POST", "/auth/token", body=body, headers=_FORM)
        assert 400 <= answer.status < 500

    def test_a_form_signs_in(self, application: Application) -> None:
        """The user name is the address."""
        person = application.person()
        form = {"grant_type": "password", "username": person.user.email, "password": person.password}
        request = {"form": form}
        answer = application.ask("POST", "/auth/token", **request)
        alike_in_shape(answer, application.expect("POST", "/auth/token", **request))
        assert application.kit.authenticate(answer.json()["access_token"]).user_id == person.id

    @pytest.mark.parametrize("more", [-1, 0, 1])
    def test_the_limit_is_exact(self, application: Application, more: int) -> None:
        """At the limit a body is read, and one byte more is too long."""
        body = _padded(application.reference.body_limit + more)
        answer = application.check("POST", "/auth/login", body=body, headers=_JSON)
        assert answer.status == (413 if more > 0 else 401)

    @pytest.mark.parametrize("more", [0, 1])
    def test_the_limit_is_exact_without_a_length(self, application: Application, more: int) -> None:
        """A body in chunks is counted as it comes."""
        body = _padded(application.reference.body_limit + more)
        pieces = [body[:1], body[1:30_000], body[30_000:-1], body[-1:]]
        answer = application.ask("POST", "/auth/login", body=pieces, headers=_JSON)
        alike(answer, application.expect("POST", "/auth/login", body=body, headers=_JSON))
        assert answer.status == (413 if more else 401)

    def test_the_limit_is_for_routes_without_a_body_as_well(self, application: Application) -> None:
        """Nobody makes the server keep what no route wants."""
        body = b"x" * (application.reference.body_limit + 1)
        assert application.check("POST", "/auth/logout", body=body).status == 413

    def test_a_form_has_the_same_limit(self, application: Application) -> None:
        """It is not a framework's own limit for forms."""
        body = b"username=" + b"a" * application.reference.body_limit
        assert application.check("POST", "/auth/token", body=body, headers=_FORM).status == 413

    def test_a_body_in_chunks_is_one_body(self, application: Application) -> None:
        """Where it is cut makes no difference."""
        person = application.person()
        body = json.dumps(person.login).encode()
        answer = application.ask("POST", "/auth/login", body=[body[:7], body[7:20], body[20:]], headers=_JSON)
        assert answer.status == 200

    def test_an_unasked_body_is_ignored(self, application: Application) -> None:
        """Such as one that comes with GET or DELETE."""
        token = application.token(application.person())
        assert application.check("GET", "/users/me", token=token, body=b"{").status == 200

    def test_text_comes_back_as_utf_8(self, application: Application) -> None:
        """Letters of all alphabets, as they are and not as escapes."""
        token = application.token(application.person())
        body = {"name": "Żółw 🐢 עברית", "attributes": {"é": ["\u2028", "\\u0041", '"']}}
        changed = application.ask("PATCH", "/users/me", token=token, json=body)
        assert changed.status == 200
        answer = application.check("GET", "/users/me", token=token)
        assert "Żółw 🐢 עברית".encode() in answer.body

    def test_an_answer_without_a_body_has_none(self, application: Application) -> None:
        """And no type of a body."""
        token = application.token(application.person())
        answer = application.ask("POST", "/auth/logout", token=token)
        assert (answer.status, answer.body) == (204, b"")
        assert answer.values("content-type") == []
        assert answer.values("cache-control") == ["no-store"]
