"""Which revision made tables that have no version row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Inspector, Table

from userkit.backends.sqlalchemy.migrations.drift import differences
from userkit.backends.sqlalchemy.migrations.history import History, Past

__all__ = ["Recognition", "recognise"]


@dataclass(frozen=True, slots=True)
class Recognition:
    """What tables look like.

    - ``past``: the revision that they match in everything, or None.
    - ``missing``: its tables that were never made, since no kit needed them yet.
    - ``obstacles``: where they differ from the revision they come closest to, when they match none.
    """

    past: Past | None = None
    missing: Sequence[Table] = ()
    obstacles: Sequence[str] = ()


def recognise(inspector: Inspector, history: History) -> Recognition:
    """Compare what is there with each revision, the newest first; all of its definition counts.

    A kit creates only the tables of its own features, so a table may be missing, but not when
    another that belongs with it is there. The revision with the fewest missing tables wins. One
    that defines nothing leaves no mark: it is run again after the one before it.
    """
    there = {name for name in history.tables if inspector.has_table(name)}
    if not there:
        return Recognition()
    looks = [_look(inspector, history, past, there) for past in reversed(history.revisions) if past.defines]
    matching = [each for each in looks if not each.obstacles]
    if matching:
        return min(matching, key=lambda each: len(each.missing))
    closest = min(looks, key=lambda each: len(each.obstacles))
    return Recognition(obstacles=closest.obstacles)


def _look(inspector: Inspector, history: History, past: Past, there: set[str]) -> Recognition:
    defined = past.after.tables
    strange = sorted(there - {*defined})
    obstacles = [f"There is a table {name}, which belongs to another revision." for name in strange]
    missing = []
    for table in past.after.sorted_tables:
        if table.name in there or _partners(table) & there:
            obstacles += differences(inspector, table, history.names(table.name))
        else:
            missing.append(table)
    return Recognition(past, missing, obstacles)


def _partners(table: Table) -> set[str]:
    return set(_related(table))


def _related(table: Table) -> Iterator[str]:
    for other in table.metadata.tables.values():
        if any(key.referred_table is table for key in other.foreign_key_constraints):
            yield other.name
    for key in table.foreign_key_constraints:
        yield key.referred_table.name
