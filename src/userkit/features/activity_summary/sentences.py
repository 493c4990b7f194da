"""Reading what a model writes: a sentence a line, each with what it rests on, and nothing else.

A line is read when it is complete. The first one that is not as it was asked for ends the summary.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from userkit.features.activity_summary.errors import SummaryRefusedError
from userkit.features.activity_summary.prompt import LONGEST_SENTENCE, MOST_SENTENCES, repeats_prompt

__all__ = ["Cited", "SentenceReader"]

LONGEST_LINE = 2 * LONGEST_SENTENCE

# A number of six digits is beyond every trail, and int() takes its time for long ones.
_LINE = re.compile(
    r"(?P<text>[^\[\]]+)(?P<cited>(?: *\[ *[1-9][0-9]{0,4}(?: *, *[1-9][0-9]{0,4})* *\])+)(?P<stop>\.?)"
)
_NUMBER = re.compile(r"[0-9]+", re.ASCII)

# Letters, digits and plain punctuation: no markup, no address, no path, nothing that a terminal obeys.
_PLAIN = re.compile(r"[A-Za-z0-9'\"(‘“][A-Za-z0-9 .,;:!?'\"()%‘’“”…–—_-]*", re.ASCII)
_EDGE_LINE = re.compile(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")
_LINKED = re.compile(
    r"\w\.[a-z]{2}|[0-9]\.[0-9]+\.[0-9]|\b(?:data|file|ftp|https?|javascript|mailto|sms|tel|vbscript):",
    re.ASCII | re.IGNORECASE,
)
_WIDE_SPACES = str.maketrans("\u00a0\u202f", "  ")


@dataclass(frozen=True, slots=True)
class Cited:
    """A sentence, and the numbers of the entries that it rests on."""

    text: str = field(repr=False)
    numbers: tuple[int, ...]


@dataclass(slots=True)
class SentenceReader:
    """Take what a model writes in pieces of any size, about so many entries.

    Its methods raise SummaryRefusedError, after the sentences that were in order.
    """

    entries: int
    sentences: int = 0
    _rest: str = field(default="", repr=False)

    def feed(self, text: str) -> Iterator[Cited]:
        """Yield the sentences that a piece completes."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            yield from self._read(line)
        _check_length(self._rest)

    def finish(self, *, cut_short: bool = False) -> Iterator[Cited]:
        """Yield the last sentence, when there is nothing more to come; ``cut_short``: nor should there be."""
        if cut_short:
            raise SummaryRefusedError("The language model did not come to the end of its summary.")
        rest, self._rest = self._rest, ""
        yield from self._read(rest)
        if not self.sentences:
            raise SummaryRefusedError("The language model wrote nothing.")

    def _read(self, line: str) -> Iterator[Cited]:
        _check_length(line)
        line = line.translate(_WIDE_SPACES).strip(" \r\t")
        if line:
            self.sentences += 1
            if self.sentences > MOST_SENTENCES:
                raise SummaryRefusedError("The language model wrote too many sentences.")
            yield self._sentence(line)

    def _sentence(self, line: str) -> Cited:
        match = _LINE.fullmatch(line)
        if match is None:
            raise SummaryRefusedError("The language model wrote a sentence that rests on no entry.")
        text = match["text"].rstrip() + match["stop"]
        numbers = tuple(dict.fromkeys(int(each) for each in _NUMBER.findall(match["cited"])))
        if max(numbers) > self.entries:
            raise SummaryRefusedError("The language model wrote a sentence that rests on an unknown entry.")
        _check_text(text)
        return Cited(text, numbers)


def _check_length(line: str) -> None:
    if len(line) > LONGEST_LINE:
        raise SummaryRefusedError("The language model wrote a sentence that is too long.")


def _check_text(text: str) -> None:
    if len(text) > LONGEST_SENTENCE:
        raise SummaryRefusedError("The language model wrote a sentence that is too long.")
    if not _PLAIN.fullmatch(text) or _EDGE_LINE.search(text) or _LINKED.search(text):
        raise SummaryRefusedError("The language model wrote something else than plain sentences.")
    if repeats_prompt(text):
        raise SummaryRefusedError("The language model wrote what it was told instead of a summary.")
