"""Writing: the bodies of commit, load and purge, as functions of a connection."""

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

from userkit.backends.sqlalchemy.batches import columns_of, words_of
from userkit.backends.sqlalchemy.book import AnyBook, book_of, numbered
from userkit.backends.sqlalchemy.clashes import clash_of
from userkit.backends.sqlalchemy.columns import to_driver
from userkit.backends.sqlalchemy.links import Link
from userkit.errors import StaleError
from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Catalogue, Verb, Write
from userkit.storage.collection import Collection
from userkit.storage.records import Records

__all__ = ["Rows", "apply", "insert_all", "purge", "rows_of"]

_CHUNK = 100


class Rows(NamedTuple):
    """Rows of one collection that are to be added, the main ones column by column."""

    collection: Collection[Any]
    main: Mapping[str, list[Any]]
    words: Sequence[tuple[str, str, str]]


def apply(link: Link, realm: str, writes: Sequence[Write], *, cascades: bool) -> None:
    """Carry out the changes of a commit in their order.

    ``cascades``: foreign keys are switched on, should this be SQLite.
    """
    cascades = cascades or link.dialect.name != "sqlite"
    with link.atomic(single=len(writes) == 1 and _is_one_statement(writes[0], cascades)):
        if len(writes) > 1:
            _lock(link, writes)
        for write in writes:
            _apply(link, realm, write, cascades)


def rows_of(entities: Sequence[Entity], catalogue: Catalogue, realm: str) -> list[Rows]:
    """Check and encode many new entities, grouped by collection.

    Raises InvalidEntityError for values that cannot be stored.
    """
    groups: list[Rows] = []
    for kind in dict.fromkeys(map(type, entities)):
        records: Records[Any] = catalogue.records(kind)
        some = [entity for entity in entities if type(entity) is kind]
        main = columns_of(records, some)
        main["realm"] = [realm] * len(some)
        main["schema"] = [records.collection.schema] * len(some)
        listed = zip(some, words_of(records, some), strict=False)
        words = [(realm, word, entity.id) for entity, its in listed for word in its]
        groups.append(Rows(records.collection, main, words))
    return groups


def insert_all(link: Link, rows: Sequence[Rows]) -> None:
    """Add many new entities, all or none."""
    with link.atomic():
        for some in rows:
            book = book_of(some.collection, link.dialect)
            with _naming_clashes(link, book):
                link.insert(book.tables.main, book.add, _for_driver(book, some.main))
            if book.tables.words is not None:
                _plan_anew(link)
                link.insert(book.tables.words, book.add_word, some.words)


def purge(
    link: Link, records: Records[Any], realm: str, *, before: datetime, limit: int, cascades: bool
) -> int:
    """Delete at most ``limit`` rows that expired before a time in whole milliseconds; return how many."""
    book = book_of(records.collection, link.dialect)
    searched = records.collection.search is not None and not cascades and link.dialect.name == "sqlite"
    query = book.expired(records.expires)
    with link.atomic():
        found = link.rows(query.text, query.parameters({"realm_": realm, "before_": before, "limit_": limit}))
        # PostgreSQL's drivers bring UUIDs.
        ids = [str(row[0]) for row in found]
        for start in range(0, len(ids), _CHUNK):
            some = ids[start : start + _CHUNK]
            if searched:
                _forget_words(link, book, some)
            statement = book.remove_all(len(some))
            with _naming_clashes(link, book):
                link.write(statement.text, statement.parameters(numbered(some)))
    return len(ids)


def _for_driver(book: AnyBook, columns: Mapping[str, list[Any]]) -> Sequence[tuple[Any, ...]]:
    kinds = book.tables.main.c
    ordered = ((kinds[name].type, columns[name]) for name in book.add.names)
    return list(zip(*to_driver(ordered, book.dialect), strict=True))


def _plan_anew(link: Link) -> None:
    # PostgreSQL plans the check of a foreign key once for a connection. One that was made while the
    # table was small reads it from end to end for every row that is added later.
    if link.dialect.name == "postgresql":
        link.write("DISCARD PLANS", ())


def _is_one_statement(write: Write, cascades: bool) -> bool:
    if write.verb is Verb.REMOVE:
        return cascades or write.records.collection.search is None
    return write.words_before == write.words_after


def _lock(link: Link, writes: Sequence[Write]) -> None:
    # In one order everywhere, so that commits that cross queue up instead of locking each other out.
    if link.dialect.name == "sqlite":
        return
    ids: defaultdict[str, list[str]] = defaultdict(list)
    books: dict[str, AnyBook] = {}
    for write in writes:
        if write.verb is not Verb.ADD:
            name = write.records.collection.name
            books[name] = book_of(write.records.collection, link.dialect)
            ids[name].append(write.id)
    if sum(map(len, ids.values())) < 2:
        return
    for name in sorted(ids):
        query = books[name].lock(len(ids[name]))
        link.rows(query.text, query.parameters(numbered(ids[name])))


def _apply(link: Link, realm: str, write: Write, cascades: bool) -> None:
    book = book_of(write.records.collection, link.dialect)
    with _naming_clashes(link, book, write.id if write.verb is Verb.ADD else None):
        if write.verb is Verb.ADD:
            row = {"realm": realm, "schema": book.collection.schema, **(write.after or {})}
            link.write(book.add.text, book.add.parameters(row))
        elif _change(link, realm, book, write, cascades) == 0:
            raise StaleError
    if write.verb is not Verb.REMOVE:
        gone, new = write.words_before - write.words_after, write.words_after - write.words_before
        if gone:
            rows = [(realm, word, write.id) for word in gone]
            link.write_many(book.remove_word.text, book.remove_word.for_each(rows))
        if new:
            rows = [(realm, word, write.id) for word in new]
            link.write_many(book.add_word.text, book.add_word.for_each(rows))


def _change(link: Link, realm: str, book: AnyBook, write: Write, cascades: bool) -> int:
    revision = {"id_": write.id, "realm_": realm, "version_": write.version}
    if write.verb is Verb.SAVE:
        # A record of an older form is written anew as a whole: its unchanged fields were upgraded, too.
        record = write.changed if book.collection.upgrade is None else write.after or {}
        save = book.save(frozenset(record))
        return link.write(
            save.text, save.parameters({**record, "schema": book.collection.schema, **revision})
        )
    if book.collection.search is not None and not cascades:
        _forget_words(link, book, [write.id])
    return link.write(book.remove.text, book.remove.parameters(revision))


@contextmanager
def _naming_clashes(link: Link, book: AnyBook, id: str | None = None) -> Generator[None, None, None]:
    try:
        yield
    except Exception as error:
        if clash := clash_of(link, book, error, id):
            raise clash from error
        raise


def _forget_words(link: Link, book: AnyBook, ids: Sequence[str]) -> None:
    statement = book.remove_all_words(len(ids))
    link.write(statement.text, statement.parameters(numbered(ids)))
