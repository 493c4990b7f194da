"""Many rows at once by PostgreSQL's COPY, for each of its drivers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Dialect, PoolProxiedConnection, Table

__all__ = ["copy_rows"]

_Rows = Sequence[tuple[Any, ...]]


def copy_rows(
    connection: PoolProxiedConnection, dialect: Dialect, table: Table, columns: Sequence[str], rows: _Rows
) -> None:
    """Add rows to a table, with their values in the order of the columns."""
    adapted: Any = connection.dbapi_connection
    if dialect.driver == "asyncpg":
        adapted.run_async(lambda it: it.copy_records_to_table(table.name, records=rows, columns=columns))
        return
    quote = dialect.identifier_preparer.quote
    text = f"COPY {quote(table.name)} ({', '.join(map(quote, columns))}) FROM STDIN"
    if dialect.is_async:
        adapted.run_async(lambda it: _copy_waiting(it, text, rows))
    else:
        with adapted.cursor() as cursor, cursor.copy(text) as copy:
            for row in rows:
                copy.write_row(row)


async def _copy_waiting(connection: Any, text: str, rows: _Rows) -> None:
    async with connection.cursor() as cursor, cursor.copy(text) as copy:
        for row in rows:
            await copy.write_row(row)
