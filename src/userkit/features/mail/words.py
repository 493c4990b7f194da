"""What letters say of time and people, in words that nobody can misuse."""

import re
import unicodedata
from datetime import datetime, timedelta

__all__ = ["in_words", "moment_in_words", "one_line", "safe_name"]

_UNFIT = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Zero-width joiners shape letters and emoji; of the invisible characters only they stay.
_JOINERS = frozenset("\u200c\u200d")
_LONGEST = 500
# What a mail program turns into a link: names of hosts, and what begins like an address.
_LINK_LIKE = re.compile(r"[:/@\\]|\w\.\w\w|\bwww\b", re.IGNORECASE)


def in_words(duration: timedelta) -> str:
    """Return a duration for people, rounded down: ``1 hour``, ``90 minutes``, ``3 days``."""
    minutes = int(duration.total_seconds() // 60)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * size or minutes == size:
            return _counted(minutes // size, unit)
    return _counted(max(minutes, 1), "minute")


def moment_in_words(moment: datetime) -> str:
    """Return a moment in a form that is the same in every language: ``2026-01-31 09:30 UTC``."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def one_line(text: str) -> str:
    """Return text as one line without invisible characters, at most 500 characters."""
    shown = (
        " " if unicodedata.category(char) in _UNFIT and char not in _JOINERS else char
        for char in text[: 4 * _LONGEST]
    )
    return " ".join("".join(shown).split())[:_LONGEST]


def safe_name(name: str) -> str:
    """Return the name to greet somebody by, or nothing when it looks like a link.

    Whoever registers a stranger's address also chooses the name: without this, our mails would carry their
    advertisement.
    """
    line = one_line(name)
    return "" if _LINK_LIKE.search(unicodedata.normalize("NFKC", line)) else line


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"
