"""The URL that names a store. It may hold a password, so it is never shown as a whole."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Self

from userkit.errors import InvalidURLError

__all__ = ["StoreURL"]

_SCHEME = re.compile(r"([a-z][a-z0-9.-]{0,62})(\+[a-z0-9._-]{1,63})?://", re.ASCII | re.IGNORECASE)
_UNFIT = {"Cc", "Cs", "Zl", "Zp"}
# With an @ anywhere else, or a port that is none, nobody can tell where a password ends.
_HOST = r"(?:[^@:/?#\[\]]*|\[[0-9a-fA-F:.]+\])(?::\d*)?"
_LOCATION = re.compile(rf"(?:[^@/?#]*@)?({_HOST}(?:/[^@?#]*)?)(?:[?#][^@]*)?")


@dataclass(frozen=True, slots=True)
class StoreURL:
    """A store URL, as text with its scheme in lower case, and the plugin that the scheme names."""

    text: str = field(repr=False)
    plugin: str

    @classmethod
    def read(cls, url: object) -> Self:
        """Read ``scheme://…`` or ``scheme+driver://…``.

        Raises InvalidURLError, which repeats nothing of what it was given.
        """
        if not isinstance(url, str):
            raise InvalidURLError(f"A store URL is text, not {type(url).__name__}.")
        match = _SCHEME.match(url)
        if match is None:
            raise InvalidURLError(
                "A store URL begins with a scheme, such as sqlite:///app.db or postgresql://user@host/database."
            )
        if url != url.strip() or any(unicodedata.category(each) in _UNFIT for each in url):
            raise InvalidURLError(
                f"The {match[1].lower()} URL has blanks around it, or a line break or the like in it."
            )
        return cls(match[0].lower() + url[match.end() :], match[1].lower())

    @property
    def shown(self) -> str:
        """Return the URL without user, password and query, or only its scheme where that is in doubt."""
        scheme, separator, rest = self.text.partition("://")
        location = _LOCATION.fullmatch(rest)
        return scheme + separator + (location[1] if location else "…")

    @property
    def may_hold_secrets(self) -> bool:
        """Tell whether there is a place in it where a password could be."""
        return any(mark in self.text for mark in "@?")
