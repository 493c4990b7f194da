"""The names of people."""

import unicodedata

from userkit.errors import InvalidNameError

__all__ = ["LONGEST_NAME", "clean_name"]

LONGEST_NAME = 100
# A letter may be composed of several code points before normalisation; more than this is no name.
_LONGEST_TYPED = 4 * LONGEST_NAME
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_FORBIDDEN = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
_VISIBLE = frozenset("LNPS")
# Letters and symbols by category that are drawn as nothing: Hangul fillers and the empty Braille pattern.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def clean_name(text: str) -> str:
    """Return a name as it is kept: NFC, without white space around it, 1 to 100 characters.

    Raises InvalidNameError when it is longer or empty, shows nothing, or holds control
    characters, line breaks, lone surrogates, unassigned characters or bidirectional overrides,
    all of which could forge a log line, a mail header or another person's name.
    """
    if not isinstance(text, str):
        raise InvalidNameError("A name is text.")
    if len(text) > _LONGEST_TYPED:
        raise InvalidNameError(f"A name has at most {LONGEST_NAME} characters.")
    if any(unicodedata.category(char) in _FORBIDDEN or char in _BIDI_CONTROLS for char in text):
        raise InvalidNameError("A name holds no control characters.")
    name = unicodedata.normalize("NFC", text).strip()
    if not any(unicodedata.category(char)[0] in _VISIBLE and char not in _BLANK for char in name):
        raise InvalidNameError("A name has at least one visible character.")
    if len(name) > LONGEST_NAME:
        raise InvalidNameError(f"A name has at most {LONGEST_NAME} characters.")
    return name
