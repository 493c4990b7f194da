"""The policy of passwords: what stops the start, what is easy to guess, and what is not."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.errors import ConfigurationError, WeakPasswordError
from userkit.features.passwords.guessing import Guesses, common_passwords, hard_part, own_words
from userkit.features.passwords.policy import PasswordPolicy

ADA = ("Ada.Lovelace@Example.com", "ada.lovelace@example.com", "Ada King, Countess of Lovelace")

# Words that nothing connects, of which people make passphrases.
WORDS = sorted(
    {
        "acorn",
        "blanket",
        "cobalt",
        "dune",
        "ember",
        "fjord",
        "gravel",
        "hammock",
        "island",
        "jigsaw",
        "kettle",
    }
    | {
        "lantern",
        "meadow",
        "nutmeg",
        "orchard",
        "pebble",
        "quarry",
        "ribbon",
        "saddle",
        "thimble",
        "umbrella",
    }
    | {"velvet", "walnut", "xylophone", "yonder", "zeppelin", "anchor", "butterfly", "computer", "elephant"}
    | {"football", "sunshine", "chocolate", "baseball", "princess", "password", "superman", "internet"}
)


def refused(password: str, *, policy: PasswordPolicy | None = None, **options: Any) -> bool:
    """Tell whether a password is refused; the sentence must not repeat it."""
    told = ""
    try:
        (policy or PasswordPolicy()).check(password, **options)
    except WeakPasswordError as error:
        told = str(error)
    assert password not in told
    return bool(told)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"min_length": 7}, "min_length=7: take a number from 8"),
        ({"min_length": 65}, "min_length=65: .* to 64"),
        ({"min_length": 15.0}, "min_length is a number of characters, not float"),
        ({"min_length": True}, "not bool"),
        ({"min_length": "15"}, "not str"),
        ({"min_length_with_second_factor": 7}, "min_length_with_second_factor=7: take a number from 8"),
        ({"min_length_with_second_factor": 16}, "at most min_length: take 15 or less instead of 16"),
        ({"words": "Example"}, "words is a collection of texts, such as"),
        ({"words": (b"Example",)}, "words is a collection of texts"),
        ({"blocklist": "letmein"}, "blocklist is a collection of texts"),
        ({"blocklist": [None]}, "blocklist is a collection of texts"),
    ],
)
def test_a_policy_that_makes_no_sense_stops_the_start(settings: dict[str, Any], told: str) -> None:
    """The sentence says what to take."""
    with pytest.raises(ConfigurationError, match=told):
        PasswordPolicy(**settings)


def test_a_policy_is_a_value() -> None:
    """It compares, shows its numbers but not the list, and does not change."""
    policy = PasswordPolicy(words=["Example"], blocklist=["letmein"])  # type: ignore[arg-type]
    assert policy == PasswordPolicy(words=("Example",), blocklist={"letmein"})
    assert policy != PasswordPolicy(words=("Example",))
    assert "letmein" not in repr(policy)
    assert hash(policy)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "PassWordPassWord",
        "password password",
        "Password1234567",
        "1234567password",
        "p@ssw0rd1234567",
        "!!!password!!!!",
        "iloveyou2024!!!",
        "sunshine-butterfly",
        "qwerty123456789",
        "qwertyuiopasdfgh",
        "asdfghjklqwertyuiop",
        "abcdefghijklmnop",
        "ponmlkjihgfedcba",
        "1234567890123456",
        "9876543210987654",
        "0123456789abcdef",
        "1qaz2wsx3edc4rfv",
        "aaaaaaaaaaaaaaaa",
        "                ",
        "aaaaaaaabbbbbbbb",
        "abcabcabcabcabcabc",
        "monkeymonkeymonkey",
        "monkeymonkeymon",
        "dragon123456789",
        "🔑" * 15,
    ],
)
def test_what_is_easy_to_guess_is_refused(password: str) -> None:
    """Common passwords with something around them, repetitions, rows of keys."""
    assert refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "ada.lovelace@example.com",
        "ADA.LOVELACE@EXAMPLE.COM",
        "ada.lovelace",
        "lovelace",
        "lovelace-example",
        "AdaLovelace2024!",
        "adaadalovelace12",
        "CountessLovelace1",
        "Ada King, Countess of Lovelace",
        "l0velace-c0unte$$",
        "Acme Portal 12345",
        "acmeportalacmeportal",
    ],
)
def test_what_others_know_of_the_owner_is_refused(password: str) -> None:
    """Address, name and service, and their words, alone or with little around them."""
    policy = PasswordPolicy(min_length=8, words=("Acme Portal",))
    assert refused(password, policy=policy, context=ADA)


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple",
        "CorrectHorseBatteryStaple",
        "sunshine-butterfly-elephant",
        "Lovelace wrote the first program",
        "kX9#mQ2$vL7@pR4",
        "my cat eats 1234 mice",
        "ада любит считать машины",
        "夏目漱石は猫である吾輩は犬ではない",
        "пароль из нескольких слов",
        "example.com is where my tortoise lives",
        "a1b9z8k3m2p7q4r",
    ],
)
def test_what_is_hard_to_guess_is_accepted(password: str) -> None:
    """Also when a common or own word is among the others."""
    assert not refused(password, context=ADA)


@given(
    words=st.lists(st.sampled_from(WORDS), min_size=4, max_size=8, unique=True),
    between=st.sampled_from(" -._"),
)
def test_no_passphrase_is_refused(words: list[str], between: str) -> None:
    """Four different words are enough, whichever they are, with what people put between them."""
    assert not refused(between.join(words), context=ADA)


@given(seed=st.integers(), length=st.integers(15, 64))
def test_no_password_of_a_password_manager_is_refused(seed: int, length: int) -> None:
    """Random characters, of which some happen to be in a row."""
    characters = "abcdefghijklmnopqrstuvwxyz0123456789"
    drawn = "".join(random.Random(seed).choices(characters, k=length))
    assert not refused(drawn, context=ADA)


@given(
    word=st.sampled_from(sorted(common_passwords().words)), tail=st.text(alphabet="0123456789!?", max_size=5)
)
def test_a_common_password_stays_one_with_a_few_characters_more(word: str, tail: str) -> None:
    """In any case, in front or behind."""
    policy = PasswordPolicy(min_length=8)
    assert refused(word + tail, policy=policy)
    assert refused(tail + word.title(), policy=policy)


@given(password=st.text(min_size=1, max_size=80))
def test_the_hard_part_is_never_longer_than_the_password(password: str) -> None:
    """And never nothing; what is added makes no password easier by more than a piece."""
    nothing = Guesses.of(())
    effort = hard_part(password, common_passwords(), own_words(ADA))
    assert 1 <= effort <= len(password.casefold()) * 3
    assert effort <= hard_part(password, nothing, nothing)


def test_another_blocklist_takes_the_place_of_ours() -> None:
    """It is compared in the same way; what was common is so no more."""
    policy = PasswordPolicy(min_length=8, blocklist=["Dienstwagen"])
    assert refused("dienstwagen", policy=policy)
    assert refused("DIENSTWAGEN1", policy=policy)
    assert not refused("superman", policy=policy)
    assert refused("superman", policy=PasswordPolicy(min_length=8))
    assert not refused("superman", policy=PasswordPolicy(min_length=8, blocklist=()))


def test_own_words_leave_out_what_is_part_of_everything() -> None:
    """Short words, and the last label of a domain."""
    known = own_words(["jo@mail.example.org", "Jo O'Neill", ""]).words
    assert {"mail", "example", "neill", "mail.example.org"} <= known
    assert not {"jo", "o", "org", ""} & known
