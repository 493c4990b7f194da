"""Names are what people call themselves, and nothing that forges a line, a header or another name."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from userkit.errors import InvalidNameError
from userkit.kernel.name import LONGEST_NAME, clean_name


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "Z",
        "李小龍",
        "محمد بن عبد الله",
        "נועה כהן",
        "Þórunn Æsa",
        "Conan O’Brien-Smith, Jr.",
        "বঙ্গবন্ধু",
        "Zo\u0304e\u0323\u0301 with marks that compose with nothing q\u0323\u0307",
        "🦊 Fox 👩‍👩‍👧‍👦 🏳️‍🌈",
        "X Æ A-12",
        "<b>Robert'); DROP TABLE students;--</b>",
        "N" * LONGEST_NAME,
    ],
)
def test_names_of_people_are_kept(name: str) -> None:
    """Right to left, with joiners, marks, emoji and punctuation; as NFC."""
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("typed", [" Ada ", "\u00a0Ada\u3000", "Ada\u2003"])
def test_white_space_around_a_name_is_no_part_of_it(typed: str) -> None:
    """All kinds of it, but inside it stays."""
    assert clean_name(typed) == "Ada"
    assert clean_name("Ada  \u00a0King") == "Ada  \u00a0King"


def test_one_name_is_kept_one_way() -> None:
    """Composed and decomposed letters are the same letters."""
    assert clean_name("Zoe\u0308") == clean_name("Zo\u00eb") == "Zo\u00eb"
    assert clean_name("e\u0301" * LONGEST_NAME) == "\u00e9" * LONGEST_NAME


@given(st.text(st.characters(codec=None), max_size=120))
@example(" \u0301Ada")
@example("\u0958" * 100)
@example("\u1100\u1161\u11a8")
def test_what_is_accepted_is_harmless_and_settled(typed: str) -> None:
    """NFC, 1 to 100 characters, without controls, line breaks and overrides, and clean when cleaned again."""
    try:
        name = clean_name(typed)
    except InvalidNameError:
        return
    assert clean_name(name) == name == name.strip()
    assert 1 <= len(name) <= LONGEST_NAME
    assert unicodedata.is_normalized("NFC", name)
    assert len(name.splitlines()) == 1
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cs", "Cn", "Co", "Zl", "Zp"}
    assert not set(name) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    name.encode()


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\u00a0\u3000",
        "\u200b",
        "\u200d\u200c\ufeff",
        "\u00ad",
        "\u0301",
        "\U000e0041",
        "\u115f",
        "\u1160\u2800",
        "\u3164",
        "\uffa0 \u3164",
    ],
    ids=ascii,
)
def test_a_name_shows_something(name: str) -> None:
    """Joiners, marks without a letter, tags and Hangul fillers show nothing."""
    with pytest.raises(InvalidNameError, match="visible"):
        clean_name(name)


@pytest.mark.parametrize("length", [LONGEST_NAME + 1, 4 * LONGEST_NAME, 4 * LONGEST_NAME + 1, 10_000_000])
def test_a_longer_name_is_refused(length: int) -> None:
    """Far too long a name is refused by its length alone."""
    with pytest.raises(InvalidNameError, match="at most 100"):
        clean_name("N" * length)


def test_a_name_that_normalisation_makes_longer_is_refused() -> None:
    """It is measured as it is kept."""
    with pytest.raises(InvalidNameError, match="at most 100"):
        clean_name("\u0958" * 51)


@pytest.mark.parametrize("thing", [None, 7, b"Ada", ["Ada"], {"$ne": None}, True])
def test_what_is_not_text_is_no_name(thing: object) -> None:
    """Whatever a client sends in its place."""
    with pytest.raises(InvalidNameError, match="is text"):
        clean_name(thing)  # type: ignore[arg-type]  # the mistake under test
