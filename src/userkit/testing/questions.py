"""Questions to a store and to its model alike, for Hypothesis to draw."""

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import hypothesis.strategies as st

from userkit.storage.capabilities import countable, searchable
from userkit.storage.port import Store
from userkit.testing.anything import ADDRESSES, HANDLES, LAST_PLACE, TEAMS
from userkit.testing.specimens import Person

__all__ = ["Count", "Find", "Get", "Question", "Search", "questions"]

_QUERIES = ["a", "ada", "AD", "king ada", "jean luc", "%", "_", "😀", "ss", "", "ada@x", "\U0010ffff", "a\0"]

_places = st.integers(0, LAST_PLACE)
_limits = st.integers(1, 3)


@dataclass(frozen=True, slots=True)
class Get:
    """Who has this id. ``place`` says whose it is, among those who are known."""

    place: int

    def ask(self, store: Store, id: str) -> Coroutine[Any, Any, object]:
        """Ask a store."""
        return store.get(Person, id)


@dataclass(frozen=True, slots=True)
class Find:
    """Who is on this page."""

    place: int
    begins_there: bool
    by: tuple[str, str] | tuple[None, None]
    limit: int
    newest_first: bool

    def ask(self, store: Store, id: str) -> Coroutine[Any, Any, object]:
        """Ask a store."""
        after = id if self.begins_there else None
        return store.find(Person, *self.by, after=after, limit=self.limit, newest_first=self.newest_first)


@dataclass(frozen=True, slots=True)
class Search:
    """Whose words begin like this."""

    place: int
    begins_there: bool
    text: str
    limit: int

    def ask(self, store: Store, id: str) -> Coroutine[Any, Any, object]:
        """Ask a store."""
        after = id if self.begins_there else None
        return searchable(store).search(Person, self.text, after=after, limit=self.limit)


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are."""

    place: int
    by: tuple[str, str] | tuple[None, None]

    def ask(self, store: Store, id: str) -> Coroutine[Any, Any, object]:
        """Ask a store."""
        return countable(store).count(Person, *self.by)


Question = Get | Find | Search | Count


def questions() -> st.SearchStrategy[Question]:
    """Draw a question."""
    return st.one_of(
        st.builds(Get, _places),
        st.builds(Find, _places, st.booleans(), _lookups(), _limits, st.booleans()),
        st.builds(Search, _places, st.booleans(), st.sampled_from(_QUERIES), _limits),
        st.builds(Count, _places, _lookups()),
    )


def _lookups() -> st.SearchStrategy[tuple[str, str] | tuple[None, None]]:
    return st.just((None, None)) | st.one_of(
        _by("address", *ADDRESSES),
        _by("handle", *(text for text in HANDLES if text is not None)),
        _by("team", *(text for text in TEAMS if text is not None)),
        _by("badge", "#1", "red#1", "Red#1", "red#2"),
        _by("initial", "A", "a", "J", "😀", "ß"),
        _by("mood", "calm", "merry", "Calm"),
    )


def _by(field: str, *values: str) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.just(field), st.sampled_from(values))
