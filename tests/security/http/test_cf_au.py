"""CF-1 and AU-1: whatever fails lets nobody in and tells nothing; whatever is done leaves its entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.integrations.applications import KINDS
from tests.integrations.worlds import EMAIL, PASSWORD, SECRET, World
from tests.security.http.conftest import OpenWorld
from tests.security.http.operations import (
    NEW_PASSWORD,
    WRONG,
    cookie_of,
    named,
    problem,
)
from tests.storage.doubles import BareStore
from userkit import SyncUserKit
from userkit.backends.mail import MemoryMailer
from userkit.backends.memory import MemoryStore
from userkit.errors import StoreUnavailableError
from userkit.features.audit import AuditEntry
from userkit.features.mail import mail
from userkit.features.sessions import Session
from userkit.ports.mail import Message
from userkit.ports.passwords import Verification
from userkit.ports.rate_limit import Limit, Verdict
from userkit.ports.tokens import TokenSettings
from userkit.sync import run
from userkit.testing import FrozenClock, InstantHasher
from userkit.testing.http import Answer

LEAK = "postgresql://admin:hunter2@10.0.0.5/users"


class FailingStore(BareStore):
    """A store whose n-th call fails, from when it is armed."""

    def __init__(self, behind: MemoryStore, error: type[Exception]) -> None:
        super().__init__(behind)
        self.left, self.error = -1, error

    async def step(self) -> None:
        """Count, and fail when it is time."""
        if self.left == 0:
            self.left = -1
            raise self.error(LEAK)
        self.left -= 1

    def realm(self, name: str) -> "FailingStore":
        """See Store.realm; every view counts together."""
        here, behind = self, self.behind.realm(name)

        class View(FailingStore):
            async def step(self) -> None:
                await here.step()

        return View(behind, self.error)  # type: ignore[arg-type]  # a view of a memory store is one


class Failing:
    """A limiter, a mailer and a hasher that fail."""

    blocking = True
    in_process = True

    async def take(self, limit: Limit, key: str) -> Verdict:
        raise ConnectionError(LEAK)

    async def release(self, limit: Limit, key: str) -> None:
        raise ConnectionError(LEAK)

    async def forget(self, limit: Limit, key: str) -> None:
        raise ConnectionError(LEAK)

    async def send(self, message: Message) -> None:
        raise ConnectionError(LEAK)

    async def close(self) -> None:
        return None


class FailingHasher(InstantHasher):
    """A hasher that cannot compare, and cannot hash."""

    async def verify(self, password: str, encoded: str | None) -> Verification:
        raise MemoryError(LEAK)

    async def hash(self, password: str) -> str:
        raise MemoryError(LEAK)


def attempts(login: dict[str, str], cookies: dict[str, str], key: str) -> dict[str, dict[str, Any]]:
    """Return requests that let somebody in who has the right thing to show."""
    json = {"content-type": "application/json"}
    bearer = {"authorization": f"Bearer {login['access_token']}"}
    csrf = {"x-csrf-token": cookies.get("__Host-userkit-csrf", "")}
    cookie = {"cookie": f"__Host-userkit={cookies.get('__Host-userkit')}"}
    word = b'{"password":"%s"}' % PASSWORD.encode()
    return {
        "login": {
            "path": "/auth/login",
            "headers": json,
            "body": b'{"email":"%s","password":"%s"}' % (EMAIL.encode(), PASSWORD.encode()),
        },
        "cookie login": {
            "path": "/auth/login?transport=cookie",
            "headers": json,
            "body": b'{"email":"%s","password":"%s"}' % (EMAIL.encode(), PASSWORD.encode()),
        },
        "refresh": {
            "path": "/auth/refresh",
            "headers": json,
            "body": b'{"refresh_token":"%s"}' % login["refresh_token"].encode(),
        },
        "access token": {"method": "GET", "path": "/users/me", "headers": bearer},
        "cookie": {"method": "GET", "path": "/users/me", "headers": cookie},
        "key": {"method": "GET", "path": "/users/me", "headers": {"x-api-key": key}},
        "permission": {"method": "GET", "path": "/users", "headers": bearer},
        "fresh": {"path": "/auth/api-keys", "headers": bearer | json, "body": b'{"name":"new"}'},
        "reauthenticate": {"path": "/auth/reauthenticate", "headers": cookie | csrf | json, "body": word},
    }


CHECKED = {"jwt": TokenSettings(revocation="checked"), "session": None, "api-key": None}
# What is written after somebody was let in already, and only tidies up.
AFTERWARDS = 2


class Fragile:
    """An application over a store that fails when it is told to, and what lets Ada in there."""

    def __init__(self, framework: str, error: type[Exception]) -> None:
        self.kind, self.clock = KINDS[framework], FrozenClock()
        self.store = FailingStore(MemoryStore(), error)
        self.kit = self.kind.kit(
            self.store,
            secret=SECRET,
            clock=self.clock,
            hasher=InstantHasher(),
            auth=CHECKED,
            relay=False,
            mailer=MemoryMailer(),
            base_url="https://app.example",
            features=[mail(sender="App <no-reply@app.example>")],
        )
        self.client: Any = None
        self.key = ""

    @contextmanager
    def serving(self) -> Iterator["Fragile"]:
        """Serve it, with Ada in it, who is an administrator."""
        with self.kind.drive(self.kind.make(self.kit)) as self.client:
            body = b'{"email":"%s","name":"Ada","password":"%s"}' % (EMAIL.encode(), PASSWORD.encode())
            json = {"content-type": "application/json"}
            made = self.ask(path="/users", headers=json, body=body).json()
            # Over the memory store below, where nobody has to wait.
            with SyncUserKit(self.store.behind, secret=SECRET, clock=self.clock, relay=False) as kit:
                kit.roles.assign(made["id"], "admin")
            yield self

    def ways(self) -> dict[str, dict[str, Any]]:
        """Return what lets Ada in, got anew; what was counted before is forgotten by then."""
        self.clock.advance(hours=1)
        nothing = {"access_token": "", "refresh_token": ""}
        pair = self.ask(**attempts(nothing, {}, "")["login"]).json()
        opened = self.ask(**attempts(nothing, {}, "")["cookie login"])
        cookies = dict(value.partition(";")[0].split("=", 1) for value in opened.values("set-cookie"))
        if not self.key:
            self.key = self.ask(**attempts(pair, {}, "")["fresh"]).json()["key"]
        return attempts(pair, cookies, self.key)

    def calls(self, name: str) -> int:
        """Return how often the store is called when all is well."""
        way = self.ways()[name]
        self.store.left = 1_000_000
        assert self.ask(**way).status < 300, name
        return 1_000_000 - self.store.left

    def ask(self, *, path: str, method: str = "POST", headers: dict[str, str], body: bytes = b"") -> Answer:
        """Ask."""
        answer: Answer = self.client.ask(method, f"/api/v1{path}", headers=list(headers.items()), body=body)
        return answer


def assert_fails_cleanly(answer: Answer) -> None:
    """It is a problem of ours, and names no host, no file, no library."""
    assert answer.status in (500, 503), answer.body
    assert answer.header("content-type") == "application/problem+json"
    assert answer.header("cache-control") == "no-store"
    assert answer.values("set-cookie") == []
    assert answer.json()["code"] in ("internal_error", "unavailable")
    for told in (b"hunter2", b"10.0.0.5", b"Traceback", b".py", b"Error:", b"token"):
        assert told not in answer.body, answer.body
    assert answer.status != 503 or int(answer.header("retry-after") or 0) >= 1


@pytest.mark.parametrize("ours", [True, False], ids=["our error", "another"])
def test_cf_1_a_store_that_fails_at_any_call_lets_nobody_in(framework: str, ours: bool) -> None:
    """At each of its calls in turn, whichever way in; the last calls may only tidy up."""
    error = StoreUnavailableError if ours else OSError
    with Fragile(framework, error).serving() as fragile:
        for name in fragile.ways():
            calls = fragile.calls(name)
            for call in range(calls):
                ways = fragile.ways()
                fragile.store.left = call
                answer = fragile.ask(**ways[name])
                fragile.store.left = -1
                if answer.status < 300:
                    assert call >= calls - AFTERWARDS, f"{name}: call {call} of {calls} failed"
                else:
                    assert_fails_cleanly(answer)
                # And what was good before is good again.
                assert fragile.ask(**ways["access token"]).status == 200


PORTS: dict[str, dict[str, Any]] = {
    "hasher": {"hasher": FailingHasher()},
    "limiter": {"limiter": Failing()},
    "signer": {"auth": {"jwt": TokenSettings(claims=lambda _: {"plan": 1 // 0}), "session": None}},
}


@pytest.mark.parametrize("port", PORTS)
def test_cf_1_a_port_that_fails_lets_nobody_in(
    open_world: OpenWorld, port: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer has a number, under which the log tells the rest; nobody holds a key to a session."""
    world = open_world(kit_options=PORTS[port])
    world.ada(password=None)
    world.kit.passwords.import_hash(world.kit.users.get_by_email(EMAIL).id, f"plain:{PASSWORD}")
    answer = world.ask("POST", "/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert problem(answer) == (500, "internal_error")
    assert LEAK not in answer.text
    assert "hunter2" not in answer.text
    assert "division" not in answer.text
    number = answer.json()["error_id"]
    assert number in caplog.text
    assert "set-cookie" not in answer.headers
    if port != "signer":
        assert run(world.kit._store.realm(world.realm).find(Session)).items == ()


def test_cf_1_a_mailer_that_fails_tells_nobody(open_world: OpenWorld) -> None:
    """Asking for a letter is answered as ever, and the letter waits in the outbox."""
    world = open_world(mailer=Failing())
    world.ada()
    answers = [
        world.ask("POST", "/auth/password/forgot", json={"email": email})
        for email in (EMAIL, "x@example.com")
    ]
    assert [(each.status_code, each.content) for each in answers] == [(202, b"")] * 2
    body = {"email": "new@example.com", "name": "New", "password": PASSWORD}
    assert world.ask("POST", "/users", json=body).status_code == 201


def entries(world: World) -> list[AuditEntry]:
    """Return the whole trail."""
    return list(run(world.kit._store.realm(world.realm).find(AuditEntry, limit=1000)).items)


ESCAPES = "tests\x1b[2J\x1b]0;evil\x07 \u202eevil"


def test_au_1_what_is_done_over_http_is_in_the_trail(open_world: OpenWorld) -> None:
    """Who did it, to whom, from where and with what, for successes and failures alike."""
    world = open_world(http_options={"trusted_proxies": ["127.0.0.1"]})
    root = named(world, "root", "admin")
    agent = {"user-agent": "Otter/1.0", "x-forwarded-for": "2001:db8::7"}
    body = {"email": EMAIL, "name": "Ada", "password": PASSWORD}
    before = {entry.id for entry in entries(world)}

    def done(method: str, path: str, token: str | None = None, json: Any = None, expected: int = 204) -> Any:
        answer = world.ask(method, path, json=json, headers=agent, token=token)
        assert answer.status_code == expected, answer.text
        return answer.json() if answer.content else None

    ada = done("POST", "/users", json=body, expected=201)
    done("POST", "/auth/login", json={"email": EMAIL, "password": WRONG}, expected=401)
    pair = done("POST", "/auth/login", json={"email": EMAIL, "password": PASSWORD}, expected=200)
    token = pair["access_token"]
    done("GET", "/users", token, expected=403)
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    done("POST", "/auth/password/change", token, change)
    key = done("POST", "/auth/api-keys", token, {"name": "ci"}, 201)
    done("DELETE", f"/auth/api-keys/{key['id']}", token)
    done("POST", "/auth/logout", token)
    admin = done(
        "POST", "/auth/login", json={"email": "root@example.com", "password": PASSWORD}, expected=200
    )
    admin = admin["access_token"]
    done("PUT", f"/users/{ada['id']}/roles", admin, {"roles": ["admin"]}, 200)
    done("POST", f"/users/{ada['id']}/disable", admin)
    done("POST", f"/users/{ada['id']}/enable", admin)
    done("DELETE", f"/users/{ada['id']}", admin)
    trail = [entry for entry in entries(world) if entry.id not in before]
    told = [entry.event for entry in trail]
    for event in (
        "user_registered",
        "password_refused",
        "signed_in",
        "permission_denied",
        "password_changed",
        "api_key_created",
        "api_key_revoked",
        "session_ended",
        "user_disabled",
        "user_enabled",
        "user_deleted",
    ):
        assert event in told, told
    assert {(entry.address, entry.user_agent) for entry in trail} == {("2001:db8::7", "Otter/1.0")}
    by = {entry.event: entry.actor_id for entry in trail}
    assert by["password_changed"] == by["api_key_created"] == by["permission_denied"] == ada["id"]
    assert by["user_disabled"] == by["user_deleted"] == root.id


def test_au_1_new_lines_and_escape_codes_are_harmless(world: World) -> None:
    """Whatever a client calls itself, and whatever it sends."""
    world.ada()
    agents = [ESCAPES.encode("utf-8").decode("latin-1"), "a\tb", "x" * 3000, "\x85\x9b31m", "{{7*7}} %s"]
    for agent in agents:
        world.clock.advance(hours=1)
        world.ask(
            "POST",
            "/auth/login",
            json={"email": f"{EMAIL}\n\x1b[2J", "password": WRONG},
            headers={"user-agent": agent, "x-forwarded-for": "evil\x1b[2J"},
        )
    trail = entries(world)
    assert len(trail) >= len(agents)
    for entry in trail:
        assert (entry.user_agent or "").isprintable()
        assert len(entry.user_agent or "") <= 255
        assert entry.address in (None, "127.0.0.1")
        assert repr(entry.facts).isprintable()


def test_au_1_a_session_shows_where_it_is_used(world: World) -> None:
    """Its address and agent, printable; and no secret of it."""
    world.ada()
    body = {"email": EMAIL, "password": PASSWORD}
    headers = {"user-agent": "Otter/1.0 \x1b[2J"}
    pair = world.ask("POST", "/auth/login", json=body, headers=headers).json()
    cookies = cookie_of(world)
    answer = world.ask("GET", "/auth/sessions", token=pair["access_token"])
    shown = next(each for each in answer.json()["items"] if each["current"])
    assert shown["address"] == "127.0.0.1"
    assert shown["user_agent"] == "Otter/1.0 \ufffd[2J"
    assert pair["refresh_token"] not in answer.text
    assert cookies["__Host-userkit"] not in answer.text
