"""Bringing the tables of a store up to this version, for stores that have any."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["Migrations", "Revision", "SchemaState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One step of the tables' history, and what it does in a few words."""

    id: str
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """How far the tables of a database are.

    - ``revision``: what its version table says, or None when there is no such row.
    - ``recognised``: without a row, the revision that the tables look like in everything.
    - ``head``: the newest revision of this userkit.
    - ``pending``: what an upgrade would run, in order.
    - ``obstacles``: why an upgrade would refuse, in sentences; otherwise empty.
    """

    revision: str | None
    recognised: str | None
    head: str
    pending: tuple[Revision, ...]
    obstacles: tuple[str, ...] = ()

    @property
    def at(self) -> str | None:
        """Return the revision of the tables, recorded or recognised; None where there are none."""
        return self.revision or self.recognised


class Migrations(Protocol):
    """The history of a store's tables, and the way along it. Every call blocks.

    All of them raise StoreUnavailableError when the database cannot be reached or read, and
    ConfigurationError when a newer userkit has upgraded it.
    """

    def current(self) -> SchemaState:
        """Return how far the tables are. Nothing is changed."""
        ...

    def upgrade(self) -> SchemaState:
        """Bring the tables up to the newest revision, and return how far they are now.

        Safe in several processes at once: each ends at the newest revision. Tables without a
        version row are recorded at the revision they are recognised as, and upgraded from there.

        Raises SchemaOutdatedError, with nothing changed, when they are not what any revision made.
        """
        ...

    def check(self) -> Sequence[str]:
        """Return, in sentences, where the tables differ from the newest revision."""
        ...

    def sql(self, *, from_nothing: bool = False) -> str:
        """Return the statements of an upgrade, for those who run them by hand; empty if there are none.

        With ``from_nothing`` they are those for an empty database, and none is connected to.
        Otherwise this raises what ``upgrade`` raises.
        """
        ...
