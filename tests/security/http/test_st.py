"""ST-4: a whole life over a socket, with every logger at its most talkative, and no secret anywhere."""

import base64
import logging
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
import pytest

from tests.integrations.worlds import EMAIL, PASSWORD, SECRET, World
from tests.security.http.conftest import OpenWorld
from tests.security.http.operations import NEW_PASSWORD, OPERATIONS, WRONG, link, named
from userkit.ports.tokens import TokenSettings

NEW_EMAIL = "ada@new.example"


@dataclass
class Life:
    """Everything that can be asked for, what came back, and every secret that came up meanwhile.

    ``issued``: in which answer a secret was handed out, where it may be.
    """

    world: World
    answers: list[httpx.Response] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    secrets: dict[str, str] = field(default_factory=dict)
    issued: dict[str, int] = field(default_factory=dict)

    def ask(self, method: str, path: str, expected: int, **sent: Any) -> httpx.Response:
        """Ask, and keep the answer."""
        answer = self.world.ask(method, path, **sent)
        assert answer.status_code == expected, (method, path, answer.text)
        self.answers.append(answer)
        self.asked.append(path)
        return answer

    def keep(self, name: str, secret: str) -> str:
        """Remember a secret, that of the last answer."""
        self.secrets[name] = secret
        self.issued[name] = len(self.answers) - 1
        return secret

    def signed_in(self, name: str, answer: httpx.Response) -> str:
        """Remember the tokens of an answer, and return the access token."""
        self.keep(f"{name} refresh", answer.json()["refresh_token"])
        return self.keep(f"{name} access", answer.json()["access_token"])

    def live(self) -> "Life":
        """Live it."""
        self.secrets = {"password": PASSWORD, "new": NEW_PASSWORD, "guess": WRONG, "application": SECRET}
        body = {"email": EMAIL, "name": "Ada", "password": PASSWORD}
        id = self.ask("POST", "/users", 201, json=body).json()["id"]
        self.ask("POST", "/users", 409, json=body)
        self.ask("POST", "/users", 400, json=body | {"email": "x@example.com", "password": PASSWORD[:8]})
        self.ask("POST", "/users", 422, json=body | {"name": [PASSWORD], "is_admin": PASSWORD})
        self.ask("POST", "/users", 400, content=b'{"password":"' + PASSWORD.encode(), headers=JSON)
        token = self._sign_in()
        token = self._links(id, token)
        self._keys_and_roles(id, token)
        self._go()
        return self

    def _sign_in(self) -> str:
        login = {"email": EMAIL, "password": PASSWORD}
        self.ask("POST", "/auth/login", 401, json=login | {"password": WRONG})
        self.ask(
            "POST", "/auth/login", 415, content=PASSWORD.encode(), headers={"content-type": "text/plain"}
        )
        form = {"username": EMAIL, "password": PASSWORD}
        token = self.signed_in("form", self.ask("POST", "/auth/token", 200, data=form))
        self.ask("POST", "/auth/logout", 204, token=token)
        token = self.signed_in("login", self.ask("POST", "/auth/login", 200, json=login))
        old = self.secrets["login refresh"]
        self.signed_in("again", self.ask("POST", "/auth/refresh", 200, json={"refresh_token": old}))
        self.world.clock.advance(minutes=1)
        self.ask("POST", "/auth/refresh", 401, json={"refresh_token": old})
        self.ask("POST", "/auth/refresh", 401, json={"refresh_token": token})
        browser = self.ask("POST", "/auth/login?transport=cookie", 204, json=login)
        cookies = {
            name: value
            for name, _, value in (
                each.partition(";")[0].partition("=") for each in browser.headers.get_list("set-cookie")
            )
        }
        for name, value in cookies.items():
            self.keep(name, value)
        self.ask("GET", "/users/me", 200, cookies=cookies)
        self.ask("POST", "/auth/logout", 403, cookies=cookies)
        csrf = {"x-csrf-token": cookies["__Host-userkit-csrf"]}
        self.ask(
            "POST", "/auth/reauthenticate", 204, cookies=cookies, headers=csrf, json={"password": PASSWORD}
        )
        self.ask("POST", "/auth/logout", 204, cookies=cookies, headers=csrf)
        return self.signed_in("third", self.ask("POST", "/auth/login", 200, json=login))

    def _links(self, id: str, token: str) -> str:
        world = self.world
        verify = self.keep("verify", link(world, "verify_email"))
        self.ask("POST", "/auth/email/verify", 400, json={"token": verify[:-1]}, token=token)
        self.ask("POST", "/auth/email/verify", 204, json={"token": verify}, token=token)
        self.ask("POST", "/auth/email/change", 202, json={"email": NEW_EMAIL}, token=token)
        change = self.keep("change", link(world, "change_email"))
        self.ask("POST", "/auth/email/change/confirm", 204, json={"token": change})
        self.ask("POST", "/auth/email/change/confirm", 400, json={"token": change})
        self.ask("POST", "/auth/password/forgot", 202, json={"email": NEW_EMAIL})
        reset = self.keep("reset", link(world, "reset_password"))
        self.ask("POST", "/auth/password/reset", 400, json={"token": reset, "password": reset[:12]})
        self.ask("POST", "/auth/password/reset", 204, json={"token": reset, "password": NEW_PASSWORD})
        login = {"email": NEW_EMAIL, "password": NEW_PASSWORD}
        token = self.signed_in("fourth", self.ask("POST", "/auth/login", 200, json=login))
        changed = {"current_password": NEW_PASSWORD, "new_password": PASSWORD}
        self.ask(
            "POST", "/auth/password/change", 401, token=token, json=changed | {"current_password": WRONG}
        )
        self.ask("POST", "/auth/password/change", 204, token=token, json=changed)
        return token

    def _keys_and_roles(self, id: str, token: str) -> None:
        made = self.ask("POST", "/auth/api-keys", 201, json={"name": "ci"}, token=token).json()
        key = self.keep("key", made["key"])
        self.ask("GET", "/auth/api-keys", 200, token=token)
        self.ask("GET", "/users/me", 200, headers={"x-api-key": key})
        self.ask("GET", "/users", 403, headers={"x-api-key": key})
        self.ask("DELETE", f"/auth/api-keys/{made['id']}", 204, token=token)
        self.ask("GET", "/users/me", 401, headers={"x-api-key": key})
        self.ask("GET", "/auth/sessions", 200, token=token)
        self.ask("PATCH", "/users/me", 200, json={"name": "Ada King"}, token=token)
        self.ask("DELETE", "/auth/sessions", 204, token=token)

    def _go(self) -> None:
        login = {"email": NEW_EMAIL, "password": PASSWORD}
        token = self.signed_in("last", self.ask("POST", "/auth/login", 200, json=login))
        # Whoever mistakes where a secret belongs is refused, and not quoted.
        self.ask("GET", f"/users/{token}", 404, token=token)
        self.asked.pop()
        self.ask("GET", "/users/me", 401, headers={"authorization": f"Basic {token}"})
        self.ask("DELETE", "/users/me", 204, token=token)
        self.ask("GET", "/users/me", 401, token=token)

    def spelled(self) -> dict[str, set[str]]:
        """Return every secret in all its spellings, and the random part of tokens."""
        found = {}
        for name, secret in self.secrets.items():
            encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
            parts = secret.split(".") if secret.count(".") == 2 else [secret]
            tails = {part[-30:] for part in parts[-1:] if len(part) > 40}
            found[name] = {secret, encoded, secret.replace(" ", "+"), secret.replace(" ", "%20")} | tails
        return found


JSON = {"content-type": "application/json"}


def logged(records: list[logging.LogRecord]) -> str:
    """Return everything that any formatter could write of some records."""
    told = []
    for record in records:
        told += [record.getMessage(), repr({**vars(record), "args": record.args})]
        told += [str(record.exc_info[1])] if record.exc_info else []
    return "\n".join(told)


def test_st_4_no_secret_is_logged_or_told_in_a_whole_life(
    open_world: OpenWorld, caplog: pytest.LogCaptureFixture
) -> None:
    """Not by userkit, the framework, the server, the driver; in no answer but the one that hands it out."""
    caplog.set_level(logging.DEBUG)
    auth = {"jwt": TokenSettings(revocation="checked"), "session": None, "api-key": None}
    world = open_world("socket", "sqlite", kit_options={"hasher": "argon2", "auth": auth})
    named(world, "root", "admin")
    life = Life(world).live()
    assert len(life.secrets) >= 18
    told = unquote(
        logged([each for each in caplog.records if "GET /api/v1/users/ey" not in each.getMessage()])
    )
    assert len(caplog.records) >= len(life.answers)
    spelled = life.spelled()
    assert [name for name, texts in spelled.items() if any(text in told for text in texts)] == []
    for number, answer in enumerate(life.answers):
        shown = answer.text + repr(answer.headers.multi_items())
        for name, texts in spelled.items():
            if life.issued.get(name) != number:
                assert not any(text in shown for text in texts), (name, life.asked[number])
    urls = " ".join(life.asked) + " ".join(each.headers.get("location", "") for each in life.answers)
    assert [name for name, texts in spelled.items() if any(text in urls for text in texts)] == []


def test_st_4_the_life_above_asks_for_everything(open_world: OpenWorld) -> None:
    """But for what administrators do to others, which knows no secrets, and what sends letters anew."""
    world = open_world()
    named(world, "root", "admin")
    life = Life(world).live()
    asked = {path.partition("?")[0] for path in life.asked}
    missing = {each.path for each in OPERATIONS if each.path not in asked and not each.is_addressed} - {
        "/auth/jwks",
        "/auth/email/verify/request",
    }
    assert missing == set()


@pytest.mark.parametrize("odd", ["\x00", "\ud800", "\u202e"])
def test_st_4_no_problem_repeats_what_was_sent(world: World, odd: str) -> None:
    """Whatever was wrong with it: not as a value, and not as a name of a field that is a secret."""
    world.ada()
    token = world.sign_in()
    for each in OPERATIONS:
        if each.media_type != "application/json":
            continue
        for name in each.fields:
            body = b'{"%s":"hunter2%s"}' % (name.encode(), odd.encode("unicode-escape"))
            answer = world.ask(each.method, each.at(), content=body, headers=JSON, token=token)
            assert "hunter2" not in answer.text, each
