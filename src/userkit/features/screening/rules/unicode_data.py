"""What Unicode knows of characters that look alike and of scripts, read once when it is first needed."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

__all__ = ["ANY_SCRIPT", "UnicodeData", "unicode_data"]

ANY_SCRIPT = -1
"""The scripts of what is used in all of them, such as digits: every bit is set."""

_COMMON = frozenset({"Zyyy", "Zinh"})

# UTS #39, section 5.1: what is written together counts as a script of its own.
_AUGMENTED = {
    "Hani": ("Hanb", "Jpan", "Kore"),
    "Hira": ("Jpan",),
    "Kana": ("Jpan",),
    "Hang": ("Kore",),
    "Bopo": ("Hanb",),
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class UnicodeData:
    """Prototypes of confusable characters, and ranges of characters with their augmented scripts.

    A set of scripts is an integer with one bit for each, so that sets meet in one step.
    """

    version: str
    prototypes: Mapping[int, str]
    bits: Mapping[str, int]
    _starts: list[int]
    _scripts: list[int]

    def scripts_of(self, char: str) -> int:
        """Return the augmented scripts in which a character is used."""
        return self._scripts[bisect_right(self._starts, ord(char)) - 1]

    def scripts(self, codes: Iterable[str]) -> int:
        """Return the set of scripts that have these ISO 15924 codes."""
        found = 0
        for code in codes:
            found |= self.bits[code]
        return found


@cache
def unicode_data() -> UnicodeData:
    """Return the data of Unicode 18.0, made by ``scripts/make_unicode_data.py``."""
    import gzip  # only those who judge names need it
    from importlib.resources import files

    with files("userkit.features.screening.rules").joinpath("unicode.txt.gz").open("rb") as packed:
        text = gzip.decompress(packed.read()).decode("utf-8")
    head, _, ranges = text.rpartition("\n\n")
    version, *pairs = head.split("\n")
    prototypes = {ord(pair[0]): pair[1:] for pair in pairs}
    return _with_scripts(version, prototypes, [line.split(" ") for line in ranges.split("\n")])


def _with_scripts(version: str, prototypes: Mapping[int, str], ranges: list[list[str]]) -> UnicodeData:
    bits: dict[str, int] = {}
    scripts = []
    for _, *codes in ranges:
        augmented = [*codes, *(more for code in codes for more in _AUGMENTED.get(code, ()))]
        for code in augmented:
            bits.setdefault(code, 1 << len(bits))
        common = not _COMMON.isdisjoint(codes)
        scripts.append(ANY_SCRIPT if common else sum({bits[code] for code in augmented}))
    return UnicodeData(version, prototypes, bits, [int(start, 16) for start, *_ in ranges], scripts)
