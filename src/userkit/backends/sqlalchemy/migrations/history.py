"""The revisions in their order, and what the tables look like after each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionMap
from sqlalchemy import MetaData, Table

from userkit.storage.migrations import Revision

__all__ = ["History", "Past"]


@dataclass(frozen=True, slots=True)
class Past:
    """One revision: its script after those of all before it, and the tables as they are then.

    ``defines``: it changes tables and not only what is in them.
    """

    scripts: Sequence[Script]
    after: MetaData
    defines: bool

    @property
    def script(self) -> Script:
        """Return its own script."""
        return self.scripts[-1]

    @property
    def id(self) -> str:
        """Return what the version table calls it."""
        return self.script.revision

    @property
    def shown(self) -> Revision:
        """Return it as told to people."""
        return Revision(id=self.id, summary=self.script.doc.partition("\n")[0])

    def definitions(self) -> tuple[MetaData, MetaData]:
        """Return the tables before and after it, made anew: whoever runs it may change them."""
        return _tables(self.scripts[:-1]), _tables(self.scripts)


class History:
    """All revisions in a folder, which follow one another without branches."""

    def __init__(self, versions: Path) -> None:
        """Load the scripts of a folder."""
        directory = ScriptDirectory(str(versions.parent), version_locations=[str(versions)])
        scripts = [*directory.walk_revisions()][::-1]
        self.map: RevisionMap = directory.revision_map
        self.revisions: Sequence[Past] = [_past(scripts[:end]) for end in range(1, len(scripts) + 1)]

    @property
    def head(self) -> Past:
        """Return the newest revision."""
        return self.revisions[-1]

    def find(self, id: str) -> Past | None:
        """Return the revision with this id, or None."""
        return next((each for each in self.revisions if each.id == id), None)

    def after(self, past: Past | None) -> Sequence[Past]:
        """Return the revisions that come after one, or all."""
        return self.revisions if past is None else self.revisions[self.revisions.index(past) + 1 :]

    @property
    def tables(self) -> Collection[str]:
        """Return the names of all tables that any revision knows."""
        return {name for each in self.revisions for name in each.after.tables}

    def names(self, table: str) -> Collection[str]:
        """Return the names of all columns, indexes and constraints that any revision gives a table."""
        found = (each.after.tables.get(table) for each in self.revisions)
        return {name for known in found if known is not None for name in _names(known)}


def _past(scripts: Sequence[Script]) -> Past:
    return Past(scripts, _tables(scripts), defines=hasattr(scripts[-1].module, "define"))


def _tables(scripts: Sequence[Script]) -> MetaData:
    metadata = MetaData()
    for script in scripts:
        module: Any = script.module
        if hasattr(module, "define"):
            module.define(metadata)
    return metadata


def _names(table: Table) -> set[str]:
    things = (*table.columns, *table.indexes, *table.constraints)
    return {str(thing.name) for thing in things if thing.name is not None}
