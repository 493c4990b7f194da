"""Our own Alembic migrations, run from code, with a version table of their own."""

from sqlalchemy import Engine

from userkit.errors import MissingExtraError
from userkit.storage.migrations import Migrations

__all__ = ["migrations_of"]


def migrations_of(engine: Engine) -> Migrations:
    """Return the migrations of the database of an engine. It is not connected to yet.

    Raises MissingExtraError where Alembic is not installed.
    """
    try:
        from userkit.backends.sqlalchemy.migrations.upgrading import SQLMigrations
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "alembic":
            raise
        raise MissingExtraError(
            "Migrations need alembic, which is not installed: pip install 'userkit-sdk[migrations]'"
        ) from error
    return SQLMigrations(engine)
