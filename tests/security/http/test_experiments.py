"""X1, X2, X3, X5, X10 and X18, end to end: through a socket, a framework and a store."""

import statistics
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Lock
from typing import Any, TypeVar

import httpx
import pytest

from tests.integrations.worlds import EMAIL, PASSWORD, SECRET, World
from tests.races.callers import SPELLINGS
from tests.security.http.conftest import OpenWorld
from tests.security.http.operations import NEW_PASSWORD, WRONG, dump, link, pair_of
from tests.security.http.served import Server, serving
from userkit import SyncUserKit
from userkit.features.passwords import PasswordCredential
from userkit.features.sessions import Session
from userkit.features.users import User
from userkit.sync import run
from userkit.testing import InstantHasher

T = TypeVar("T")

CALLERS = 16
NEW_EMAIL = "ada@new.example"

stores = pytest.mark.parametrize("store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """Do something so many times at the same moment."""
    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(act, range(count)))


def stored(world: World, kind: type[T]) -> list[T]:
    """Return all records of a kind."""
    return list(run(world.kit._store.realm(world.realm).find(kind, limit=1000)).items)  # type: ignore[type-var]


@stores
def test_x1_of_fifty_registrations_in_five_spellings_one_succeeds(open_world: OpenWorld, store: str) -> None:
    """49 conflicts, no 5xx, and nothing is half there."""
    world = open_world("socket", store, limits=False)

    def register(number: int) -> httpx.Response:
        body = {"email": SPELLINGS[number % 5], "name": f"Ada {number}", "password": f"{PASSWORD} {number}"}
        return world.ask("POST", "/users", json=body)

    answers = at_once(50, register)
    assert Counter(each.status_code for each in answers) == {201: 1, 409: 49}
    (won,) = [number for number, each in enumerate(answers) if each.status_code == 201]
    (user,) = stored(world, User)
    assert (user.name, user.id) == (f"Ada {won}", answers[won].json()["id"])
    assert [each.id for each in stored(world, PasswordCredential)] == [user.id]
    assert len([line for line in dump(world) if "'user_registered'" in line]) == 1
    assert pair_of(world, SPELLINGS[(won + 1) % 5], f"{PASSWORD} {won}")


LINKS: dict[str, tuple[str, Callable[[str], dict[str, Any]]]] = {
    "verify_email": ("/auth/email/verify", lambda token: {"token": token, "password": PASSWORD}),
    "change_email": ("/auth/email/change/confirm", lambda token: {"token": token}),
    "reset_password": ("/auth/password/reset", lambda token: {"token": token, "password": NEW_PASSWORD}),
}


@stores
@pytest.mark.parametrize("kind", LINKS)
def test_x2_vf_1_of_sixteen_who_spend_a_link_one_succeeds(
    open_world: OpenWorld, store: str, kind: str
) -> None:
    """The others hear that it is no link, and the user has changed once."""
    world = open_world("socket", store, limits=False)
    ada = world.ada()
    if kind == "change_email":
        world.ask("POST", "/auth/email/change", json={"email": NEW_EMAIL}, token=world.sign_in())
    if kind == "reset_password":
        world.ask("POST", "/auth/password/forgot", json={"email": EMAIL})
    token = link(world, kind)
    path, body = LINKS[kind]
    answers = at_once(CALLERS, lambda _: world.ask("POST", path, json=body(token)))
    assert Counter(each.status_code for each in answers) == {204: 1, 400: CALLERS - 1}
    assert world.kit.users.get(ada.id).version == ada.version + 1


@stores
def test_x3_se_1_of_thirty_two_who_refresh_one_gets_a_successor(open_world: OpenWorld, store: str) -> None:
    """Three generations long; the session survives, and has one live token."""
    world = open_world("socket", store)
    world.ada()
    token = pair_of(world)["refresh_token"]
    for generation in range(1, 4):

        def refresh(_: int, spent: str = token) -> httpx.Response:
            return world.ask("POST", "/auth/refresh", json={"refresh_token": spent})

        answers = at_once(32, refresh)
        assert Counter(each.status_code for each in answers) == {200: 1, 401: 31}
        (session,) = stored(world, Session)
        assert session.generation == generation
        (token,) = [each.json()["refresh_token"] for each in answers if each.status_code == 200]
    assert world.ask("POST", "/auth/refresh", json={"refresh_token": token}).status_code == 200


def sent(server: Server, path: str, body: dict[str, Any]) -> tuple[int, bytes]:
    """Post to a server, and return the status, 0 when it hung up."""
    encoded = httpx.Request("POST", "http://x", json=body).content
    try:
        answer = server.ask(
            "POST", f"/api/v1{path}", headers=[("content-type", "application/json")], body=encoded
        )
    except (OSError, httpx.HTTPError, ValueError, EOFError):
        return 0, b""
    except Exception as error:
        if type(error).__module__ == "http.client":
            return 0, b""
        raise
    return answer.status, answer.body


def test_x5_lg_1_two_processes_count_together(framework: str, tmp_path: Path) -> None:
    """200 parallel wrong passwords at a limit of 5, spread over two servers: at most 5 are compared."""
    store, notes = f"sqlite:///{tmp_path / 'app.db'}", tmp_path / "notes"
    with SyncUserKit(store, secret=SECRET, hasher=InstantHasher(), relay=False) as kit:
        kit.users.register(email=EMAIL, name="Ada", password=PASSWORD)
        with serving(framework, store, notes=notes) as one, serving(framework, store, notes=notes) as other:
            servers = [one, other]

            def guess(number: int) -> list[int]:
                body = {"email": EMAIL, "password": WRONG}
                return [sent(servers[number % 2], "/auth/login", body)[0] for _ in range(8)]

            told = Counter(status for some in at_once(25, guess) for status in some)
            assert len(notes.read_bytes()) <= 5
            assert told[401] <= 5
            assert told[401] + told[429] == 200
            assert sent(one, "/auth/login", {"email": EMAIL, "password": PASSWORD})[0] == 429


def test_x10_lg_5_health_answers_while_a_hundred_sign_in(open_world: OpenWorld) -> None:
    """With the real hash: everybody gets in, or is told when to come back; nobody else waits for them.

    Of what all of them take together, a route without a hash takes a small part.
    """
    world = open_world("socket", "sqlite", limits=False, kit_options={"hasher": "argon2"})
    world.ada()
    done, waits = Event(), list[float]()

    def look(_: int) -> None:
        while not done.is_set():
            begin = time.perf_counter()
            assert world.ask("GET", "/auth/jwks").status_code == 200
            waits.append(time.perf_counter() - begin)

    with ThreadPoolExecutor(1) as watcher:
        watching = watcher.submit(look, 0)
        begin = time.perf_counter()
        body = {"email": EMAIL, "password": PASSWORD}
        answers = at_once(100, lambda _: world.ask("POST", "/auth/login", json=body))
        whole = time.perf_counter() - begin
        done.set()
        watching.result()
    told = Counter(each.status_code for each in answers)
    assert set(told) <= {200, 503}
    assert told[200] >= 20
    assert all("retry-after" in each.headers for each in answers if each.status_code == 503)
    assert len(waits) >= 5
    assert statistics.median(waits) < whole / 4


ADDRESSES = 40


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def test_x18_a_server_that_is_told_to_stop_keeps_its_word(
    framework: str, store: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """With 200 registrations in flight: what was acknowledged is there, and nothing is half there."""
    url = f"sqlite:///{tmp_path / 'app.db'}"
    if store == "postgresql":
        server = request.getfixturevalue("postgres18")
        url = server.url(database=server.create_database())
    told: list[tuple[str, int]] = []
    lock, enough = Lock(), Event()

    with serving(framework, url) as served:

        def register(number: int) -> None:
            spelling = SPELLINGS[number // ADDRESSES % len(SPELLINGS)]
            email = spelling[:3] + str(number % ADDRESSES) + spelling[3:]
            body = {"email": email, "name": f"Ada {number}", "password": f"{PASSWORD} {number}"}
            status, _ = sent(served, "/users", body)
            with lock:
                told.append((email.lower(), status))
                if sum(status == 201 for _, status in told) >= 5:
                    enough.set()

        with ThreadPoolExecutor(200) as threads:
            futures = [threads.submit(register, number) for number in range(5 * ADDRESSES)]
            assert enough.wait(60)
            code = served.stop()
            for future in futures:
                future.result()
    assert code in (0, -15)
    assert {status for _, status in told} <= {0, 201, 409, 503}
    assert_whole(url, [email for email, status in told if status == 201])


def assert_whole(url: str, acknowledged: list[str]) -> None:
    """Each address has one whole account at most, and everybody who was told of one has it."""
    with SyncUserKit(url, secret=SECRET, relay=False) as kit:
        users = run(kit._store.find(User, limit=1000)).items
        credentials = run(kit._store.find(PasswordCredential, limit=1000)).items
        assert {each.id for each in users} == {each.id for each in credentials}
        emails = [each.email_key for each in users]
        assert len(set(emails)) == len(emails)
        assert len(set(acknowledged)) == len(acknowledged) >= 5
        assert set(acknowledged) <= set(emails)
        events = [entry.event for entry in kit.audit.list(limit=1000).items]
        assert events.count("user_registered") == len(users)
        for user in users[:3]:
            number = user.name.removeprefix("Ada ")
            kit.sessions.sign_in(email=user.email, password=f"{PASSWORD} {number}")
