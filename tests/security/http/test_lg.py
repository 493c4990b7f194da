"""LG: guessing over HTTP is limited, alike for everybody, and tells strangers nothing."""

import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import islice
from threading import Barrier
from typing import Any

import httpx
import pytest

from tests.integrations.applications import KINDS
from tests.integrations.worlds import EMAIL, PASSWORD, SECRET, World
from tests.passwords.gated import Gated
from tests.security.http.conftest import OpenWorld
from tests.security.http.operations import (
    NEW_PASSWORD,
    WRONG,
    link,
    looks,
    named,
    pair_of,
    problem,
)
from userkit.backends.memory import MemoryStore
from userkit.backends.passwords.blocking import BlockingHasher
from userkit.backends.passwords.threaded import ThreadedHasher
from userkit.features.passwords import passwords
from userkit.ports.rate_limit import Limit
from userkit.testing.http import Answer, Client

FEW = {
    "features": [
        passwords(
            address_limit=Limit(name="passwords from an address", attempts=3, within=timedelta(minutes=15))
        )
    ]
}


def log_in(world: World, email: str = EMAIL, password: Any = WRONG, **sent: Any) -> httpx.Response:
    """Try to sign in."""
    return world.ask("POST", "/auth/login", json={"email": email, "password": password}, **sent)


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgresql", marks=pytest.mark.server)])
def test_lg_1_x5_of_two_hundred_parallel_guesses_at_most_five_are_compared(
    open_world: OpenWorld, store: str
) -> None:
    """Over sockets, fifty at a time; the rest hear at once how long to wait."""
    world = open_world("socket", store)
    world.ada()
    before = world.hasher.runs
    gate = Barrier(25)

    def enter(_: int) -> list[int]:
        gate.wait()
        return [log_in(world).status_code for _ in range(8)]

    with ThreadPoolExecutor(25) as threads:
        told = Counter(status for some in threads.map(enter, range(25)) for status in some)
    assert world.hasher.runs - before <= 5
    assert told[401] <= 5
    assert told[401] + told[429] == 200
    assert problem(log_in(world, password=PASSWORD)) == (429, "rate_limited")


def test_lg_1_the_owner_always_gets_back_in(world: World) -> None:
    """By waiting, or at once by a reset: a stranger cannot lock an account for ever."""
    world.ada()
    for _ in range(30):
        log_in(world)
        world.clock.advance(minutes=4)
    for _ in range(6):
        log_in(world)
    told = log_in(world, password=PASSWORD)
    assert problem(told) == (429, "rate_limited")
    assert 0 < int(told.headers["retry-after"]) <= 15 * 60
    world.ask("POST", "/auth/password/forgot", json={"email": EMAIL})
    body = {"token": link(world, "reset_password"), "password": NEW_PASSWORD}
    assert world.ask("POST", "/auth/password/reset", json=body).status_code == 204
    assert log_in(world, password=NEW_PASSWORD).status_code == 200
    for _ in range(6):
        log_in(world)
    world.clock.advance(seconds=int(log_in(world).headers["retry-after"]))
    assert log_in(world, password=NEW_PASSWORD).status_code == 200


def test_lg_2_every_path_that_proves_a_password_shares_one_count(world: World) -> None:
    """Five over all of them, and then none is open, also to the right password."""
    world.ada()
    token = world.sign_in()
    verify = link(world, "verify_email")

    def form(word: str) -> httpx.Response:
        return world.ask("POST", "/auth/token", data={"username": EMAIL, "password": word})

    def change(word: str) -> httpx.Response:
        body = {"current_password": word, "new_password": NEW_PASSWORD}
        return world.ask("POST", "/auth/password/change", json=body, token=token)

    paths: list[Callable[[str], httpx.Response]] = [
        lambda word: log_in(world, password=word),
        form,
        lambda word: world.ask("POST", "/auth/reauthenticate", json={"password": word}, token=token),
        change,
        lambda word: world.ask("POST", "/auth/email/verify", json={"token": verify, "password": word}),
        lambda word: world.ask(
            "POST", "/auth/login?transport=cookie", json={"email": EMAIL, "password": word}
        ),
    ]
    assert [problem(path(WRONG)) for path in paths[:5]] == [(401, "invalid_credentials")] * 5
    runs = world.hasher.runs
    assert [problem(path(PASSWORD)) for path in paths] == [(429, "rate_limited")] * 6
    assert world.hasher.runs == runs


def strangers(world: World) -> dict[str, tuple[str, Any]]:
    """Return addresses and passwords of every kind that opens nothing."""
    world.ada()
    world.ada(email="nopassword@example.com", password=None)
    closed = named(world, "closed")
    world.kit.users.disable(closed.id)
    gone = named(world, "gone")
    world.kit.users.delete(gone.id)
    return {
        "wrong": (EMAIL, WRONG),
        "unknown": ("nobody@example.com", PASSWORD),
        "passwordless": ("nopassword@example.com", PASSWORD),
        "disabled": ("closed@example.com", PASSWORD),
        "disabled and wrong": ("closed@example.com", WRONG),
        "deleted": ("gone@example.com", PASSWORD),
        "no address": ("not an address", PASSWORD),
        "empty": ("", ""),
        "too long": (EMAIL, "x" * 4000),
    }


def test_lg_3_whatever_is_wrong_looks_alike(world: World) -> None:
    """Status, body and headers; by JSON, by form and for browsers. Before the limit and beyond it."""
    cases = strangers(world)
    ways: list[Callable[[str, Any], httpx.Response]] = [
        lambda email, word: log_in(world, email, word),
        lambda email, word: world.ask("POST", "/auth/token", data={"username": email, "password": word}),
        lambda email, word: world.ask(
            "POST", "/auth/login?transport=cookie", json={"email": email, "password": word}
        ),
    ]
    told: set[str] = set()
    for way in ways:
        for email, word in cases.values():
            world.clock.advance(hours=1)
            answer = way(email, word)
            assert problem(answer) == (401, "invalid_credentials")
            told.add(repr(looks(answer)))
    assert len(told) == 1, told
    limited = set()
    for email, word in cases.values():
        world.clock.advance(days=1)
        answers = [log_in(world, email, word) for _ in range(6)]
        assert {repr(looks(each)) for each in answers[:5]} == told
        assert problem(answers[5]) == (429, "rate_limited")
        limited.add(repr(looks(answers[5])))
    assert len(limited) == 1, limited


def test_lg_3_asking_for_a_letter_tells_nothing(world: World) -> None:
    """Forgot for anybody, resend whether verified or not, change to a taken address or a free one."""
    strangers(world)
    verified, taken = named(world, "verified"), "nopassword@example.com"
    world.kit.email_verification.complete(token=link(world, "verify_email"), password=PASSWORD)
    assert world.kit.users.get(verified.id).is_email_verified
    forgot = [
        world.ask("POST", "/auth/password/forgot", json={"email": f"{name}@example.com"})
        for name in ("ada", "nobody", "nopassword", "closed", "gone")
        for _ in range(5)
    ]
    resend = [
        world.ask("POST", "/auth/email/verify/request", token=world.sign_in(f"{name}@example.com"))
        for name in ("ada", "verified")
    ]
    change = [
        world.ask("POST", "/auth/email/change", json={"email": email}, token=world.sign_in())
        for email in (taken, "free@example.com", "closed@example.com")
    ]
    for answers in (forgot, resend, change):
        assert len({repr(looks(each)) for each in answers}) == 1
        assert (answers[0].status_code, answers[0].content) == (202, b"")


def ratios(cases: dict[str, Callable[[], Any]], rounds: int, between: Callable[[], Any]) -> dict[str, float]:
    """Return how the time of each case is to that of the first, as the median over interleaved rounds.

    What counts is what this process has done meanwhile, in all its threads: others may be busy as well.
    """
    samples: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, act in cases.items():
            between()
            begin = time.process_time()
            act()
            if number:
                samples[name].append(time.process_time() - begin)
    first = next(iter(samples.values()))
    return {
        name: statistics.median(one / other for one, other in zip(times, first, strict=True))
        for name, times in samples.items()
    }


def test_lg_3_strangers_wait_as_long_as_owners(open_world: OpenWorld) -> None:
    """With the real hash: medians are within 10 % of its time, and as much again for what is around it."""
    world = open_world(kit_options={"hasher": "argon2"})
    cases = strangers(world)
    told = ratios(
        {
            name: partial(log_in, world, email, word)
            for name, (email, word) in cases.items()
            if name in ("wrong", "unknown", "passwordless", "disabled", "too long")
        },
        11,
        lambda: world.clock.advance(days=1),
    )
    assert all(0.8 < ratio < 1.2 for ratio in told.values()), told


def test_lg_3_letters_take_as_long_for_nobody(open_world: OpenWorld) -> None:
    """There is no work that only one of them has; so generous room will do."""
    world = open_world()
    strangers(world)
    named(world, "verified")
    token = world.sign_in()
    world.kit.email_verification.complete(token=link(world, "verify_email"), password=PASSWORD)

    def forgot(name: str) -> Callable[[], Any]:
        return lambda: world.ask("POST", "/auth/password/forgot", json={"email": f"{name}@example.com"})

    def change(email: str) -> Callable[[], Any]:
        return lambda: world.ask("POST", "/auth/email/change", json={"email": email}, token=token)

    def between() -> None:
        nonlocal token
        world.deliver()
        world.clock.advance(minutes=30)
        token = world.kit.sessions.sign_in(email=EMAIL, password=PASSWORD).access_token

    told = ratios({name: forgot(name) for name in ("ada", "nobody", "closed")}, 20, between)
    told |= ratios(
        {email: change(email) for email in ("free@example.com", "closed@example.com")}, 20, between
    )
    assert all(0.4 < ratio < 2.5 for ratio in told.values()), told


SPOOFED = (
    "x-forwarded-for",
    "x-real-ip",
    "forwarded",
    "x-client-ip",
    "client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "x-cluster-client-ip",
    "x-originating-ip",
    "via",
)


def spoof(number: int) -> dict[str, str]:
    """Return headers that name another address each time."""
    address = f"203.0.113.{number}"
    return {name: f"for={address}" if name == "forwarded" else address for name in SPOOFED}


@pytest.mark.parametrize("way", ["in-process", "socket"])
def test_lg_4_nobody_counts_as_somebody_else_by_saying_so(open_world: OpenWorld, way: str) -> None:
    """The address is that of the socket, whatever headers name."""
    world = open_world(way, "sqlite" if way == "socket" else "memory", kit_options=FEW)
    world.ada()
    for number in range(3):
        told = log_in(world, f"nobody{number}@example.com", headers=spoof(number))
        assert problem(told) == (401, "invalid_credentials")
    told = log_in(world, "another@example.com", headers=spoof(99))
    assert problem(told) == (429, "rate_limited")
    world.clock.advance(hours=1)
    token = log_in(world, password=PASSWORD, headers=spoof(7)).json()["access_token"]
    (session,) = world.ask("GET", "/auth/sessions", token=token).json()["items"]
    assert session["address"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.1:4711", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "[2001:DB8:0:0::1]:4711", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "203.0.113.7, 192.0.2.1", True),
        ("192.0.2.1", "192.0.2.1, 203.0.113.7", False),
        ("nonsense", "unknown", True),
        ("nonsense", "", True),
    ],
)
def test_lg_4_a_trusted_proxy_names_the_client(
    open_world: OpenWorld, one: str, other: str, same: bool
) -> None:
    """By the last entry; IPv6 counts by /64, mapped IPv4 is IPv4, and who is unknown is limited together."""
    world = open_world(kit_options=FEW, http_options={"trusted_proxies": ["127.0.0.1"]})
    for number in range(3):
        told = log_in(world, f"nobody{number}@example.com", headers={"x-forwarded-for": one})
        assert problem(told) == (401, "invalid_credentials")
    answer = log_in(world, "another@example.com", headers={"x-forwarded-for": other})
    assert answer.status_code == (429 if same else 401)
    # Other headers are not what was trusted.
    for name in SPOOFED[1:]:
        answer = log_in(world, "x@example.com", headers=[("x-forwarded-for", one), (name, "198.51.100.1")])
        assert answer.status_code == 429, name


@contextmanager
def flooded(framework: str, plain: Gated) -> Iterator[Client]:
    """Serve an application whose hasher has one worker, and two places to wait."""
    make = ThreadedHasher if framework == "fastapi" else BlockingHasher
    kind = KINDS[framework]
    kit = kind.kit(MemoryStore(), secret=SECRET, hasher=make(plain, workers=1, queue=2), relay=False)
    try:
        with kind.serve(kind.make(kit)) as client:
            yield client
    finally:
        plain.gate.set()
        if framework == "flask":
            kit.close()


def knock(client: Client, number: int) -> Answer:
    """Try to sign in."""
    body = b'{"email":"nobody%d@example.com","password":"mauve otters juggle teapots"}' % number
    return client.ask("POST", "/api/v1/auth/login", headers=[("content-type", "application/json")], body=body)


def test_lg_5_a_flood_is_told_to_come_back_and_everybody_else_is_served(framework: str) -> None:
    """Three places are taken, the others hear 503 at once; what needs no hash goes on; then all is well."""
    plain = Gated()
    with flooded(framework, plain) as client, ThreadPoolExecutor(12) as threads:
        futures = [threads.submit(knock, client, number) for number in range(12)]
        turned_away = [future.result() for future in islice(as_completed(futures), 9)]
        assert {each.status for each in turned_away} == {503}
        assert {each.json()["code"] for each in turned_away} == {"overloaded"}
        assert all(int(each.header("retry-after") or 0) >= 1 for each in turned_away)
        for _ in range(20):
            assert client.ask("GET", "/api/v1/auth/jwks").status == 200
            assert client.ask("GET", "/api/v1/users/me").status == 401
        plain.gate.set()
        assert sorted(future.result().status for future in futures) == [401] * 3 + [503] * 9
        assert plain.most == 1
        assert knock(client, 99).status == 401


def test_lg_1_success_is_no_failure(world: World) -> None:
    """Whoever signs in often is not kept out."""
    world.ada()
    for _ in range(60):
        assert pair_of(world)
