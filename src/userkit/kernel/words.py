"""The words of a text, as they are compared in searches."""

import re
import unicodedata
from functools import lru_cache

__all__ = ["fold", "split_words", "words_of"]

_LONGEST = 200  # what folding may make of one character is up to 18; databases index 255
_JOINT = re.compile(r"[\-'\u2019.]")  # U+2019 is the apostrophe of print


def fold(text: str) -> str:
    """Return text as it is compared: NFKC and case folded."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def split_words(text: str) -> frozenset[str]:
    """Return what stands between white space, folded."""
    return frozenset(fold(text).split())


@lru_cache(maxsize=1024)  # a change of something else asks for the same words twice
def words_of(text: str) -> frozenset[str]:
    """Return the words of a text, folded: ``Jean-Luc`` is found as itself, as Jean and as Luc.

    Words are cut to 200 characters, which is as much of a word as can be indexed.
    """
    folded = fold(text)
    words = folded.split()
    if _JOINT.search(folded):
        words += _JOINT.sub(" ", folded).split()
    return frozenset([word[:_LONGEST] for word in words])
