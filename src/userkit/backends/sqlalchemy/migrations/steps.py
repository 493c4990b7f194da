"""One step along the history: run on a connection, or written down as SQL."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext, MigrationStep
from sqlalchemy import Connection, Dialect, Table

from userkit.backends.sqlalchemy.columns import MYSQL
from userkit.backends.sqlalchemy.migrations.creating import create_table
from userkit.backends.sqlalchemy.migrations.history import Past

__all__ = ["VERSION_TABLE", "Step", "run", "write"]

VERSION_TABLE = "userkit_alembic_version"


@dataclass(frozen=True, slots=True)
class Step:
    """Reach a revision, or record that the tables are there already.

    - ``previous``: what the version table says before, or None when it has no row.
    - ``alembic``: how Alembic does and records it.
    - ``missing``: tables of recognised ones that were never made.
    """

    past: Past
    previous: str | None
    alembic: MigrationStep
    missing: Sequence[Table] = ()


def run(step: Step, connection: Connection) -> None:
    """Take a step in the transaction of a connection."""
    _take(step, MigrationContext.configure(connection, opts=_options(step)))


def write(step: Step, dialect: Dialect) -> str:
    """Return the statements of a step."""
    written = StringIO()
    options = {
        **_options(step),
        "as_sql": True,
        "literal_binds": True,
        "output_buffer": written,
        "starting_rev": step.previous,
        "transactional_ddl": dialect.name not in MYSQL,
    }
    _take(step, MigrationContext.configure(dialect=_on_paper(dialect), opts=options))
    # An interrupted upgrade may have left the table without a row.
    return written.getvalue().replace(
        f"CREATE TABLE {VERSION_TABLE}", f"CREATE TABLE IF NOT EXISTS {VERSION_TABLE}"
    )


def _options(step: Step) -> Mapping[str, Any]:
    return {"fn": lambda _heads, _context: [step.alembic], "version_table": VERSION_TABLE}


def _take(step: Step, context: MigrationContext) -> None:
    operations = Operations(context)
    before, after = step.past.definitions()
    # It does nothing where the connection is in a transaction of ours.
    with context.begin_transaction():
        for table in step.missing:
            create_table(operations, table)
        context.run_migrations(op=operations, before=before, after=after)


def _on_paper(dialect: Dialect) -> Dialect:
    # A driver may want its % doubled, but a person's client does not.
    options: dict[str, Any] = {"paramstyle": "named"}
    if dialect.name in MYSQL:
        options["is_mariadb"] = getattr(dialect, "is_mariadb", False)
    paper = type(dialect)(**options)
    # Alembic inserts one row and reads none.
    paper.insert_returning = False
    return paper
