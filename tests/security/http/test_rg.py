"""RG: what is sent is exactly what is asked for, or nothing happens."""

import json
from typing import Any

import httpx
import pytest

from tests.integrations.worlds import EMAIL, PASSWORD, World
from tests.races.callers import SPELLINGS
from tests.security.http.operations import (
    OPERATIONS,
    TEXT_FIELDS,
    WITH_BODY,
    Operation,
    TextField,
    ask,
    dump,
    named,
    problem,
)
from userkit.features.users import User
from userkit.sync import run

SERVER_SIDE = (
    "id",
    "user_id",
    "email_key",
    "email_verified",
    "is_email_verified",
    "verified_at",
    "disabled",
    "is_disabled",
    "disabled_at",
    "roles",
    "role",
    "permissions",
    "scopes",
    "version",
    "created_at",
    "updated_at",
    "sessions_not_before",
    "session_epoch",
    "claimed_epoch",
    "spared_session",
    "spared_since",
    "is_admin",
    "is_superuser",
    "is_active",
    "password_hash",
    "hash",
    "realm",
    "__proto__",
    "__class__",
    "constructor",
    "$set",
    "by",
    "",
)


def people(world: World) -> list[User]:
    """Return all users there are."""
    return list(run(world.kit._store.realm(world.realm).find(User, limit=1000)).items)


@pytest.mark.parametrize("asked", WITH_BODY, ids=str)
def test_rg_1_what_the_server_decides_cannot_be_sent(world: World, asked: Operation) -> None:
    """Also to an administrator each of these fields is unknown, beside a body that would be taken."""
    ada = world.ada("admin")
    token = world.sign_in()
    before = dump(world)
    for name in set(SERVER_SIDE) - set(asked.fields):
        for value in (
            ("true", ada.id) if asked.media_type != "application/json" else (True, ada.id, ["admin"])
        ):
            answer = ask(world, asked, id=ada.id, body=asked.body(**{name: value}), token=token)
            assert problem(answer) == (422, "validation_failed"), name
    assert dump(world) == before


@pytest.mark.parametrize("asked", WITH_BODY, ids=str)
def test_rg_1_a_field_is_there_once(world: World, asked: Operation) -> None:
    """Of two with one name neither is believed, whatever stands in front of userkit believes."""
    ada = world.ada("admin")
    token = world.sign_in()
    before = dump(world)
    if asked.media_type == "application/json":
        plain = json.dumps(asked.body(**({} if asked.required else {"name": "Ada"})))
        content = f"{plain[:-1]},{plain[1:]}".encode()
        headers = {"content-type": "application/json"}
    else:
        content = b"username=a&username=b&password=c"
        headers = {"content-type": asked.media_type or ""}
    answer = ask(world, asked, id=ada.id, content=content, headers=headers, token=token)
    assert problem(answer) in ((400, "malformed_body"), (422, "validation_failed"))
    assert dump(world) == before


NO_TEXT: tuple[Any, ...] = (
    {"$ne": None},
    {"$gt": ""},
    {"$where": "1"},
    {"otp": {"$ne": None}},
    ["a"],
    [],
    [["a"]],
    0,
    1,
    -1.5,
    10**400,
    True,
    False,
    None,
)


def raw(place: TextField, value: bytes) -> bytes:
    """Return a body with these bytes in the place of a text."""
    return json.dumps(place.body("MARK")).encode().replace(b'"MARK"', value)


@pytest.mark.parametrize(
    "place",
    [
        each
        for each in TEXT_FIELDS
        # Attributes are any JSON object; a test of their own has them.
        if each.operation.media_type == "application/json" and each.name != "attributes"
    ],
    ids=str,
)
def test_rg_2_what_is_not_text_changes_nothing(world: World, place: TextField) -> None:
    """Operators, lists, numbers, switches, null and 100,000 brackets are 4xx."""
    ada = world.ada("admin")
    token = world.sign_in()
    before = dump(world)
    deep = [b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 30_000 + b"1" + b"}" * 30_000, b"[" * 100_000]
    for value in [json.dumps(each).encode() for each in NO_TEXT] + [*deep, b"NaN", b"Infinity", b"'a'"]:
        answer = ask(
            world,
            place.operation,
            id=ada.id,
            content=raw(place, value),
            headers={"content-type": "application/json"},
            token=token,
        )
        assert 400 <= answer.status_code < 500, (value[:40], answer.text)
        problem(answer)
    assert dump(world) == before


@pytest.mark.parametrize("asked", WITH_BODY, ids=str)
def test_rg_2_a_body_that_is_no_object_changes_nothing(world: World, asked: Operation) -> None:
    """Nor one that is cut, empty, encoded in another way, or not at all what its type says."""
    ada = world.ada("admin")
    token = world.sign_in()
    before = dump(world)
    whole = json.dumps(asked.body()).encode()
    headers = {"content-type": asked.media_type or ""}
    bodies = [b"", b"null", b"[]", b'"text"', b"1", b"true", b"{", whole[:-1], whole + b"}", b"\x00"]
    bodies += [
        whole.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + whole,
        b"[" * 100_000,
        b"\xff\xfe",
        b"=",
        b"%",
    ]
    for body in bodies:
        answer = ask(world, asked, id=ada.id, content=body, headers=headers, token=token)
        assert 400 <= answer.status_code < 500, (body[:40], answer.text)
        problem(answer)
    assert dump(world) == before


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_rg_2_attributes_are_an_object_of_bounded_depth(world: World, method: str) -> None:
    """What is stored can be read again; what cannot be stored is refused."""
    ada = world.ada("admin")
    token = world.sign_in()
    before = dump(world)
    base = {"email": "new@example.com", "name": "New"} if method == "POST" else {}
    path = "/users" if method == "POST" else f"/users/{ada.id}"
    hostile = [
        b"[]",
        b'"a"',
        b"1",
        b"true",
        b"null",
        b'{"a":' * 30_000 + b"1" + b"}" * 30_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
        b'{"a":"\\ud800"}',
        b'{"\\u0000":1}',
        b'{"a":1e999}',
        b'{"a":NaN}',
        b'{"a":"' + b"x" * 200_000 + b'"}',
        b'{"a":1,"a":2}',
    ]
    for attributes in hostile:
        body = json.dumps({**base, "attributes": "MARK"}).encode().replace(b'"MARK"', attributes)
        sent = {"content-type": "application/json"}
        answer = world.ask(method, path, content=body, headers=sent, token=token)
        assert 400 <= answer.status_code < 500, (attributes[:40], answer.text)
    assert dump(world) == before


def test_rg_3_one_account_for_all_spellings_of_an_address(world: World) -> None:
    """The first is kept as it was."""
    answers = [
        world.ask("POST", "/users", json={"email": email, "name": f"Ada {number}", "password": PASSWORD})
        for number, email in enumerate(SPELLINGS)
    ]
    assert [each.status_code for each in answers] == [201, 409, 409, 409, 409]
    assert {problem(each) for each in answers[1:]} == {(409, "email_already_exists")}
    assert [user.name for user in people(world)] == ["Ada 0"]
    for email in SPELLINGS:
        assert world.sign_in(email)


@pytest.mark.parametrize(
    ("owner", "other"),
    [
        ("kate@example.com", "\u212aate@example.com"),
        ("kate@example.com", "kate\u200b@example.com"),
        ("kate@example.com", "\uff4bate@example.com"),
        ("mike@example.com", "m\u0131ke@example.com"),
        ("kate@example.com", "kate@ex\u0430mple.com"),
    ],
    ids=["Kelvin sign", "zero width space", "full width", "dotless i", "Cyrillic a"],
)
def test_rg_3_a_look_alike_does_not_reach_the_account_it_looks_like(
    world: World, owner: str, other: str
) -> None:
    """Neither by registering, nor by signing in, nor by a link: mail goes to the stored address."""
    held = world.ada(email=owner)
    world.letters()
    answer = world.ask("POST", "/auth/login", json={"email": other, "password": PASSWORD})
    assert problem(answer) == (401, "invalid_credentials")
    world.ask("POST", "/auth/password/forgot", json={"email": other})
    assert {letter.to for letter in world.letters()} == {owner}
    assert [letter.template for letter in world.letters()].count("reset_password") == 0
    created = world.ask("POST", "/users", json={"email": other, "name": "Other"})
    assert created.status_code in (201, 400), created.text
    assert created.status_code == 400 or created.json()["id"] != held.id
    assert world.kit.users.get(held.id) == held


def test_rg_3_a_domain_is_the_same_in_both_its_spellings(world: World) -> None:
    """As people write it, and as the wire does (IDNA)."""
    world.ada(email="ada@bücher.example")
    answer = world.ask("POST", "/users", json={"email": "ada@xn--bcher-kva.example", "name": "Other"})
    assert problem(answer) == (409, "email_already_exists")
    assert world.sign_in("Ada@BÜCHER.example")


ADDRESSES_IN_DISGUISE = (
    f"{EMAIL}\r\nBcc: eve@evil.example",
    f"{EMAIL}\nBcc: eve@evil.example",
    f"{EMAIL}\x00eve@evil.example",
    f"{EMAIL},eve@evil.example",
    f"{EMAIL}; eve@evil.example",
    f"{EMAIL} eve@evil.example",
    f"Ada <{EMAIL}>",
    f"<{EMAIL}>",
    f'"{EMAIL}\r\n"@evil.example',
    "eve@evil.example, ada@example.com",
    f"{EMAIL}%0d%0aBcc: eve@evil.example",
    f"{EMAIL}\u2028x",
    f"mailto:{EMAIL}",
)


def test_rg_4_a_field_holds_exactly_one_address(world: World) -> None:
    """Everywhere; and nobody gets a letter by what was refused."""
    world.ada()
    letters = world.letters()
    token = world.sign_in()
    before = dump(world)
    for email in ADDRESSES_IN_DISGUISE:
        for path, body in (
            ("/users", {"email": email, "name": "X"}),
            ("/auth/password/forgot", {"email": email}),
            ("/auth/email/change", {"email": email}),
        ):
            answer = world.ask("POST", path, json=body, token=token)
            assert 400 <= answer.status_code < 500, (path, email, answer.text)
            problem(answer)
    assert dump(world) == before
    assert world.letters() == letters


HOSTILE = (
    "x\r\nX-Injected: yes",
    "x\r\n\r\n<script>alert(1)</script>",
    "x\nSet-Cookie: __Host-userkit=evil",
    "x\x00y",
    "a@b.example, c@d.example",
    "\u202eevil\u202c",
    "\x1b[2J\x1b]0;evil\x07",
    "%0d%0aX-Injected: yes",
    '"><svg/onload=alert(1)>',
    "{{7*7}} ${7*7} %s %(x)s {0}",
)


def assert_clean(answer: httpx.Response) -> None:
    """Only headers that userkit sends are there, and each is one line of ASCII."""
    known = {
        "allow",
        "cache-control",
        "connection",
        "content-length",
        "content-type",
        "date",
        "etag",
        "location",
        "retry-after",
        "server",
        "set-cookie",
        "vary",
        "www-authenticate",
    }
    assert {name.lower() for name in answer.headers} <= known
    for _, value in answer.headers.multi_items():
        assert value.isascii(), value
        assert value.isprintable(), value
        assert not any(part in value for part in ("njected", "evil")), value
    assert answer.headers.get("content-type", "").partition(";")[0] in (
        "",
        "application/json",
        "application/problem+json",
    )


@pytest.mark.parametrize("place", TEXT_FIELDS, ids=str)
def test_rg_4_no_text_forges_a_line_a_header_or_a_page(world: World, place: TextField) -> None:
    """Whatever is sent in any field: no 5xx, and the answer is JSON under headers of ours."""
    ada = world.ada("admin")
    for text in HOSTILE:
        world.clock.advance(hours=1)
        world.kit.passwords.set(ada.id, password=PASSWORD)
        token = world.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).access_token
        answer = ask(world, place.operation, id=ada.id, body=place.body(text), token=token)
        assert answer.status_code < 500, (text, answer.text)
        assert_clean(answer)


@pytest.mark.parametrize("name", ["Ada\r\nBcc: eve@evil.example", "Ada\x00", "\u202eadA", "", " ", "x" * 101])
def test_rg_4_a_name_is_one_line_that_reads_as_it_is_written(world: World, name: str) -> None:
    """Of 1 to 100 characters; at registration and afterwards."""
    ada = world.ada()
    token = world.sign_in()
    before = dump(world)
    for method, path, body in (
        ("POST", "/users", {"email": "x@example.com", "name": name}),
        ("PATCH", "/users/me", {"name": name}),
        ("PATCH", f"/users/{ada.id}", {"name": name}),
    ):
        answer = world.ask(method, path, json=body, token=token)
        assert problem(answer)[0] in (400, 422), answer.text
    assert dump(world) == before


def test_rg_4_headers_that_are_sent_do_not_come_back(wired: World) -> None:
    """Over a socket: not in Location, in WWW-Authenticate, in cookies, or anywhere else."""
    ada = named(wired, "ada")
    for text in ("evil", "evil\xe9", 'evil", error="x', "evil\x0b"):
        for headers in (
            {"authorization": f"Bearer {text}"},
            {"authorization": f"Basic {text}"},
            {"x-api-key": text},
            {"cookie": f"__Host-userkit={text}"},
            {"origin": f"https://{text}"},
            {"x-forwarded-host": text, "x-forwarded-proto": text, "x-forwarded-prefix": f"/{text}"},
            {"x-request-id": text},
            {"if-match": text},
        ):
            answer = wired.ask("GET", "/users/me", headers=headers)
            # Servers may refuse such a line before anybody sees it.
            assert answer.status_code in (400, 401), (headers, answer.text)
            assert "evil" not in repr(answer.headers.multi_items()), headers
    for target in ("/api/v1/users/%0d%0aX-Injected:%20yes", f"/api/v1/users/{ada.id}%0d%0aX-Injected: yes"):
        answer = wired.ask("GET", target.replace(" ", "%20"), token=wired.sign_in())
        assert answer.status_code in (400, 404)
        assert "x-injected" not in answer.headers


def test_rg_4_location_is_a_path_of_ours(world: World) -> None:
    """Whatever Host and proxies say."""
    for number, headers in enumerate(
        (
            {},
            {"host": "evil.example"},
            {"x-forwarded-host": "evil.example"},
            {"forwarded": "host=evil.example"},
        )
    ):
        body = {"email": f"a{number}@example.com", "name": "A", "password": PASSWORD}
        answer = world.ask("POST", "/users", json=body, headers=headers)
        assert answer.headers["location"] == f"/api/v1/users/{answer.json()['id']}"


@pytest.mark.parametrize("asked", OPERATIONS, ids=str)
def test_rg_1_se_4_a_query_that_is_not_asked_for_is_refused(
    world: World, asked: Operation, caplog: pytest.LogCaptureFixture
) -> None:
    """So no secret is accepted from it; nor does it get into an answer or a log."""
    ada = world.ada("admin")
    caplog.set_level(0)
    token = world.sign_in()
    before = dump(world)
    secrets = {"access_token": token, "token": token, "api_key": token, "password": PASSWORD, "key": token}
    for name, value in {**secrets, "_method": "DELETE", "callback": "x", "x": ""}.items():
        query = str(httpx.QueryParams({name: value}))
        answer = ask(world, asked, id=ada.id, query=query, token=None if asked.public else token)
        assert problem(answer) == (422, "validation_failed"), name
        assert PASSWORD not in answer.text
        assert token not in answer.text
        if not asked.public:
            # And alone it does not let anybody in.
            nobody = ask(world, asked, id=ada.id, query=query)
            assert problem(nobody) == (401, "unauthenticated")
    assert dump(world) == before
    assert PASSWORD not in caplog.text
    assert token not in caplog.text
