"""What is easy to guess: common passwords, repetitions, rows of keys, and words of one's own."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

__all__ = ["Guesses", "common_passwords", "folded", "hard_part", "own_words"]

_COMMON = 2  # one of thousands; two unrelated ones are still too few, four are a passphrase
_OWN = 1  # one of a handful
_RUN = 1

# So far do not reach the few pieces that make a password weak.
_CONSIDERED = 256

_SHORTEST_RUN = 4
_SHORTEST_STUTTER = 3
_SHORTEST_OWN = 3

# Keys beside each other, in the layouts that are used most, and what follows in counting.
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890123456789",
    "11223344556677889900",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "qwertzuiopü",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "qazwsxedcrfvtgbyhnujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "147258369",
    "741852963",
)
_LINES = "\n".join((*_ROWS, *(row[::-1] for row in _ROWS)))

# What people write instead of letters.
_LEET = str.maketrans("@$013457", "asoieast")


@dataclass(frozen=True, slots=True)
class Guesses:
    """Words, case-folded, that are found in a text at once."""

    words: frozenset[str]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, words: Iterable[str]) -> "Guesses":
        """Make them of words as people write them."""
        known = frozenset(filter(None, map(folded, words)))
        return cls(known, tuple(sorted({len(word) for word in known})))

    def ends(self, text: str, start: int) -> Iterator[int]:
        """Return where words end that begin here, shortest first."""
        for length in self.lengths:
            if start + length > len(text):
                return
            if text[start : start + length] in self.words:
                yield start + length


@cache
def common_passwords() -> Guesses:
    """Return those of at least 8 characters that most people know, read once."""
    import gzip  # only those who set passwords need the list
    from importlib.resources import files

    with files("userkit.features.passwords").joinpath("common.txt.gz").open("rb") as packed:
        return Guesses.of(gzip.decompress(packed.read()).decode("utf-8").split("\n"))


def folded(text: str) -> str:
    """Return a text as it is compared here."""
    return unicodedata.normalize("NFC", text).casefold()


def own_words(texts: Iterable[str]) -> Guesses:
    """Return what somebody would guess who knows these: names and addresses, and their parts."""
    words: set[str] = set()
    for text in map(folded, texts):
        local, at, domain = text.rpartition("@")
        # The last label of a domain is part of too many words.
        known = f"{local} {domain.rpartition('.')[0]}" if at else text
        parts = "".join(char if char.isalnum() else " " for char in known).split()
        words.update((text, local, domain, *parts))
    return Guesses.of(word for word in words if len(word) >= _SHORTEST_OWN)


def hard_part(password: str, common: Guesses, own: Guesses) -> int:
    """Return how many characters of a password have to be guessed one by one.

    Whatever can be guessed as a whole counts as one or two. Of several readings the worst counts.
    """
    text = folded(password)
    return min(_effort(each[:_CONSIDERED], common, own) for each in {text, _unit(text)})


def _effort(text: str, common: Guesses, own: Guesses) -> int:
    """Return the length of the shortest way through a text, by pieces and by characters."""
    plain = text.translate(_LEET)
    least: list[int] = [*range(len(text) + 1)]
    for start in range(len(text)):
        here = least[start]
        least[start + 1] = min(least[start + 1], here + 1)
        for end, cost in _pieces(text, plain, start, common, own):
            least[end] = min(least[end], here + cost)
    return least[-1]


def _pieces(text: str, plain: str, start: int, common: Guesses, own: Guesses) -> Iterator[tuple[int, int]]:
    """Return where pieces end that begin here, and what each counts as."""
    for spelling in {text, plain}:
        yield from ((end, _COMMON) for end in common.ends(spelling, start))
        yield from ((end, _OWN) for end in own.ends(spelling, start))
    yield from ((end, _RUN) for end in _runs(text, start))


def _runs(text: str, start: int) -> Iterator[int]:
    """Return where a row of keys, or of one key, ends that begins here."""
    end = start + _SHORTEST_RUN
    while end <= len(text) and text[start:end] in _LINES:
        yield end
        end += 1
    end = start + 1
    while end < len(text) and text[end] == text[start]:
        end += 1
    if end - start >= _SHORTEST_STUTTER:
        yield end


def _unit(text: str) -> str:
    """Return what a text repeats, from its beginning to its end; the text itself if nothing."""
    for period in range(1, len(text) // 2 + 1):
        if text.startswith(text[period:]):
            return text[:period]
    return text
