"""Words are compared without regard to case and to how a letter is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.kernel.words import fold, split_words, words_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ADA", "ada"),
        ("Straße", "strasse"),
        ("\uff21\uff24\uff21", "ada"),
        ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
        ("e\u0301", "\u00e9"),
        ("\u212a", "k"),
    ],
)
def test_texts_that_read_the_same_are_folded_to_one(text: str, folded: str) -> None:
    """Case, width, ligatures and composition do not matter in a search."""
    assert fold(text) == folded


@given(st.text())
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    """An index and a question fold the same way, once or twice."""
    assert fold(fold(text)) == fold(text)


def test_a_text_is_split_at_white_space() -> None:
    """All kinds of it, and nothing is no word."""
    assert split_words(" Ada\u00a0\u3000Lovelace\nADA ") == {"ada", "lovelace"}
    assert split_words(" \t") == frozenset()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Jean-Luc Picard", {"jean-luc", "jean", "luc", "picard"}),
        ("O'Brien", {"o'brien", "o", "brien"}),
        ("O\u2019Brien", {"o\u2019brien", "o", "brien"}),
        ("J. R. R. Tolkien", {"j.", "j", "r.", "r", "tolkien"}),
        ("- ", {"-"}),
        ("", set()),
    ],
)
def test_a_name_is_found_whole_and_by_its_parts(name: str, words: set[str]) -> None:
    """Hyphens, apostrophes and full stops join words that are looked for alone, too."""
    assert words_of(name) == words


@given(st.text())
def test_the_words_of_a_text_hold_no_white_space(text: str) -> None:
    """Each is something to look for."""
    assert all(word and not any(char.isspace() for char in word) for word in words_of(text))


def test_a_word_is_cut_to_what_can_be_indexed() -> None:
    """A name of a hundred characters may be a word of six hundred when folded."""
    (word,) = words_of("㌖" * 100)
    assert word == ("キロメートル" * 100)[:200]
