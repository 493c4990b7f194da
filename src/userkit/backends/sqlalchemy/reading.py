"""Reading: the bodies of get, find, search and count, as functions of a connection."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from userkit.backends.sqlalchemy.book import Book, book_of
from userkit.backends.sqlalchemy.compiled import Statement
from userkit.backends.sqlalchemy.links import Link
from userkit.kernel.entity import Entity
from userkit.kernel.json import is_storable_text
from userkit.kernel.page import Page
from userkit.storage.collection import Collection
from userkit.storage.records import LONGEST_LOOKUP
from userkit.storage.words import prefix_end, query_words

__all__ = ["count", "find", "get", "ping", "ranges", "realms", "search"]

E = TypeVar("E", bound=Entity)

# After every text of at most 255 characters.
_END = chr(0x10FFFF) * (LONGEST_LOOKUP + 1)
# No entity has more words than this.
_MOST_WORDS = 128


def get(link: Link, collection: Collection[E], realm: str, id: str) -> E | None:
    """Return the entity with this id, or None."""
    book = book_of(collection, link.dialect)
    query = book.get
    rows = link.rows(query.text, query.parameters({"id_": id, "realm_": realm}))
    return book.read(rows[0]) if rows else None


def find(
    link: Link,
    collection: Collection[E],
    realm: str,
    field: str | None,
    value: str | None,
    *,
    after: str | None,
    limit: int,
    newest_first: bool,
) -> Page[E]:
    """Return a page of entities, all or those with a value in a field."""
    book = book_of(collection, link.dialect)
    query = book.find(field, after=after is not None, newest_first=newest_first)
    values = {"realm_": realm, "value_": value, "after_": after, "limit_": limit + 1}
    return _page(link, book, query, values, limit)


def search(
    link: Link,
    collection: Collection[E],
    realm: str,
    words: Mapping[str, str],
    *,
    after: str | None,
    limit: int,
) -> Page[E]:
    """Return a page of entities that have a word in each of the ranges."""
    book = book_of(collection, link.dialect)
    query = book.search(len(words) // 2, after=after is not None)
    return _page(link, book, query, {"realm_": realm, "after_": after, "limit_": limit + 1, **words}, limit)


def count(link: Link, collection: Collection[E], realm: str, field: str | None, value: str | None) -> int:
    """Count entities, all or those with a value in a field."""
    query = book_of(collection, link.dialect).count(field)
    rows = link.rows(query.text, query.parameters({"realm_": realm, "value_": value}))
    return int(rows[0][0])


def realms(link: Link, collections: Sequence[Collection[Any]]) -> Sequence[str]:
    """Return the realms in which one of these collections holds something, in order."""
    books = [book_of(collection, link.dialect) for collection in collections]
    return sorted({str(row[0]) for book in books for row in link.rows(book.realms.text, ())})


def ping(link: Link) -> None:
    """Ask the database for nothing."""
    link.rows("SELECT 1", ())


def ranges(text: str) -> Mapping[str, str] | None:
    """Return the ranges of words that a search is for, the rarest first; None when nothing can match."""
    words = sorted(query_words(text), reverse=True)
    # What has a word with a longer beginning has one with its shorter beginnings; they sort after it.
    asked = [word for word, longer in zip(words, ["", *words], strict=False) if not longer.startswith(word)]
    if not 0 < len(asked) <= _MOST_WORDS:
        return None
    if not all(len(word) <= LONGEST_LOOKUP and is_storable_text(word) for word in asked):
        return None
    parameters: dict[str, str] = {}
    for number, word in enumerate(sorted(asked, key=len, reverse=True)):
        parameters[f"from_{number}_"] = word
        parameters[f"until_{number}_"] = prefix_end(word) or _END
    return parameters


def _page(link: Link, book: Book[E], query: Statement, values: Mapping[str, Any], limit: int) -> Page[E]:
    rows = link.rows(query.text, query.parameters(values))
    items = tuple([book.read(row) for row in rows[:limit]])
    return Page(items, items[-1].id if len(rows) > limit else None)
