"""Creating a table, also where an application was quicker."""

from alembic.operations import Operations
from sqlalchemy import Table, inspect

from userkit.backends.sqlalchemy.migrations.drift import differences
from userkit.errors import SchemaOutdatedError

__all__ = ["create_table"]


def create_table(op: Operations, table: Table) -> None:
    """Create a table with its indexes, unless it is there exactly as defined.

    Entering a kit creates the tables that are missing and records nothing, so a newer kit may have
    made this one already. Raises SchemaOutdatedError when another table has the name.
    """
    connection = op.get_bind()
    if not op.get_context().as_sql:
        inspector = inspect(connection)
        if inspector.has_table(table.name):
            found = differences(inspector, table)
            if found:
                raise SchemaOutdatedError(f"There is another table {table.name} already. {' '.join(found)}")
            return
    table.create(connection, checkfirst=False)
