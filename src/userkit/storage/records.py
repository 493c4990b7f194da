"""Entities as plain records, checked so that every database gives back what it was given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from operator import attrgetter
from typing import Any, Generic, NoReturn, TypeVar

from userkit.errors import InvalidEntityError, UsageError
from userkit.kernel.entity import Entity
from userkit.kernel.ids import is_id
from userkit.kernel.json import UnfitJSONError, fit_json, is_storable_text, same_json
from userkit.storage.collection import Collection
from userkit.storage.fields import Field, Kind

__all__ = ["LARGEST_RECORD", "LONGEST_LOOKUP", "Lookup", "Record", "Records"]

E = TypeVar("E", bound=Entity)

Record = dict[str, Any]
"""The fields of an entity as plain values, and its derived lookups.

An enumeration is its text, a set a sorted list, a tuple a list; times are aware and in UTC.
"""

LONGEST_LOOKUP = 255
LARGEST_RECORD = 256 * 1024
_MOST_WORDS = 128
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a find looks for: the value of a declared field, or everything of a kind.

    - ``everything``: no field is given, and every record matches.
    - ``hopeless``: no record can have this value, so that there is no need to look.
    - ``unique``: at most one record has it.
    """

    field: str
    value: str
    everything: bool = False
    hopeless: bool = False
    unique: bool = False

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record is one of those."""
        return self.everything or bool(record[self.field] == self.value)


class Records(Generic[E]):
    """Turn the entities of one collection into records and back. Prepared once per collection."""

    def __init__(self, collection: Collection[E]) -> None:
        """Take the collection."""
        self.collection = collection
        self.fields = {field.name: field for field in collection.fields}
        self._encoders = [(field, _encoder(field)) for field in collection.fields]
        self._derived, self._lookups = collection.derived, collection.lookups
        encoders = {field.name: encode for field, encode in self._encoders}
        self._stored = {name: encoders.get(name, _text) for name in (*self.fields, *self._derived)}
        # Every entity has an id and a version, so there are two at least, and this makes a tuple.
        self._values = attrgetter(*self._stored)
        decoders = ((field.name, _decoder(field)) for field in collection.fields)
        self._decoders = [(name, decode) for name, decode in decoders if decode is not None]

    def encode(self, entity: E) -> Record:
        """Return the record of an entity.

        Raises InvalidEntityError when a field holds another type than it declares, a time that is
        not aware or not in whole milliseconds, text with NUL or lone surrogates, an integer past
        64 bits, a lookup of more than 255 characters, or more than 256 KiB altogether.
        """
        record: Record = {}
        size = 0
        for field, encode in self._encoders:
            value = getattr(entity, field.name)
            if value is None:
                if not field.optional:
                    self._refuse(field.name, "it is None")
                record[field.name] = None
                continue
            try:
                record[field.name] = encode(value)
            except UnfitJSONError as error:
                self._refuse(field.name, str(error))
            size += _size(record[field.name])
        if size > LARGEST_RECORD:
            name = self.collection.entity.__name__
            raise InvalidEntityError(f"A {name} holds more than {LARGEST_RECORD} bytes.")
        self._check_lookups(entity, record)
        return record

    def decode(self, record: Mapping[str, Any], *, schema: int | None = None) -> E:
        """Return the entity of a record, which may lack fields that have defaults.

        ``schema`` is the number that the record was written with; older ones are upgraded. Raises
        InvalidEntityError for a record that this version cannot read.
        """
        collection = self.collection
        if schema is not None and schema < collection.schema and collection.upgrade is not None:
            record = collection.upgrade(dict(record), schema)
        values = {name: record[name] for name in self.fields if name in record}
        for name, decode in self._decoders:
            value = values.get(name)
            if value is not None:
                values[name] = decode(value)
        try:
            return collection.entity(**values)
        except TypeError as error:
            lacking = ", ".join(name for name in self.fields if name not in values)
            name = collection.entity.__name__
            raise InvalidEntityError(f"A stored {name} lacks fields without a default: {lacking}.") from error

    def changes(self, before: E, after: E, record: Record) -> Record:
        """Return the part of the record of a revision that the one before does not have like this."""
        each = zip(self._stored.items(), self._values(before), self._values(after), strict=True)
        # What evolve() left alone is the same object.
        return {
            name: record[name]
            for (name, encode), was, now in each
            if was is not now and _differs(encode, was, record[name])
        }

    def words(self, entity: E) -> frozenset[str]:
        """Return the words that an entity is searched by; empty when it is not searchable."""
        if self.collection.search is None:
            return frozenset()
        words = frozenset(getattr(entity, self.collection.search))
        if len(words) > _MOST_WORDS or not all(map(_is_word, words)):
            self._refuse(self.collection.search, f"it has over {_MOST_WORDS} words, or one that is unfit")
        return words

    def by_value(self, field: str | None, value: str | None) -> bool:
        """Tell whether a find is by the value of a field, or over everything.

        Raises UsageError when the field is not declared, or one is given without the other.
        """
        if field is None and value is None:
            return False
        if field is None or not isinstance(value, str):
            raise UsageError("find takes a field together with the text it holds, or neither.")
        if field not in self.collection.lookups:
            raise UsageError(f"{self.collection.name} declares no lookup by {field}.")
        return True

    def lookup(self, field: str | None, value: str | None) -> Lookup:
        """Return what a find by this field looks for. Raises UsageError as ``by_value`` does."""
        if not self.by_value(field, value):
            return Lookup("", "", everything=True)
        name, text = str(field), str(value)
        return Lookup(
            name,
            text,
            hopeless=not self.matchable(name, text),
            unique=name in self.collection.unique,
        )

    def check_expires(self) -> None:
        """Raise UsageError unless entities of this kind expire."""
        if self.collection.expires is None:
            raise UsageError(f"{self.collection.name} declares no time of expiry.")

    @property
    def expires(self) -> str:
        """Return the field with the time of expiry, or raise UsageError when there is none."""
        self.check_expires()
        return str(self.collection.expires)

    def matchable(self, field: str, value: str) -> bool:
        """Tell whether a lookup could have this value at all; other values find nothing."""
        declared = self.fields.get(field)
        if declared is not None and declared.kind is Kind.ID:
            return is_id(value)
        return len(value) <= LONGEST_LOOKUP and is_storable_text(value)

    def _check_lookups(self, entity: E, record: Record) -> None:
        for name in self._derived:
            value = getattr(entity, name)
            try:
                record[name] = value if value is None else _text(value)
            except UnfitJSONError as error:
                self._refuse(name, str(error))
        for name in self._lookups:
            value = record[name]
            if value is not None and len(value) > LONGEST_LOOKUP:
                self._refuse(name, f"a lookup has at most {LONGEST_LOOKUP} characters")

    def _refuse(self, field: str, why: str) -> NoReturn:
        raise InvalidEntityError(f"{self.collection.entity.__name__}.{field} cannot be stored: {why}.")


def _differs(encode: Callable[[Any], Any], held: Any, value: Any) -> bool:
    if held is None or value is None:
        return held is not value
    try:
        if encode is _json:
            # JSON tells 1 from true, and Python does not.
            return bool(held != value) or not same_json(held, value)
        return bool(encode(held) != value)
    except UnfitJSONError:
        return True


def _is_word(word: object) -> bool:
    return isinstance(word, str) and 0 < len(word) <= LONGEST_LOOKUP and is_storable_text(word)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UnfitJSONError("it is not text")
    if not is_storable_text(value):
        raise UnfitJSONError("text holds NUL or a lone surrogate")
    return str(value)


def _id(value: Any) -> str:
    if not isinstance(value, str) or not is_id(value):
        raise UnfitJSONError("it is not a UUID in canonical text form")
    return value


def _int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not -_INT64 <= value < _INT64:
        raise UnfitJSONError("it is not an integer of 64 bits")
    return int(value)


def _bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise UnfitJSONError("it is not a bool")
    return value


def _datetime(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise UnfitJSONError("it is not an aware datetime")
    if value.microsecond % 1000:
        raise UnfitJSONError("it is not in whole milliseconds")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise UnfitJSONError("it is not bytes")
    return value


def _text_set(value: Any) -> list[str]:
    if not isinstance(value, frozenset):
        raise UnfitJSONError("it is not a frozenset")
    return sorted(map(_text, value))


def _text_tuple(value: Any) -> list[str]:
    if not isinstance(value, tuple):
        raise UnfitJSONError("it is not a tuple")
    return [_text(item) for item in value]


def _json(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise UnfitJSONError("it is not a mapping")
    return fit_json(value)  # type: ignore[no-any-return]


_ENCODERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.ID: _id,
    Kind.TEXT: _text,
    Kind.INT: _int,
    Kind.BOOL: _bool,
    Kind.DATETIME: _datetime,
    Kind.BYTES: _bytes,
    Kind.TEXT_SET: _text_set,
    Kind.TEXT_TUPLE: _text_tuple,
    Kind.JSON: _json,
}


def _encoder(field: Field) -> Callable[[Any], Any]:
    enum = field.enum
    if enum is None:
        return _ENCODERS[field.kind]

    def encode(value: Any) -> str:
        if not isinstance(value, enum):
            raise UnfitJSONError(f"it is not a {enum.__name__}")
        return str(value.value)

    return encode


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


_DECODERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.DATETIME: _utc,
    Kind.TEXT_SET: frozenset,
    Kind.TEXT_TUPLE: tuple,
    Kind.JSON: fit_json,
}


def _decoder(field: Field) -> Callable[[Any], Any] | None:
    if field.enum is not None:
        return _enum_decoder(field.enum)
    return _DECODERS.get(field.kind)


def _enum_decoder(enum: type[Enum]) -> Callable[[str], Enum]:
    members = {item.value: item for item in enum}

    def decode(value: str) -> Enum:
        if value not in members:
            raise InvalidEntityError(f"A stored {enum.__name__} is not known to this version.")
        return members[value]

    return decode


def _size(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, bytes):
        return len(value)
    if isinstance(value, list):
        return sum(_size(item) + 1 for item in value)
    if isinstance(value, dict):
        return sum(_size(key) + _size(item) + 8 for key, item in value.items())
    return 8
