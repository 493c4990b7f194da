"""What letters say of time and people."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from userkit.features.mail.words import in_words, moment_in_words, one_line, safe_name


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(seconds=5), "1 minute"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(minutes=30, seconds=59), "30 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "90 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(hours=24), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(days=3, hours=5), "3 days"),
    ],
)
def test_durations_are_rounded_down(duration: timedelta, words: str) -> None:
    """Nobody is promised more time than there is."""
    assert in_words(duration) == words


def test_moments_read_the_same_everywhere() -> None:
    """Whatever the language of the server."""
    assert moment_in_words(datetime(2026, 1, 2, 3, 4, 59, tzinfo=UTC)) == "2026-01-02 03:04 UTC"


@given(st.text(max_size=2500))
def test_rg_4_one_line_is_one_line(text: str) -> None:
    """No character in it ends a line, turns the direction of writing or is invisible."""
    line = one_line(text)
    assert len(line) <= 500
    assert line.splitlines() in ([], [line])
    assert not {"Cc", "Cs", "Zl", "Zp"} & {unicodedata.category(char) for char in line}
    assert "\u202e" not in line
    assert one_line(line).split() == line.split()


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "J.R.R. Tolkien",
        "Dr. No",
        "Ada L.",
        "Björk Guðmundsdóttir",
        "O'Neill, Jr.",
        "毛沢東",
        "Mary-Ann 3rd",
    ],
)
def test_people_are_greeted_by_their_names(name: str) -> None:
    """Dots and accents are parts of names."""
    assert safe_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "http://evil.example",
        "evil.example",
        "You won! Go to evil.example",
        "WWW evil example",
        "ads@evil.example",
        "evil.example/path",
        "\\\\evil\\share",
        "tel:123",
        "ｅｖｉｌ．ｅｘａｍｐｌｅ",
    ],
)
def test_rg_4_a_name_that_looks_like_a_link_is_left_out(name: str) -> None:
    """Who registers a stranger's address cannot send them anything."""
    assert safe_name(name) == ""
