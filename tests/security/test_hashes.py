"""ST-1, ST-2 and LG-5: how passwords are hashed, what a planted hash can do, and how much runs at once."""

import asyncio
import statistics
import subprocess
import sys
import time
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.passwords import samples
from tests.passwords.gated import Gated
from userkit.backends.passwords.argon2id import Argon2id
from userkit.backends.passwords.formats import read
from userkit.backends.passwords.threaded import ThreadedHasher
from userkit.errors import ConfigurationError, OverloadedError
from userkit.ports.passwords import PasswordHasher, Verification

PASSWORD = "correct horse battery staple"
PLAIN = Argon2id()
CURRENT = PLAIN.hash(PASSWORD)

# Quick enough to be verified hundreds of times.
CHEAP = [
    each.encoded
    for each in (*samples.of_passlib(), *samples.generated())
    if each.encoded.startswith(
        ("$argon2", "$2a$04", "$2b$04", "$scrypt$ln=8", "$pbkdf2", "pbkdf2:", "$bcrypt-sha256")
    )
    and "m=65536" not in each.encoded
]
HOSTILE = [
    encoded
    for encoded in samples.load("password_hash_samples", "kratos_hash_limit_strings.json")
    if not read(encoded)
]


@pytest.mark.parametrize(
    "weak",
    [{"memory_cost": 19455}, {"time_cost": 1}, {"parallelism": 0}, {"memory_cost": 65536, "time_cost": 1}],
)
def test_st_1_weaker_than_the_floor_stops_the_start(weak: dict[str, int]) -> None:
    """argon2id with m=19456, t=2, p=1 is the least; the sentence says so."""
    with pytest.raises(ConfigurationError, match=r"too weak for passwords; take at least \d+"):
        Argon2id(**weak)


def test_st_1_the_default_is_the_floor() -> None:
    """As RFC 9106 and OWASP write it, with 128 bits of salt and 256 of hash."""
    head, salt, digest = CURRENT.rsplit("$", 2)
    assert head == "$argon2id$v=19$m=19456,t=2,p=1"
    assert (len(salt), len(digest)) == (22, 43)


@pytest.mark.parametrize(
    "costs",
    [{"memory_cost": 20480}, {"time_cost": 3}, {"parallelism": 2}, {"memory_cost": 65536, "time_cost": 3}],
)
def test_st_1_a_hash_of_other_parameters_is_made_anew(costs: dict[str, int]) -> None:
    """After the parameters were raised, and also after they were lowered again."""
    raised = Argon2id(**costs)
    dearer = raised.hash(PASSWORD)
    assert raised.verify(PASSWORD, dearer) == Verification(matches=True, outdated=False)
    assert raised.verify(PASSWORD, CURRENT) == Verification(matches=True, outdated=True)
    assert PLAIN.verify(PASSWORD, dearer) == Verification(matches=True, outdated=True)
    assert PLAIN.verify(PASSWORD, CURRENT) == Verification(matches=True, outdated=False)


def test_st_1_only_the_right_password_makes_a_hash_outdated() -> None:
    """A wrong one must not lead to a new hash."""
    old = Argon2id(time_cost=3).hash(PASSWORD)
    for encoded in (old, CURRENT, None, "!"):
        assert PLAIN.verify("wrong", encoded) == Verification(matches=False, outdated=False)


@pytest.mark.parametrize(
    "sample",
    [
        each
        for each in samples.generated()
        if each.case in ("ascii", "weak_params") and not each.encoded.startswith("$argon2id$v=19$m=19456")
    ],
    ids=str,
)
def test_st_1_every_hash_of_others_is_made_anew(sample: samples.Sample) -> None:
    """They match, and are outdated, argon2 of other parameters among them."""
    plain = Argon2id(flask_security_salt=samples.FLASK_SECURITY_SALT)
    assert plain.recognises(sample.encoded)
    assert plain.verify(sample.secret.decode(), sample.encoded) == Verification(matches=True, outdated=True)


def test_st_1_a_password_of_72_bytes_is_not_another_of_73() -> None:
    """Where bcrypt saw no difference, the hash that takes its place does."""
    assert not PLAIN.verify("x" * 73, PLAIN.hash("x" * 72)).matches


@pytest.mark.parametrize("encoded", [*HOSTILE, *samples.malformed()])
def test_st_2_hostile_and_malformed_hashes_are_refused(encoded: str) -> None:
    """Before any hashing: neither recognised nor compared with."""
    assert not PLAIN.recognises(encoded)


def test_st_2_the_hostile_ones_are_all_there() -> None:
    """Those with huge costs, and those of kinds that are too fast."""
    assert len(HOSTILE) == 14


@pytest.mark.parametrize(
    "encoded", [*HOSTILE, "!", "", "$", "$argon2id$", "\0", "\ud800", "$2b$", "x" * 1_000_000]
)
def test_st_2_what_is_planted_takes_the_time_of_one_hash(encoded: str) -> None:
    """Minutes are asked for; a second of the processor would be noticed."""
    began = time.thread_time()
    assert PLAIN.verify(PASSWORD, encoded) == Verification(matches=False)
    assert time.thread_time() - began < 1


GREEDY = """
import resource, sys
from userkit.backends.passwords.argon2id import Argon2id

plain = Argon2id()
planted = sys.stdin.read().split()
plain.verify("password", None)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for encoded in planted:
    assert not plain.verify("password", encoded).matches
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_st_2_what_is_planted_takes_the_memory_of_one_hash() -> None:
    """Gigabytes are asked for; what is taken is what an honest hash took before, within 8 MiB."""
    done = subprocess.run(
        [sys.executable, "-c", GREEDY],
        input="\n".join([*HOSTILE, "x" * 1_000_000]),
        check=True,
        capture_output=True,
        text=True,
    )
    assert int(done.stdout) < 8 * 1024  # in KiB


@pytest.mark.parametrize("place", range(1, 5))
def test_st_2_a_cut_hash_matches_nothing(place: int) -> None:
    """Not the right password either: a shorter digest would match too much."""
    for sample in samples.generated():
        if sample.case == "ascii" and sample.encoded in CHEAP:
            cut = sample.encoded[: -(len(sample.encoded) * place // 5)]
            assert not PLAIN.verify(sample.secret.decode(), cut).matches


@given(encoded=st.one_of(st.text(max_size=200), st.binary(max_size=200), st.none(), st.integers()))
@settings(max_examples=30, deadline=None)
def test_st_2_anything_as_a_stored_hash_is_a_clean_refusal(encoded: Any) -> None:
    """Whatever its type."""
    assert PLAIN.verify(PASSWORD, encoded) == Verification(matches=False)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_st_2_a_hash_with_anything_changed_never_raises(data: st.DataObject) -> None:
    """One character put in, taken out or replaced: it is refused, or compared with in bounded time."""
    encoded = data.draw(st.sampled_from(CHEAP))
    place = data.draw(st.integers(0, len(encoded)))
    width = data.draw(st.integers(0, 2))
    put = data.draw(st.text(alphabet="$=,.+/:!-01bmprtv\0é\ud800", max_size=2))
    changed = encoded[:place] + put + encoded[place + width :]
    known = read(changed)
    if known is not None:
        began = time.thread_time()
        assert known.matches(b"nobody's password") is False
        assert time.thread_time() - began < 10


def test_st_2_what_matches_nothing_takes_the_work_of_a_real_comparison() -> None:
    """Nobody, a planted hash and a cheap one of others: as much of the processor as a current one."""
    cheap = "$argon2id$v=19$m=8,t=1,p=1$lG7SpeYnHwYzrGZyNMwB9g$KtGqd7Jq98NHaKnw6exPcQ"
    spent: dict[str | None, list[float]] = {CURRENT: [], None: [], "!": [], HOSTILE[0]: [], cheap: []}
    for _ in range(9):
        for encoded, times in spent.items():
            began = time.thread_time()
            assert not PLAIN.verify("wrong", encoded).matches
            times.append(time.thread_time() - began)
    real, *others = map(statistics.median, spent.values())
    assert all(0.6 * real < other < 1.6 * real for other in others)


class Outcome(Protocol):
    """What a crowd of calls came to."""

    most: int
    answered: int
    turned_away: list[OverloadedError]


class Crowd:
    """So many callers at once, of whom some are turned away while nothing moves."""

    def __init__(self) -> None:
        self.most = self.answered = 0
        self.turned_away: list[OverloadedError] = []

    @classmethod
    async def of(cls, size: int, hasher: PasswordHasher, plain: Gated, *, running: int) -> Outcome:
        """Call, wait until so many run, open the gate, and count."""
        crowd = cls()
        calls = [asyncio.create_task(hasher.verify(str(number), None)) for number in range(size)]
        await asyncio.sleep(0)
        await asyncio.to_thread(plain.wait_until_started, running)
        # The gate is shut: whoever has an answer now was turned away at once.
        await asyncio.sleep(0)
        done = [call for call in calls if call.done()]
        plain.gate.set()
        results = await asyncio.gather(*calls, return_exceptions=True)
        crowd.turned_away = [each for each in results if isinstance(each, OverloadedError)]
        assert len(done) == len(crowd.turned_away)
        crowd.answered = size - len(done)
        crowd.most = plain.most
        return crowd


class Unbounded(ThreadedHasher):
    """A broken pool: a thread for everybody."""

    async def verify(self, password: str, encoded: str | None) -> Verification:
        return await asyncio.to_thread(self._plain.verify, password, encoded)


def test_lg_5_a_crowd_is_hashed_few_at_a_time_and_the_rest_is_turned_away() -> None:
    """Two run, six wait, and of twenty twelve are told at once when to come back."""

    async def scene() -> None:
        plain = Gated()
        hasher = ThreadedHasher(plain, workers=2, queue=6)
        crowd = await Crowd.of(20, hasher, plain, running=2)
        assert (crowd.most, crowd.answered, len(crowd.turned_away)) == (2, 8, 12)
        assert all(error.retry_after > 0 for error in crowd.turned_away)
        assert len(plain.threads) <= 2
        # When the crowd is gone there is room again.
        assert not (await hasher.verify("later", None)).matches
        await hasher.close()

    asyncio.run(scene())


def test_lg_5_the_crowd_would_notice_a_pool_without_bounds() -> None:
    """It fills one that starts a thread for each call."""

    async def scene() -> None:
        plain = Gated()
        crowd = await Crowd.of(5, Unbounded(plain, workers=2, queue=0), plain, running=5)
        assert (crowd.most, crowd.answered) == (5, 5)

    asyncio.run(scene())


def test_lg_5_the_event_loop_is_free_while_passwords_are_hashed() -> None:
    """Others are served though every worker stands still."""

    async def scene() -> None:
        plain = Gated()
        hasher = ThreadedHasher(plain, workers=2)
        calls = [asyncio.create_task(hasher.hash(str(number))) for number in range(10)]
        await asyncio.sleep(0)
        await asyncio.to_thread(plain.wait_until_started, 2)
        served = 0
        for _ in range(1000):
            await asyncio.sleep(0)
            served += 1
        assert served == 1000
        assert not any(call.done() for call in calls)
        plain.gate.set()
        await asyncio.gather(*calls)
        await hasher.close()

    asyncio.run(scene())
