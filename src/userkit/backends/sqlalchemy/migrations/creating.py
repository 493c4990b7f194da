"""Creating tables and columns, also where an application or an interrupted upgrade was quicker."""

from collections.abc import Collection

from alembic.operations import Operations
from sqlalchemy import Index, Inspector, Table, inspect
from sqlalchemy.schema import CreateIndex, CreateTable

from userkit.backends.sqlalchemy.migrations.drift import differences
from userkit.errors import SchemaOutdatedError

__all__ = ["add_columns", "create_table"]


def create_table(op: Operations, table: Table) -> None:
    """Create a table with its indexes, unless it is there exactly as defined.

    Entering a kit creates the tables that are missing and records nothing, so a newer kit may have
    made this one already. Indexes that it lacks are made: MariaDB and MySQL commit each by itself.
    Raises SchemaOutdatedError when another table has the name.
    """
    lacking = {*table.indexes}
    if op.get_context().as_sql or not inspect(op.get_bind()).has_table(table.name):
        op.execute(CreateTable(table))
    else:
        lacking = _lacking(inspect(op.get_bind()), table)
    # In an order of their own: whoever prints the SQL twice compares it.
    for index in sorted(lacking, key=lambda each: str(each.name)):
        op.execute(CreateIndex(index))


def add_columns(op: Operations, table: Table, names: Collection[str]) -> None:
    """Add those of these columns of a table that are not there yet."""
    there: set[str] = set()
    if not op.get_context().as_sql:
        there.update(column["name"] for column in inspect(op.get_bind()).get_columns(table.name))
    for column in table.columns:
        if column.name in names and column.name not in there:
            op.add_column(table.name, column)


def _lacking(inspector: Inspector, table: Table) -> set[Index]:
    there = {each["name"] for each in inspector.get_indexes(table.name)}
    lacking = {index for index in table.indexes if index.name not in there}
    found = differences(inspector, table, without=[str(index.name) for index in lacking])
    if found:
        raise SchemaOutdatedError(f"There is another table {table.name} already. {' '.join(found)}")
    return lacking
