"""The plain hasher: argon2id, never weaker than is safe."""

import unicodedata
from typing import Any

import pytest

from userkit.backends.passwords.argon2id import Argon2id
from userkit.errors import ConfigurationError
from userkit.ports.passwords import Verification

PASSWORD = "correct horse battery staple"


def test_a_hash_verifies_and_another_password_does_not() -> None:
    """Neither is outdated: one is current, of the other nothing is known."""
    plain = Argon2id()
    encoded = plain.hash(PASSWORD)
    assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert plain.recognises(encoded)
    assert plain.verify(PASSWORD, encoded) == Verification(matches=True)
    assert plain.verify(PASSWORD + " ", encoded) == Verification(matches=False)


def test_every_hash_has_a_salt_of_its_own() -> None:
    """Two of one password are two."""
    plain = Argon2id()
    assert plain.hash(PASSWORD) != plain.hash(PASSWORD)


@pytest.mark.parametrize(
    "password", ["", "\0", "a\0b", "p\udcffx", "x" * 5000, "ﬁn", unicodedata.normalize("NFD", "é")]
)
def test_any_text_is_hashed_as_it_is(password: str) -> None:
    """What may be a password is decided elsewhere; here nothing is cut, folded or raised."""
    plain = Argon2id()
    encoded = plain.hash(password)
    assert plain.verify(password, encoded).matches
    assert not plain.verify(password + "x", encoded).matches
    assert not plain.verify(password[:-1] + "\1", encoded).matches


@pytest.mark.parametrize(
    "encoded", [None, "", "!", b"$2b$", 7, "x" * 1_000_000, "$argon2id$", "\0" * 50, "é" * 60]
)
def test_what_is_no_hash_never_matches(encoded: Any) -> None:
    """Whatever the store holds."""
    plain = Argon2id()
    assert plain.verify(PASSWORD, encoded) == Verification(matches=False)
    assert not plain.recognises(encoded)


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ({"memory_cost": 19455}, "memory_cost=19455 is too weak for passwords; take at least 19456 KiB"),
        ({"memory_cost": 0}, "at least 19456 KiB"),
        ({"time_cost": 1}, "time_cost=1 is too weak for passwords; take at least 2"),
        ({"time_cost": 1, "memory_cost": 47104}, "time_cost=1 is too weak"),
        ({"parallelism": 0}, "parallelism=0 is too weak for passwords; take at least 1"),
        ({"memory_cost": 2**18 + 1}, "take at most 262144 KiB"),
        ({"time_cost": 17}, "take at most 16"),
        ({"parallelism": 17}, "take at most 16"),
        ({"memory_cost": 2**18, "time_cost": 5}, "memory_cost x time_cost is at most 1048576 KiB"),
        ({"memory_cost": True}, "memory_cost is a whole number, not bool"),
        ({"time_cost": 2.5}, "time_cost is a whole number, not float"),
        ({"parallelism": "1"}, "parallelism is a whole number, not str"),
    ],
)
def test_other_costs_stop_the_start(setting: dict[str, Any], told: str) -> None:
    """What is weak, and what nobody would compare with; the sentence says what to take."""
    with pytest.raises(ConfigurationError, match=told):
        Argon2id(**setting)


def test_the_highest_costs_make_hashes_that_are_read() -> None:
    """Each floor may be raised up to the ceilings of what is verified."""
    for costs in ({"memory_cost": 2**18, "time_cost": 4}, {"memory_cost": 2**16, "time_cost": 16}):
        dear = Argon2id(**costs, parallelism=2)
        assert dear.verify(PASSWORD, dear.hash(PASSWORD)) == Verification(matches=True)
