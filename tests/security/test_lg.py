"""LG: signing in is limited, alike for everybody, and tells strangers nothing."""

import statistics
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from tests.security.world import EMAIL, NEW_PASSWORD, PASSWORD, World
from userkit.errors import InvalidCredentialsError, RateLimitedError, UserKitError
from userkit.features.passwords import PasswordRefused
from userkit.kernel.origin import coming_from

WRONG = "not the password at all"


def wrong(here: World, email: str = EMAIL) -> type[UserKitError] | None:
    """Try a wrong password, and tell how it ended."""
    try:
        here.kit.sessions.sign_in(email=email, password=WRONG)
    except UserKitError as error:
        return type(error)
    return None


def test_lg_1_after_five_wrong_passwords_an_account_makes_everybody_wait(here: World) -> None:
    """Also the owner with the right one, for a minute; then longer and longer."""
    here.ada()
    assert [wrong(here) for _ in range(5)] == [InvalidCredentialsError] * 5
    runs = here.hasher.runs
    with pytest.raises(RateLimitedError) as caught:
        here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert caught.value.retry_after == 60
    assert here.hasher.runs == runs
    here.clock.advance(seconds=60)
    assert wrong(here) is InvalidCredentialsError
    assert wrong(here) is RateLimitedError
    here.clock.advance(seconds=60)
    assert wrong(here) is RateLimitedError
    here.clock.advance(seconds=60)
    assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_lg_1_success_is_no_failure(here: World) -> None:
    """Whoever signs in often is not kept out, and failures before are forgotten."""
    here.ada()
    for _ in range(3):
        assert [wrong(here) for _ in range(4)] == [InvalidCredentialsError] * 4
        assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


def test_lg_1_no_stranger_can_lock_an_account_for_ever(here: World) -> None:
    """However long they try, the owner gets in after the longest delay, or by a reset at once."""
    here.ada()
    for _ in range(100):
        wrong(here)
        here.clock.advance(minutes=3)
    wrong(here)
    here.clock.advance(minutes=15)
    assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    for _ in range(6):
        wrong(here)
    assert wrong(here) is RateLimitedError
    here.kit.password_reset.request(email=EMAIL)
    here.kit.password_reset.complete(token=here.token("reset_password"), password=NEW_PASSWORD)
    assert here.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)


def test_lg_1_an_address_is_limited_whatever_the_accounts(here: World) -> None:
    """Fifty, and then it waits; others do not."""
    here.ada()
    with coming_from(address="2001:db8::1"):
        outcomes = Counter(wrong(here, f"nobody{number}@example.com") for number in range(50))
        assert outcomes == {InvalidCredentialsError: 50}
    with coming_from(address="2001:db8::ffff:2"):  # the same /64
        assert wrong(here, "somebody@example.com") is RateLimitedError
        with pytest.raises(RateLimitedError):
            here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    with coming_from(address="2001:db8:0:1::1"):
        assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "nonsense", True),
        (None, "nonsense", True),
    ],
)
def test_lg_4_what_counts_as_one_client(in_memory: World, one: str | None, other: str, same: bool) -> None:
    """An IPv6 network, an IPv4 address in both its forms; and all that are unknown together."""
    with coming_from(address=one):
        for number in range(51):
            wrong(in_memory, f"nobody{number}@example.com")
    with coming_from(address=other):
        assert wrong(in_memory, "x@example.com") is (RateLimitedError if same else InvalidCredentialsError)


def test_lg_1_x5_of_two_hundred_parallel_guesses_at_most_five_are_compared(here: World) -> None:
    """The count comes before the hash. This is within one process; tests/races has two."""
    here.ada()
    before = here.hasher.runs
    gate = Barrier(50)

    def enter(_: int) -> list[type[UserKitError] | None]:
        gate.wait()
        return [wrong(here) for _ in range(4)]

    with ThreadPoolExecutor(50) as threads:
        outcomes = Counter(each for some in threads.map(enter, range(50)) for each in some)
    assert here.hasher.runs - before <= 5
    assert outcomes[None] == 0
    assert outcomes[InvalidCredentialsError] <= 5
    assert outcomes.total() == 200


def test_lg_2_every_path_that_proves_a_password_has_the_same_limits(here: World) -> None:
    """Guesses add up over sign-in, opaque sign-in, re-authentication and change."""
    ada = here.ada()
    tokens = here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    paths = [
        lambda word: here.kit.sessions.sign_in(email=EMAIL, password=word),
        lambda word: here.kit.sessions.sign_in_opaque(email=EMAIL, password=word),
        lambda word: here.kit.sessions.reauthenticate(tokens.session_id, password=word),
        lambda word: here.kit.passwords.change(ada.id, current_password=word, new_password=NEW_PASSWORD),
    ]
    for number in range(5):
        with pytest.raises(InvalidCredentialsError):
            paths[number % 4](WRONG)
    runs = here.hasher.runs
    for path in paths:
        with pytest.raises(RateLimitedError):
            path(PASSWORD)
    assert here.hasher.runs == runs


def strangers(here: World) -> dict[str, tuple[str, object]]:
    """Return addresses and passwords of every kind that opens nothing."""
    kit = here.kit
    here.ada()
    kit.users.register(email="nopassword@example.com", name="Nobody")
    closed = kit.users.register(email="closed@example.com", name="Closed", password=PASSWORD)
    kit.users.disable(closed.id)
    return {
        "unknown": ("nobody@example.com", PASSWORD),
        "wrong": (EMAIL, WRONG),
        "no_password": ("nopassword@example.com", PASSWORD),
        "disabled": ("closed@example.com", PASSWORD),
        "no address": ("not an address", PASSWORD),
        "too long": (EMAIL, "x" * 5000),
        "surrogate": (EMAIL, "\ud800" * 20),
        "NUL": (EMAIL, PASSWORD + "\0"),
        "no text": (EMAIL, None),
        "a mapping": (EMAIL, {"$ne": None}),
    }


def test_lg_3_whatever_is_wrong_looks_alike(here: World) -> None:
    """The same error with the same words, and the same number of hashes."""
    told = set()
    for email, password in strangers(here).values():
        before = here.hasher.runs
        with pytest.raises(UserKitError) as caught:
            here.kit.sessions.sign_in(email=email, password=password)  # type: ignore[arg-type]
        told.add((type(caught.value), str(caught.value), repr(vars(caught.value))))
        assert here.hasher.runs - before == 1
        here.clock.advance(minutes=30)
    assert told == {(InvalidCredentialsError, InvalidCredentialsError.summary, "{}")}


def test_lg_3_the_application_is_told_what_was_wrong(here: World) -> None:
    """In an event, for its own eyes."""
    heard = here.heard(PasswordRefused)
    for email, password in strangers(here).values():
        with pytest.raises(InvalidCredentialsError):
            here.kit.sessions.sign_in(email=email, password=password)  # type: ignore[arg-type]
        here.clock.advance(minutes=30)
    reasons = [event.reason for event in heard if isinstance(event, PasswordRefused)]
    assert reasons == ["unknown", "wrong", "no_password", "disabled", "unknown", *["wrong"] * 5]


def test_lg_3_a_throttled_stranger_looks_like_a_throttled_account(here: World) -> None:
    """The limit counts names, not accounts."""
    here.ada()
    told = []
    for email in (EMAIL, "nobody@example.com"):
        for _ in range(5):
            assert wrong(here, email) is InvalidCredentialsError
        with pytest.raises(RateLimitedError) as caught:
            here.kit.sessions.sign_in(email=email, password=WRONG)
        told.append((str(caught.value), caught.value.retry_after))
    assert told[0] == told[1]


def test_lg_3_strangers_wait_as_long_as_owners() -> None:
    """Medians over interleaved pairs with the real hash are within 10 % of its time.

    A busy machine may upset some rounds, so more are added while a median is off: what really takes
    longer stays so. The limits are lifted by the clock, which goes on a day after each attempt.
    """
    here = World("memory://")
    here.open(hasher="argon2")
    rounds: list[dict[str, float]] = []
    try:
        cases = strangers(here)
        for _ in range(6):
            rounds += [{name: spent_on(here, *case) for name, case in cases.items()} for _ in range(21)]
            # Round by round against a wrong password: both were disturbed by the same neighbours.
            ratios = {
                name: statistics.median(each[name] / each["wrong"] for each in rounds) for name in cases
            }
            if all(0.9 < ratio < 1.1 for ratio in ratios.values()):
                return
    finally:
        here.close()
    pytest.fail(f"Some wait longer than others: {ratios}")


def spent_on(here: World, email: str, password: Any) -> float:
    """Return the CPU time of this thread that one refused sign-in takes."""
    here.clock.advance(days=1)
    begin = time.thread_time()
    with pytest.raises(InvalidCredentialsError):
        here.kit.sessions.sign_in(email=email, password=password)
    return time.thread_time() - begin


def test_pw_6_changing_a_password_needs_the_current_one(here: World) -> None:
    """A wrong one counts as a failed sign-in, and nothing is changed."""
    ada = here.ada()
    heard = here.heard(PasswordRefused)
    with pytest.raises(InvalidCredentialsError):
        here.kit.passwords.change(ada.id, current_password=WRONG, new_password=NEW_PASSWORD)
    assert [event.purpose for event in heard if isinstance(event, PasswordRefused)] == ["change"]
    assert here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    here.kit.passwords.change(ada.id, current_password=PASSWORD, new_password=NEW_PASSWORD)
    with pytest.raises(InvalidCredentialsError):
        here.kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
    assert here.kit.sessions.sign_in(email=EMAIL, password=NEW_PASSWORD)
