"""Creating tables and columns, also where an application or an interrupted upgrade was quicker."""

from collections.abc import Collection

from alembic.operations import Operations
from sqlalchemy import Table, inspect

from userkit.backends.sqlalchemy.migrations.drift import differences
from userkit.errors import SchemaOutdatedError

__all__ = ["add_columns", "create_table"]


def create_table(op: Operations, table: Table) -> None:
    """Create a table with its indexes, unless it is there exactly as defined.

    Entering a kit creates the tables that are missing and records nothing, so a newer kit may have
    made this one already. Indexes that it lacks are made: MariaDB and MySQL commit each by itself.
    Raises SchemaOutdatedError when another table has the name.
    """
    connection = op.get_bind()
    if op.get_context().as_sql or not inspect(connection).has_table(table.name):
        table.create(connection, checkfirst=False)
        return
    inspector = inspect(connection)
    there = {each["name"] for each in inspector.get_indexes(table.name)}
    lacking = [index for index in table.indexes if index.name not in there]
    found = differences(inspector, table, without=[str(index.name) for index in lacking])
    if found:
        raise SchemaOutdatedError(f"There is another table {table.name} already. {' '.join(found)}")
    for index in sorted(lacking, key=lambda each: str(each.name)):
        index.create(connection)


def add_columns(op: Operations, table: Table, names: Collection[str]) -> None:
    """Add those of these columns of a table that are not there yet."""
    there: set[str] = set()
    if not op.get_context().as_sql:
        there.update(column["name"] for column in inspect(op.get_bind()).get_columns(table.name))
    for column in table.columns:
        if column.name in names and column.name not in there:
            op.add_column(table.name, column)
