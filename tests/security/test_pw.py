"""PW: passwords are long, taken as they are, and not easy to guess; as far as the policy goes."""

import gzip
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.passwords.samples import VECTORS
from userkit.backends.passwords.argon2id import Argon2id
from userkit.errors import ConfigurationError, InvalidInputError, WeakPasswordError
from userkit.features.passwords.policy import LONGEST_PASSWORD_BYTES, PasswordPolicy, presented

POLICY = PasswordPolicy()
# Fifteen code points that nobody would guess, in several scripts.
GOOD = [
    "kvartsörhagen-7",
    "ελιέςπουτρέχουν",
    "夏目漱石は猫である吾輩は犬だよ",
    "🦉🎈🔭🧊🥁🪁🧦🌵🪜🎻🦷🧲🥝🛶🪗",
]


@pytest.mark.parametrize("password", GOOD)
def test_pw_1_fifteen_code_points_are_enough(password: str) -> None:
    """Code points are counted, not bytes; one fewer is too short, and the sentence says how many."""
    assert len(password) == 15
    assert POLICY.check(password) == password
    with pytest.raises(WeakPasswordError, match="at least 15 characters"):
        POLICY.check(password[:-1])


@pytest.mark.parametrize("password", GOOD)
def test_pw_1_eight_are_enough_with_a_second_factor(password: str) -> None:
    """For them only, and seven are not."""
    assert POLICY.check(password[:8], second_factor=True) == password[:8]
    with pytest.raises(WeakPasswordError, match="at least 15"):
        POLICY.check(password[:8])
    with pytest.raises(WeakPasswordError, match="at least 8"):
        POLICY.check(password[:7], second_factor=True)


def test_pw_1_the_length_is_counted_after_nfc() -> None:
    """Accents in code points of their own make nothing longer."""
    fourteen = unicodedata.normalize("NFD", "kvärtsörhägenö")
    assert len(fourteen) > 15
    with pytest.raises(WeakPasswordError):
        POLICY.check(fourteen)


@pytest.mark.parametrize("setting", ["min_length", "min_length_with_second_factor"])
def test_pw_1_nothing_below_eight_can_be_set(setting: str) -> None:
    """It is found at the start."""
    for value in (7, 0, -1):
        with pytest.raises(ConfigurationError, match=f"{setting}={value}: take a number from 8"):
            PasswordPolicy(**{setting: value})  # type: ignore[arg-type]
    assert PasswordPolicy(min_length=8).check("ribbon-9") == "ribbon-9"


@pytest.mark.parametrize("char", ["x", "é", "夏", "🦉"])
def test_pw_2_sixty_four_code_points_are_accepted(char: str) -> None:
    """Whatever they are; up to 1,024 bytes."""
    assert POLICY.check(char * 56 + "vj4kq9tz") == char * 56 + "vj4kq9tz"
    longest = "vj4kq9tz" + char * ((LONGEST_PASSWORD_BYTES - 8) // len(char.encode()))
    assert POLICY.check(longest) == presented(longest) == longest
    with pytest.raises(WeakPasswordError, match="at most 1,024 bytes"):
        POLICY.check(longest + char)
    assert presented(longest + char) is None


def test_pw_2_the_cap_counts_bytes_of_nfc() -> None:
    """What shrinks in NFC may be typed decomposed; what is huge is not even normalised."""
    typed = unicodedata.normalize("NFD", "vj4kq9tz" + "ǖ" * 508)
    assert len(typed) > 1500
    assert presented(typed) == unicodedata.normalize("NFC", typed)
    assert presented("a" + "\u0316\u0301" * 1_000_000) is None


@pytest.mark.parametrize(
    "password",
    ["  leading and trailing  ", "Tab\tand\nnew line kept", "MiXeD CaSe StAyS ThUs", "x" * 80 + "Tail-y7q"],
)
def test_pw_3_nothing_is_cut_trimmed_or_folded(password: str) -> None:
    """Neither when it is set nor when it is presented, nor by the hash."""
    assert POLICY.check(password) == presented(password) == password
    plain = Argon2id()
    encoded = plain.hash(password)
    for other in (password.strip(), password.lower(), password[:-1], password[:72]):
        if other != password:
            assert not plain.verify(other, encoded).matches


def test_pw_3_nfc_and_nfd_are_one_password() -> None:
    """Keyboards differ in how they send an accent."""
    nfc = unicodedata.normalize("NFC", "Übergrößenträger am Kiosk")
    nfd = unicodedata.normalize("NFD", nfc)
    assert nfc != nfd
    assert POLICY.check(nfd) == POLICY.check(nfc) == presented(nfd) == nfc


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ｆull width of the pond", "full width of the pond"),
        ("ﬁne as it is, not as two", "fine as it is, not as two"),
    ],
)
def test_pw_3_nothing_stronger_than_nfc(one: str, other: str) -> None:
    """A full-width letter and a ligature are other passwords."""
    assert POLICY.check(one) == presented(one) == one != other


@given(password=st.text(min_size=15, max_size=200))
def test_pw_3_what_is_set_is_what_is_presented(password: str) -> None:
    """Whatever is accepted opens the account later, in every normal form of its code points."""
    try:
        kept = POLICY.check(password)
    except WeakPasswordError:
        return
    assert kept == presented(password) == presented(kept) == presented(unicodedata.normalize("NFD", password))


def test_pw_4_every_common_password_is_refused() -> None:
    """All of the list that is long enough for the shortest minimum, in its own case and in capitals."""
    packed = (VECTORS / "common_passwords" / "common-passwords.txt.gz").read_bytes()
    words = [word for word in gzip.decompress(packed).decode("utf-8").split("\n") if len(word) >= 8]
    assert len(words) == 8354
    for word in words:
        for spelling in (word, word.upper()):
            with pytest.raises(WeakPasswordError):
                POLICY.check(spelling, second_factor=True)


@pytest.mark.parametrize(
    "password", ["ada.lovelace@example.com", "Ada Lovelace Ada", "ExampleService!", "lovelace1815!"]
)
def test_pw_4_words_of_the_context_are_refused(password: str) -> None:
    """Own address, own name, the service; the sentence says so and repeats nothing."""
    policy = PasswordPolicy(min_length=8, words=("Example Service",))
    context = ("ada.lovelace@example.com", "Ada Lovelace")
    with pytest.raises(
        WeakPasswordError, match="your name, your address or the name of the service"
    ) as caught:
        policy.check(password, context=context)
    assert password not in str(caught.value)


@pytest.mark.parametrize(
    "password",
    ["only lower case letters here", "ONLY CAPITALS ARE HERE", "83920175648392017", "_-#+*~!?$%&/()="],
)
def test_pw_4_there_are_no_composition_rules(password: str) -> None:
    """One kind of character is enough."""
    assert POLICY.check(password) == password


NOBODYS = [None, 7, 1.5, True, b"a long enough password", ["a long enough password"], {"$ne": None}, object()]


@pytest.mark.parametrize("password", NOBODYS, ids=lambda each: type(each).__name__)
def test_pw_5_what_is_no_text_is_refused(password: Any) -> None:
    """As invalid input, and as nobody's password at a sign-in."""
    with pytest.raises(InvalidInputError):
        POLICY.check(password)
    assert presented(password) is None


@pytest.mark.parametrize("wrong", ["\0", "\ud800", "\ude00\ud83d"])
@pytest.mark.parametrize("place", [0, 9, 20])
def test_pw_5_nul_and_lone_surrogates_are_refused(wrong: str, place: int) -> None:
    """Wherever they stand; no encoder gets to see them."""
    good = "a passphrase that is fine"
    password = good[:place] + wrong + good[place:]
    with pytest.raises(WeakPasswordError, match="NUL"):
        POLICY.check(password)
    assert presented(password) is None


@given(password=st.one_of(st.text(st.characters(), max_size=3000), st.binary(), st.none(), st.integers()))
def test_pw_5_anything_is_accepted_or_refused_but_never_raises_otherwise(password: object) -> None:
    """What is not invalid input is a password."""
    kept = presented(password)
    assert kept is None or len(kept.encode("utf-8")) <= LONGEST_PASSWORD_BYTES
    told = ""
    try:
        POLICY.check(password, context=["ada@example.com"])
    except WeakPasswordError as error:
        told = str(error)
    assert not isinstance(password, str) or len(password) < 15 or password not in told
