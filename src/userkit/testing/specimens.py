"""What the kit stores: entities that between them use every kind of field and of lookup.

A store under test is prepared for ``COLLECTIONS``. Their names begin with ``specimen_``, so that in
a real database they can be told from an application's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from userkit.kernel.clock import utc_now
from userkit.kernel.entity import Entity
from userkit.kernel.ids import Id, UUIDv7
from userkit.kernel.json import JSONObject
from userkit.kernel.words import fold, words_of
from userkit.storage.collection import Collection

__all__ = [
    "COLLECTIONS",
    "LATECOMERS",
    "NEW_NOTES",
    "OLD_NOTES",
    "Account",
    "Everything",
    "Latecomer",
    "Mood",
    "NewNote",
    "OldNote",
    "Person",
    "Stranger",
    "Ticket",
    "account",
    "everything",
    "new_id",
    "person",
    "ticket",
]

new_id = UUIDv7(utc_now)


class Mood(Enum):
    """A short list of words."""

    CALM = "calm"
    MERRY = "merry"
    DELIGHTED = "höchst vergnügt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Entity):
    """Somebody who is found in every way there is."""

    address: str
    name: str = ""
    handle: str | None = None
    team: str | None = None
    number: int | None = None
    mood: Mood = Mood.CALM
    boss: Id | None = None
    notes: JSONObject = field(default_factory=dict, hash=False)

    @property
    def badge(self) -> str | None:
        """Return what is unique within the team: a compound key is a derived lookup."""
        return None if self.number is None else f"{self.team or ''}#{self.number}"

    @property
    def initial(self) -> str | None:
        """Return the first letter of the name, for an index."""
        return self.name[:1] or None

    @property
    def search_words(self) -> tuple[str, ...]:
        """Return the address and the words of the name, folded."""
        return tuple(sorted({fold(self.address), *words_of(self.name)} - {""}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Everything(Entity):
    """One field of each kind that has a value, and one of each that may have none."""

    text: str
    whole: int
    flag: bool
    moment: datetime
    blob: bytes
    mood: Mood
    owner: Id
    labels: frozenset[str]
    steps: tuple[str, ...]
    facts: JSONObject = field(hash=False)
    maybe_text: str | None = None
    maybe_whole: int | None = None
    maybe_flag: bool | None = None
    maybe_moment: datetime | None = None
    maybe_blob: bytes | None = None
    maybe_mood: Mood | None = None
    maybe_owner: Id | None = None
    maybe_labels: frozenset[str] | None = None
    maybe_steps: tuple[str, ...] | None = None
    maybe_facts: JSONObject | None = field(default=None, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket(Entity):
    """Something that expires, or does not."""

    code: str
    holder: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Entity):
    """An amount that must neither appear nor vanish."""

    amount: int = 0
    writer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Latecomer(Entity):
    """Something that a store learns of after it was prepared."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stranger(Entity):
    """Something that no store was told of."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OldNote(Entity):
    """A note as it was written in the first version of an application."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewNote(Entity):
    """The same note in the second version, where the text is all in capitals."""

    text: str


def _in_capitals(record: dict[str, Any], schema: int) -> Mapping[str, Any]:
    return {**record, "text": record["text"].upper()} if schema == 1 else record


PERSONS = Collection(
    "specimen_persons",
    Person,
    unique=("address", "handle", "badge"),
    index=("team", "mood", "boss", "initial"),
    search="search_words",
)
EVERYTHING = Collection("specimen_everything", Everything)
TICKETS = Collection("specimen_tickets", Ticket, unique=("code",), index=("holder",), expires="expires_at")
ACCOUNTS = Collection("specimen_accounts", Account)
LATECOMERS = Collection("specimen_latecomers", Latecomer, unique=("name",))
OLD_NOTES = Collection("specimen_notes", OldNote)
NEW_NOTES = Collection("specimen_notes", NewNote, schema=2, upgrade=_in_capitals)

COLLECTIONS: tuple[Collection[Any], ...] = (PERSONS, EVERYTHING, TICKETS, ACCOUNTS)


def person(address: str | None = None, **values: Any) -> Person:
    """Return somebody new, with an address of their own unless one is given."""
    id = values.pop("id", None) or new_id()
    return Person(id=id, address=f"{id}@example.com" if address is None else address, **values)


def everything(**values: Any) -> Everything:
    """Return one of everything, with these values instead of plain ones."""
    plain: dict[str, Any] = {
        "id": new_id(),
        "text": "text",
        "whole": 1,
        "flag": True,
        "moment": datetime(2026, 7, 31, 12, 30, 45, 678000, tzinfo=UTC),
        "blob": b"blob",
        "mood": Mood.MERRY,
        "owner": new_id(),
        "labels": frozenset({"a", "b"}),
        "steps": ("first", "second"),
        "facts": {"plain": True},
    }
    return Everything(**plain | values)


def ticket(code: str | None = None, **values: Any) -> Ticket:
    """Return a new ticket, with a code of its own unless one is given."""
    id = values.pop("id", None) or new_id()
    return Ticket(id=id, code=id if code is None else code, **values)


def account(amount: int = 0) -> Account:
    """Return a new account that holds this amount."""
    return Account(id=new_id(), amount=amount)
