"""How a name can be read: as it is written, as it looks, and with figures for letters."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from userkit.features.screening.rules.confusables import is_mixed, looks_latin, scripts_of, visible
from userkit.features.screening.rules.unicode_data import ANY_SCRIPT, unicode_data

__all__ = ["LONGEST", "Reading", "Words", "squashed"]

Words = tuple[str, ...]

LONGEST = 200
"""So much of a name is looked at; the names of userkit have at most 100 characters."""

_ACCENTS = re.compile("[\u0300-\u036f]+")
_GAP = re.compile(r"[\s\-\u2010-\u2015()\[\]{}<>/\\,.:;&+_|\"\u00ab\u00bb\u201c-\u201e]+")
_APOSTROPHES = re.compile("['`\u00b4\u02b9-\u02bc\u2018\u2019\u2032\uff07]+")

# Joiners belong to some scripts and to emoji, but not between two letters of English.
_HIDDEN = re.compile(
    "[\u200c\u200d\ufe00-\ufe0f](?=[A-Za-z0-9])(?<=[A-Za-z0-9].)"
    "|[\u00ad\u034f\u115f\u1160\u200b\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)

# What people write instead of letters. As 1, I and l look alike, so do 0 and O: they need no entry.
_LEET = str.maketrans("@4$53678+€!", "aassebtbtei")
_FIGURES = frozenset("0123456789@$+€!|")
_EDGE_DIGITS = re.compile(r"(?<![^\W_])\d+(?=[^\W\d_])|(?<=[^\W\d_])\d+(?![^\W_])")
_TAIL_DIGITS = re.compile(r"(?<=[^\W\d_])\d+(?![^\W_])")

# Letters that are drawn small or in a box, which Unicode's table leaves out.
_DRAWN = re.compile(
    r"(?:LATIN LETTER SMALL CAPITAL|.*(?:SQUARED|CIRCLED) LATIN (?:CAPITAL|SMALL) LETTER"
    r"|REGIONAL INDICATOR SYMBOL LETTER) ([A-Z])"
)

# Capitals and small letters look like different ones, so what any of them looks like is one.
_ALIKE = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o", "m": "rn"})

# Letters of living languages that look like another with a stroke through it, or like two.
_HONEST = frozenset("ıøłđħŧæœßþðŋəɓɗƙ")


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """A name in the ways in which it can be read; each way is a tuple of words."""

    text: str
    """Folded, and without what cannot be seen."""
    written: Words
    seen: tuple[Words, ...]
    scripts: int
    """Those that the whole could be in; any, if it is in several."""
    hidden: bool
    """Whether something invisible stands in it that has no business there."""
    mixed: bool
    """Whether a word mixes scripts, or looks Latin among Latin words and is not."""

    @classmethod
    def of(cls, name: str) -> "Reading":
        """Read a name, whatever it is."""
        raw = name[:LONGEST]
        folded = unicodedata.normalize("NFC", visible(raw)).casefold()
        text = unicodedata.normalize("NFC", folded)[:LONGEST]
        return cls(
            text=text,
            written=_words(text),
            seen=tuple(dict.fromkeys(_ways(text))),
            scripts=scripts_of(text) or ANY_SCRIPT,
            hidden=not raw.isascii() and _HIDDEN.search(raw) is not None,
            mixed=not text.isascii() and _mixes(text),
        )

    def ways(self, *, seen: bool) -> tuple[Words, ...]:
        """Return the ways in which it can be read, as it looks or as it is written."""
        return self.seen if seen else (self.written,)

    def is_trick(self, scripts: int | None) -> bool:
        """Tell whether what looks like a text in these scripts, or only comes near to it, was forged."""
        if self.hidden or self.mixed:
            return True
        if scripts is None:
            return False
        data = unicode_data()
        return any(not data.scripts_of(char) & scripts or _is_odd(char) for char in set(self.text))


def squashed(words: Words) -> str:
    """Return words as one."""
    return "".join(words)


def _ways(text: str) -> Iterator[Words]:
    for variant in _variants(text):
        yield _words("".join(_readings(char)[0] for char in variant))
        if not variant.isascii():
            yield _words("".join(_readings(char)[1] for char in variant))


def _variants(text: str) -> Iterator[str]:
    """Return a text with its figures as they are, without those at the ends, and as letters."""
    yield text
    if not _FIGURES.isdisjoint(text):
        yield _EDGE_DIGITS.sub("", text)
        yield text.translate(_LEET)
        yield _TAIL_DIGITS.sub("", text).translate(_LEET)


def _words(text: str) -> Words:
    """Return what stands between spaces and punctuation; marks of vowels belong to words."""
    if text.isascii() and text.replace(" ", "").isalnum():
        return tuple(text.split())
    parts = _GAP.split(_APOSTROPHES.sub("", text))
    return tuple(filter(None, ("".join(filter(_is_letter, part)) for part in parts)))


@lru_cache(maxsize=4096)
def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


@lru_cache(maxsize=8192)
def _readings(char: str) -> tuple[str, str]:
    """Return what a folded character looks like as it is, and as a capital; Latin is preferred."""
    small, capital = _looks(char), _looks(char.upper())
    if small.isascii():
        return small, capital if capital.isascii() else small
    return (capital, capital) if capital.isascii() else (small, small)


def _looks(chars: str) -> str:
    seen = "".join(map(_piece, unicodedata.normalize("NFD", chars)))
    return unicodedata.normalize("NFC", seen.casefold()).translate(_ALIKE)


def _piece(char: str) -> str:
    """Return what one decomposed character looks like, accents left out."""
    if unicodedata.category(char)[0] == "M":  # vowels of Indic scripts are more than accents
        return _ACCENTS.sub("", char)
    like = _drawn(char) or unicode_data().prototypes.get(ord(char)) or unicodedata.normalize("NFKD", char)
    bare = _ACCENTS.sub("", like)
    return char if _is_letter(char) and not all(map(_is_letter, bare)) else bare


def _drawn(char: str) -> str | None:
    found = None if char.isascii() else _DRAWN.fullmatch(unicodedata.name(char, ""))
    return found[1] if found else None


def _is_odd(char: str) -> bool:
    """Tell whether this is one of the letters for show or for phonetics with which Latin is forged."""
    if char.isascii() or char in _HONEST or not (char.isalpha() or _drawn(char)):
        return False
    data = unicode_data()
    is_latin = data.scripts_of(char) & data.bits["Latn"]
    return bool(is_latin) and unicodedata.normalize("NFD", char) == char and _readings(char)[0].isascii()


def _mixes(text: str) -> bool:
    words = [word for word in _GAP.split(text) if word]
    if any(map(is_mixed, words)):
        return True
    return any(word.isascii() and word.isalpha() for word in words) and any(
        looks_latin(word) for word in words if len(word) > 1
    )
