"""PW: passwords over HTTP, at every place where one is set or proved."""

import json
import unicodedata
from collections.abc import Callable
from itertools import product
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.integrations.worlds import EMAIL, PASSWORD, World
from tests.security.http.operations import (
    NEW_PASSWORD,
    OPERATIONS,
    TEXT_FIELDS,
    WITH_BODY,
    WRONG,
    Operation,
    TextField,
    ask,
    dump,
    link,
    pair_of,
    problem,
)

Setting = Callable[[World, str], httpx.Response]

FIFTEEN = "mauve-otters-15"
COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "Ångström über Köln") for form in ("NFC", "NFD"))
COMMON = "passwordpassword"
_WORDS = " ".join(f"é{number}" for number in range(200)).encode()[:1000].decode(errors="ignore")
LONGEST = _WORDS + "y" * (1024 - len(_WORDS.encode()))


def register(world: World, password: str) -> httpx.Response:
    """Open an account with a password."""
    return world.ask("POST", "/users", json={"email": EMAIL, "name": "Ada Lovelace", "password": password})


def change(world: World, password: str) -> httpx.Response:
    """Change the password of an account."""
    world.ada()
    body = {"current_password": PASSWORD, "new_password": password}
    return world.ask("POST", "/auth/password/change", json=body, token=world.sign_in())


def reset(world: World, password: str) -> httpx.Response:
    """Replace the forgotten password of an account."""
    world.ada()
    world.ask("POST", "/auth/password/forgot", json={"email": EMAIL})
    body = {"token": link(world, "reset_password"), "password": password}
    return world.ask("POST", "/auth/password/reset", json=body)


def opens(world: World, password: str) -> bool:
    """Tell whether a password signs Ada in."""
    answer = world.ask("POST", "/auth/login", json={"email": EMAIL, "password": password})
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


setting = pytest.mark.parametrize("set_password", [register, change, reset])


@setting
def test_pw_1_fifteen_code_points_are_enough_and_fourteen_are_not(
    world: World, set_password: Setting
) -> None:
    """Wherever one is set; the link of a reset is good afterwards."""
    before = dump(world)
    assert problem(set_password(world, FIFTEEN[:14])) == (400, "weak_password")
    assert set_password is not register or dump(world) == before


@setting
@pytest.mark.parametrize(
    "password",
    [FIFTEEN, "mauve otters juggle teapots, quietly and at length, by the river", LONGEST],
    ids=["15 code points", "64 code points", "1024 bytes"],
)
def test_pw_2_long_passwords_are_taken_whole(world: World, set_password: Setting, password: str) -> None:
    """The last character counts, too."""
    assert set_password(world, password).status_code in (201, 204)
    assert opens(world, password)
    assert not opens(world, password[:-1])


@setting
def test_pw_2_beyond_the_cap_a_password_is_refused(world: World, set_password: Setting) -> None:
    """It is not cut."""
    assert problem(set_password(world, "é" * 512 + "x")) == (400, "weak_password")


@setting
def test_pw_3_nothing_is_trimmed_folded_or_cut(world: World, set_password: Setting) -> None:
    """Blanks at both ends and upper case belong to it."""
    assert set_password(world, " Mauve Otters juggle ").status_code in (201, 204)
    assert not opens(world, "Mauve Otters juggle")
    assert not opens(world, " mauve otters juggle ")
    assert opens(world, " Mauve Otters juggle ")


@setting
def test_pw_3_composed_and_decomposed_are_one_password(world: World, set_password: Setting) -> None:
    """NFC and no more: a full-width form is another password."""
    assert COMPOSED != DECOMPOSED
    assert set_password(world, DECOMPOSED).status_code in (201, 204)
    assert opens(world, COMPOSED)
    assert not opens(world, COMPOSED.replace("b", "\uff42"))


@setting
@pytest.mark.parametrize("weak", [COMMON, "ada@example.com", "Ada Lovelace Ada Lovelace", "ada@example.com1"])
def test_pw_4_what_is_common_or_about_oneself_is_refused(
    world: World, set_password: Setting, weak: str
) -> None:
    """A blocklist, and one's own address and name."""
    assert problem(set_password(world, weak)) == (400, "weak_password")


@setting
def test_pw_4_there_are_no_composition_rules(world: World, set_password: Setting) -> None:
    """One kind of letters will do."""
    assert set_password(world, "otterteapotriverlantern").status_code in (201, 204)


# In JSON's own escapes, and as bytes that are no UTF-8.
NO_TEXT = [rb"\ud800", rb"\udfff\ud800", rb"x\u0000y", b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\x80", b"x\x00y"]


@pytest.mark.parametrize("place", [each for each in TEXT_FIELDS if each.operation.id != "token"], ids=str)
def test_pw_5_what_is_no_text_is_refused_in_every_field(world: World, place: TextField) -> None:
    """With 4xx, and nothing has changed. It is never somebody's password."""
    world.ada("admin")
    token = world.sign_in()
    before = dump(world)
    for bad in NO_TEXT:
        body = json.dumps(place.body("MARK")).encode().replace(b"MARK", bad * 16)
        answer = ask(
            world, place.operation, content=body, token=token, headers={"content-type": "application/json"}
        )
        assert 400 <= answer.status_code < 500, (bad, answer.text)
        problem(answer)
        assert place.operation.id in COUNTED or dump(world) == before, bad
        world.clock.advance(minutes=30)
        token = world.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).access_token
        before = dump(world)


COUNTED = {"login", "reauthenticate", "change_password", "verify_email", "forgot_password"}
"""Here an attempt may be counted."""


NO_UTF_8 = ("%ED%A0%80", "%00", "%FF", "%C0%80")


def test_pw_5_a_form_holds_text_only(world: World) -> None:
    """The password form of OAuth 2 as well."""
    world.ada()
    for name, bad in product(("username", "password"), NO_UTF_8):
        fields = {"username": quote(EMAIL), "password": quote(PASSWORD)}
        fields[name] += bad
        form = "&".join(f"{key}={value}" for key, value in fields.items()).encode()
        sent = {"content-type": "application/x-www-form-urlencoded"}
        answer = world.ask("POST", "/auth/token", content=form, headers=sent)
        assert 400 <= answer.status_code < 500, answer.text
        problem(answer)


@pytest.mark.parametrize("asked", [each for each in OPERATIONS if each.is_addressed or each.queries], ids=str)
def test_pw_5_paths_and_queries_hold_text_only(world: World, asked: Operation) -> None:
    """An id or a parameter that is none is refused like one that nobody has."""
    world.ada("admin")
    for bad in NO_UTF_8:
        targets = [f"{asked.at()}?{query}={bad}" for query in asked.queries]
        targets += [asked.at(f"x{bad}")] if asked.is_addressed else []
        for target in targets:
            answer = world.ask(asked.method, target, token=world.sign_in(), **asked.encoded(asked.body()))
            assert 400 <= answer.status_code < 500, (target, answer.text)


PROVING: dict[str, Callable[[str], dict[str, Any]]] = {
    "login": lambda bad: {"email": EMAIL, "password": bad},
    "reauthenticate": lambda bad: {"password": bad},
    "change_password": lambda bad: {"current_password": bad, "new_password": NEW_PASSWORD},
}


@pytest.mark.parametrize("place", PROVING)
def test_pw_5_too_much_is_as_wrong_as_anything(world: World, place: str) -> None:
    """A password that nobody can have answers like a wrong one."""
    world.ada()
    asked = next(each for each in WITH_BODY if each.id == place)
    told = []
    for bad in (WRONG, "x" * 4000, ""):
        answer = ask(world, asked, body=PROVING[place](bad), token=world.sign_in())
        told.append((problem(answer), answer.content))
    assert {code for (code, _) in told} == {(401, "invalid_credentials")}
    assert len({content for (_, content) in told}) == 1


def test_pw_6_a_change_needs_the_current_password(world: World) -> None:
    """A wrong one changes nothing and counts as a failed sign-in."""
    world.ada()
    token = world.sign_in()
    body = {"current_password": WRONG, "new_password": NEW_PASSWORD}
    for _ in range(5):
        answer = world.ask("POST", "/auth/password/change", json=body, token=token)
        assert problem(answer) == (401, "invalid_credentials")
    answer = world.ask("POST", "/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert problem(answer) == (429, "rate_limited")
    world.clock.advance(minutes=1)
    assert pair_of(world)


def test_pw_6_the_new_password_is_the_only_one(world: World) -> None:
    """It opens, and the old one does not."""
    assert change(world, NEW_PASSWORD).status_code == 204
    assert opens(world, NEW_PASSWORD)
    assert not opens(world, PASSWORD)
