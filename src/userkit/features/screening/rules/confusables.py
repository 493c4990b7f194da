"""Characters that look alike and scripts that do not belong together: UTS #39, with Unicode's own data."""

import re
import unicodedata
from enum import Enum

from userkit.features.screening.rules.unicode_data import ANY_SCRIPT, unicode_data

__all__ = ["Confusion", "confusion", "is_mixed", "looks_latin", "scripts_of", "skeleton", "visible"]

# Default_Ignorable_Code_Point: what is drawn as nothing.
_IGNORABLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)

# UTS #39, section 5.2: with these, Latin is written in one text ("highly restrictive").
_WITH_LATIN = ("Hanb", "Jpan", "Kore")


class Confusion(Enum):
    """How two texts that look alike differ (UTS #39, section 4)."""

    SINGLE_SCRIPT = "single_script"
    """They share a script: ``rnodem`` and ``modem``."""
    MIXED_SCRIPT = "mixed_script"
    """They share none, and one of them mixes several: ``paypal`` with a Cyrillic ``a``."""
    WHOLE_SCRIPT = "whole_script"
    """They share none, and each is wholly in its own: ``scope`` in Latin and in Cyrillic."""


def visible(text: str) -> str:
    """Return a text without what is drawn as nothing: zero-width characters, joiners, tags, fillers."""
    return text if text.isascii() else _IGNORABLE.sub("", text)


def skeleton(text: str) -> str:
    """Return what texts that look alike have in common; not for showing (UTS #39, section 4).

    Case is kept, as capitals look like other letters than small ones do.
    """
    decomposed = visible(unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFD", decomposed.translate(unicode_data().prototypes))


def confusion(one: str, other: str) -> Confusion | None:
    """Tell how one text could be taken for the other, or None if it could not."""
    if skeleton(one) != skeleton(other):
        return None
    scripts = scripts_of(one), scripts_of(other)
    if scripts[0] & scripts[1]:
        return Confusion.SINGLE_SCRIPT
    return Confusion.WHOLE_SCRIPT if all(scripts) else Confusion.MIXED_SCRIPT


def scripts_of(text: str) -> int:
    """Return the scripts that a whole text could be in, as a set of bits; none if it mixes several."""
    return _shared(text, leaving_out=0)


def is_mixed(text: str) -> bool:
    """Tell whether a text mixes scripts that are not written together.

    The bound is "highly restrictive" (UTS #39, section 5.2): one script, or Latin with Chinese,
    Japanese or Korean.
    """
    if text.isascii() or scripts_of(text):
        return False
    data = unicode_data()
    return not _shared(text, leaving_out=data.bits["Latn"]) & data.scripts(_WITH_LATIN)


def looks_latin(text: str) -> bool:
    """Tell whether a text is in another script than Latin and looks as if it were in Latin."""
    if text.isascii() or scripts_of(text) & unicode_data().bits["Latn"]:
        return False
    return skeleton(text).isascii()


def _shared(text: str, *, leaving_out: int) -> int:
    data = unicode_data()
    shared = ANY_SCRIPT
    for char in set(text):
        scripts = data.scripts_of(char)
        if scripts == ANY_SCRIPT or not scripts & leaving_out:
            shared &= scripts
    return shared
