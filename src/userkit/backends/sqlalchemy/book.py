"""The statements of one collection for one driver, each compiled when it is first needed."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    Column,
    Dialect,
    Integer,
    MetaData,
    Select,
    Table,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.sql.elements import BindParameter, ColumnElement

from userkit.backends.sqlalchemy.columns import MYSQL
from userkit.backends.sqlalchemy.compiled import Statement
from userkit.backends.sqlalchemy.rows import Reader
from userkit.backends.sqlalchemy.tables import tables_of
from userkit.kernel.entity import Entity
from userkit.storage.collection import Collection

__all__ = ["AnyBook", "Book", "book_of", "numbered"]

E = TypeVar("E", bound=Entity)

_MOST_SHAPES = 256
# Databases plan joins of a few tables well, and refuse those of many.
_MOST_JOINS = 3


class Book(Generic[E]):
    """Every statement about one collection. Conditions of values are named with a final underscore."""

    def __init__(self, collection: Collection[E], dialect: Dialect) -> None:
        """Take a collection and what SQLAlchemy knows of the database."""
        self.collection = collection
        self.dialect = dialect
        self.tables = tables_of(collection, MetaData())
        columns = [
            self.tables.main.c[name] for name in ("schema", *(field.name for field in collection.fields))
        ]
        self._entities = select(*columns)
        self.read = Reader(collection, columns, dialect)
        # Bounded per collection: an application changes few different sets of fields.
        self.find = lru_cache(_MOST_SHAPES)(self._find)
        self.search = lru_cache(_MOST_SHAPES)(self._search)
        self.save = lru_cache(_MOST_SHAPES)(self._save)
        self.count = lru_cache(_MOST_SHAPES)(self._count)
        self.expired = lru_cache(_MOST_SHAPES)(self._expired)
        self.lock = lru_cache(_MOST_SHAPES)(self._lock)
        self.remove_all = lru_cache(_MOST_SHAPES)(self._remove_all)
        self.remove_all_words = lru_cache(_MOST_SHAPES)(self._remove_all_words)

    @cached_property
    def get(self) -> Statement:
        """Select one entity by ``id_`` and ``realm_``."""
        return self._query(self._entities.where(self._is("id"), self._is("realm")))

    def _find(self, field: str | None, *, after: bool, newest_first: bool) -> Statement:
        """Select a page of entities by ``realm_``, ``value_`` and ``after_``; ``limit_`` is its size."""
        main = self.tables.main
        query = self._entities.where(self._is("realm"))
        if field is not None:
            query = query.where(main.c[field] == bindparam("value_"))
        if field in self.collection.unique:
            # At most one: without an order no database thinks of sorting.
            return self._query(query.where(*self._beyond(after, newest_first)))
        return self._query(self._page(query, after, newest_first))

    def _search(self, words: int, *, after: bool) -> Statement:
        """Select a page of entities by ``realm_`` and ranges of words, ``from_0_`` until ``until_0_`` and on.

        Ranges do not overlap. The first few, which should be the rarest, are read from the index
        in the order that the database finds best; the others are checked for each entity.
        """
        listed, id = self._words, self.tables.main.c.id
        query = self._entities.where(self._is("realm"))
        for number in range(min(words, _MOST_JOINS)):
            one = listed.alias(f"word_{number}")
            found = select(one.c.id).where(one.c.realm == bindparam("realm_"), _in_range(one, number))
            query = query.where(id.in_(found))
        if words > _MOST_JOINS:
            others = listed.alias("words")
            matched = case(*((_in_range(others, number), number) for number in range(_MOST_JOINS, words)))
            distinct = select(func.count(matched.distinct())).where(others.c.id == id).scalar_subquery()
            query = query.where(distinct == words - _MOST_JOINS)
        return self._query(self._page(query, after, newest_first=False))

    def _count(self, field: str | None) -> Statement:
        """Count the entities of ``realm_``, or those with ``value_`` in a field."""
        main = self.tables.main
        query = select(func.count()).select_from(main).where(self._is("realm"))
        return self._query(query if field is None else query.where(main.c[field] == bindparam("value_")))

    @cached_property
    def realms(self) -> Statement:
        """Select the name of each realm once, with one look into the index for each."""
        realm = self.tables.main.c.realm
        if self.dialect.name in MYSQL:
            # These leap from name to name by themselves, and bound how far a query refers to itself.
            return self._query(select(realm).distinct())
        # Others would read the whole index to tell a few names.
        leaps = select(func.min(realm).label("realm")).cte("leaps", recursive=True)
        further = select(func.min(realm)).where(realm > leaps.c.realm).scalar_subquery()
        leaps = leaps.union_all(select(further).where(leaps.c.realm.is_not(None)))
        return self._query(select(leaps.c.realm).where(leaps.c.realm.is_not(None)))

    @cached_property
    def taken(self) -> Statement:
        """Select ``id_`` in whatever realm it is."""
        return self._query(select(self.tables.main.c.id).where(self._is("id")))

    def _expired(self, field: str) -> Statement:
        """Select ``limit_`` ids of ``realm_`` that expired before ``before_``, and lock them."""
        main = self.tables.main
        at = main.c[field]
        query = select(main.c.id).where(self._is("realm"), at < bindparam("before_")).order_by(at)
        return self._query(query.limit(_limit()).with_for_update())

    def _lock(self, count: int) -> Statement:
        """Lock the rows ``id_0_``, ``id_1_`` and so on, in the order of their ids."""
        main = self.tables.main
        query = select(main.c.id).where(_among(main, count)).order_by(main.c.id)
        return self._query(query.with_for_update())

    @cached_property
    def add(self) -> Statement:
        """Insert a row with every column."""
        main = self.tables.main
        return Statement(insert(main).inline(), self.dialect, [column.name for column in main.columns])

    def _save(self, columns: frozenset[str]) -> Statement:
        """Set these columns and ``schema`` of ``id_`` in ``realm_`` if it is at ``version_``."""
        main = self.tables.main
        names = [column.name for column in main.columns if column.name in columns or column.name == "schema"]
        return Statement(update(main).where(*self._revision), self.dialect, names)

    @cached_property
    def remove(self) -> Statement:
        """Delete ``id_`` of ``realm_`` if it is at ``version_``."""
        return Statement(delete(self.tables.main).where(*self._revision), self.dialect)

    def _remove_all(self, count: int) -> Statement:
        """Delete the rows ``id_0_``, ``id_1_`` and so on."""
        main = self.tables.main
        return Statement(delete(main).where(_among(main, count)), self.dialect)

    @cached_property
    def add_word(self) -> Statement:
        """Insert a row of realm, word and id, in this order."""
        return Statement(insert(self._words).inline(), self.dialect, ["realm", "word", "id"])

    @cached_property
    def remove_word(self) -> Statement:
        """Delete a row of realm, word and id, in this order."""
        words = self._words
        same = [
            column == bindparam(f"{column.name}_") for column in (words.c.realm, words.c.word, words.c.id)
        ]
        return Statement(delete(words).where(*same), self.dialect)

    def _remove_all_words(self, count: int) -> Statement:
        """Delete the words of the rows ``id_0_``, ``id_1_`` and so on."""
        return Statement(delete(self._words).where(_among(self._words, count)), self.dialect)

    @property
    def _words(self) -> Table:
        assert self.tables.words is not None
        return self.tables.words

    @property
    def _revision(self) -> Sequence[ColumnElement[bool]]:
        return self._is("id"), self._is("realm"), self._is("version")

    def _query(self, query: Select[Any]) -> Statement:
        return Statement(query, self.dialect)

    def _is(self, name: str) -> ColumnElement[bool]:
        column: Column[Any] = self.tables.main.c[name]
        return column == bindparam(f"{name}_")

    def _page(self, query: Select[Any], after: bool, newest_first: bool) -> Select[Any]:
        id = self.tables.main.c.id
        ordered = query.where(*self._beyond(after, newest_first)).order_by(id.desc() if newest_first else id)
        return ordered.limit(_limit())

    def _beyond(self, after: bool, newest_first: bool) -> Sequence[ColumnElement[bool]]:
        id = self.tables.main.c.id
        if not after:
            return ()
        return (id < bindparam("after_"),) if newest_first else (id > bindparam("after_"),)


AnyBook = Book[Any]
"""The statements of some collection."""


@lru_cache(maxsize=1024)
def book_of(collection: Collection[E], dialect: Dialect) -> Book[E]:
    """Return the statements of a collection for a driver; made once, whoever asks."""
    return Book(collection, dialect)


def numbered(ids: Iterable[str]) -> Mapping[str, str]:
    """Return the parameters ``id_0_``, ``id_1_`` and so on."""
    return {f"id_{number}_": id for number, id in enumerate(ids)}


def _among(table: Table, count: int) -> ColumnElement[bool]:
    id = table.c.id
    return id.in_([bindparam(f"id_{number}_", type_=id.type) for number in range(count)])


def _limit() -> BindParameter[int]:
    return bindparam("limit_", type_=Integer())


def _in_range(words: Any, number: int) -> ColumnElement[bool]:
    word = words.c.word
    return and_(word >= bindparam(f"from_{number}_"), word < bindparam(f"until_{number}_"))
