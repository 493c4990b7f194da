"""A search for a beginning is a search between two texts."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from userkit.storage.words import prefix_end, query_words

CHARS = st.characters(codec="utf-8") | st.sampled_from("\ud7ff\ue000\U0010ffff\0\uffff")
TEXT = st.text(CHARS)


@given(TEXT, TEXT)
def test_all_that_begins_with_a_prefix_lies_before_its_end(prefix: str, rest: str) -> None:
    """In the order of code points, which is also that of UTF-8."""
    end = prefix_end(prefix)
    assert prefix <= prefix + rest
    assert end is None or prefix + rest < end


@given(TEXT.filter(bool), TEXT)
@example("a\U0010ffff", "b")
@example("\ud7ff", "\ue000")
def test_nothing_else_lies_between_a_prefix_and_its_end(prefix: str, other: str) -> None:
    """The end is the very first text that comes after."""
    end = prefix_end(prefix)
    if prefix <= other and (end is None or other < end):
        assert other.startswith(prefix)


@pytest.mark.parametrize(
    ("prefix", "end"),
    [
        ("a", "b"),
        ("ad", "ae"),
        ("\ud7ff", "\ue000"),
        ("a\ud7ff", "a\ue000"),
        ("a\U0010ffff", "b"),
        ("a\U0010ffff\U0010ffff", "b"),
        ("\U0010ffff", None),
        ("", None),
    ],
    ids=ascii,
)
def test_surrogates_are_stepped_over_and_the_last_character_is_carried(prefix: str, end: str | None) -> None:
    """The end is text as well, so that any database can be asked for it."""
    assert prefix_end(prefix) == end


@given(TEXT)
def test_the_end_of_a_prefix_is_text(prefix: str) -> None:
    """No lone surrogate comes out."""
    (prefix_end(prefix) or "").encode()


def test_a_question_is_taken_word_by_word() -> None:
    """Folded, in any order; parts of words are not split as they are in the index."""
    assert query_words(" Jean-Luc  PIC ") == {"jean-luc", "pic"}
    assert query_words(" ") == frozenset()
