"""Names that nobody has."""

import pytest

from userkit.features.screening.rules.reading import Reading
from userkit.features.screening.rules.throw_away import is_throw_away


def judged(name: str) -> bool:
    """Tell what is found about a name."""
    reading = Reading.of(name)
    return is_throw_away(reading.text, reading.written)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "asdf",
            "asdfasdf",
            "asdf jkl",
            "qwerty",
            "Qwertz",
            "zxcvbn",
            "ghjkl",
            "poiuyt",
            "йцукен",
            "фыва",
            "abcde",
        ),
        *("1234", "987654", "123456 789", "12", "...", "-", "१२३४"),
        *("aaaa", "Xxxx", "xxx", "Annnnna", "哈哈哈哈", "hahaha", "lalalala", "abcabcabc"),
        *(
            "test",
            "Test Test",
            "test123",
            "Tester 1",
            "foo bar",
            "First Last",
            "null",
            "n/a".replace("n/a", "none"),
            "тест",
            "テスト",
        ),
        *("xkcdqz", "Bcdfgh", "sdlkfjsldkf", "hjkdsf"),
        *(
            "john84736251",
            "Maria 19283746",
            "a8f3b2c19d4e5f60",
            "550e8400-e29b-41d4-a716-446655440000",
            "x7k2p9q4w",
        ),
        "Z\u0301\u0302\u0303\u0304\u0305\u0306algo",
    ],
)
def test_names_that_get_somebody_past_a_form_are_held_up(name: str) -> None:
    """Rows of keys, repetitions, placeholders, and what machines make up."""
    assert judged(name)


@pytest.mark.parametrize(
    "name",
    ["", "🙂", "7", "Maria 1987", "Null Island", "Testa", "Hannah", "Zsa Zsa", "Aaaron", "Krk", "deadbeef"],
)
def test_honest_names_are_not(name: str) -> None:
    """A year behind it, a vowel too few or a letter too many is nothing."""
    assert not judged(name)


def test_what_is_too_long_to_be_looked_at_is_no_name() -> None:
    """The names of userkit are shorter."""
    assert is_throw_away("Ada " * 100, ("Ada",) * 100)
