"""Names that nobody has: rows of keys, repetitions, placeholders, and what machines make up."""

import re
import unicodedata
from collections.abc import Callable

from userkit.features.screening.rules.reading import LONGEST, Words, squashed

__all__ = ["is_throw_away"]

_ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "1q2w3e4r5t6y",
    "qazwsxedcrfv",
)
_LINES = "\n".join((*_ROWS, *(row[::-1] for row in _ROWS)))
_LONGEST_HONEST_RUN = 4  # of keys: liberty and property have four
# Beginnings of rows that are no names; Azer, Wert and Yuio may be some.
_STARTS = re.compile("asdf|qwer|zxcv|yxcv|qsdf|fdsa|lkjh|poiu|mnbv|йцук|фыва|ячсм|1234|abcd")

_PLACEHOLDERS = """
test tests tester testing tst testuser testname fake dummy example sample placeholder temp tmp user username
name firstname lastname surname first last null nil none undefined unknown nobody noname no foo bar baz qux
foobar abc xyz asd asdf qwe qwerty blah bla lorem ipsum delete me na string void prueba essai prova teste
тест тестов проба имя фамилия テスト 测试 測試 테스트
"""
_IS_PLACEHOLDER = frozenset(_PLACEHOLDERS.split())

_VOWELS = frozenset("aeiouywæœøıə")  # y and w are vowels in Welsh
_LONGEST_WITHOUT_VOWEL = 5  # Krtčr may be somebody, Srb and Krk are
_DIGIT_TAIL = re.compile(r"[^\W\d_]\D*\d{5,}\W*")
_STUTTER = re.compile(r"([^\W\d_])\1{3}")
_UNIT_THRICE = re.compile(r"(.{2,6})\1{2,}.?")
_TOKEN = re.compile(r"(?=[0-9a-f-]*[0-9])(?=[0-9a-f-]*[a-f])[0-9a-f]{8}[0-9a-f-]{8,}")
_SWITCH = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_MOST_SWITCHES = 4
_ZALGO = 4  # the languages that stack marks highest do with fewer


def is_throw_away(text: str, words: Words) -> bool:
    """Tell whether a folded name, of these words, was typed to get past a form."""
    if not text or len(text) > LONGEST:
        return bool(text)
    return any(rule(text, words) for rule in _RULES)


def _is_no_name(text: str, words: Words) -> bool:
    """No letter at all: figures, or punctuation; an emoji may be somebody."""
    kinds = {unicodedata.category(char)[0] for char in text}
    if "L" in kinds:
        return False
    return "S" not in kinds and (len(squashed(words)) != 1)


def _is_placeholder(text: str, words: Words) -> bool:
    bare = [word for word in (word.rstrip("0123456789") for word in words) if word]
    return bool(bare) and all(word in _IS_PLACEHOLDER for word in bare)


def _has_row(text: str, words: Words) -> bool:
    for word in words:
        if _STARTS.match(word) and (len(word) == 4 or word[:4] == word[4:8]):
            return True
        size = _LONGEST_HONEST_RUN + 1
        if any(word[at : at + size] in _LINES for at in range(len(word) - size + 1)):
            return True
    return False


def _repeats(text: str, words: Words) -> bool:
    run = squashed(words)
    if _STUTTER.search(text) or (len(run) > 2 and len(set(run)) == 1):
        return True
    return any(_UNIT_THRICE.fullmatch(word) for word in words)


def _has_no_vowel(text: str, words: Words) -> bool:
    return any(
        len(word) > _LONGEST_WITHOUT_VOWEL
        and word.isalpha()
        and all(_is_latin_consonant(char) for char in unicodedata.normalize("NFD", word))
        for word in words
    )


def _is_latin_consonant(char: str) -> bool:
    return (char.isascii() and char not in _VOWELS) or "\u0300" <= char <= "\u036f"


def _looks_made_up(text: str, words: Words) -> bool:
    run = squashed(words)
    if _DIGIT_TAIL.fullmatch(text) or _TOKEN.fullmatch(run):
        return True
    return any(len(_SWITCH.findall(word)) > _MOST_SWITCHES for word in words)


def _is_heaped(text: str, words: Words) -> bool:
    """More marks on one letter than any language puts there."""
    row = 0
    for char in unicodedata.normalize("NFD", text):
        row = row + 1 if unicodedata.category(char) == "Mn" else 0
        if row > _ZALGO:
            return True
    return False


_RULES: tuple[Callable[[str, Words], bool], ...] = (
    _is_no_name,
    _is_placeholder,
    _has_row,
    _repeats,
    _has_no_vowel,
    _looks_made_up,
    _is_heaped,
)
