"""A store in SQL databases: SQLite, PostgreSQL, MariaDB and MySQL, by SQLAlchemy.

``metadata`` and ``UserRow`` are for applications that join their own tables to userkit's.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from userkit.backends.sqlalchemy.schema import UserRow, metadata
    from userkit.backends.sqlalchemy.settings import SQLAlchemySettings
    from userkit.backends.sqlalchemy.store import SQLAlchemyStore

__all__ = ["SQLAlchemySettings", "SQLAlchemyStore", "UserRow", "metadata"]

_HOMES = {
    "SQLAlchemySettings": "settings",
    "SQLAlchemyStore": "store",
    "UserRow": "schema",
    "metadata": "schema",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: its module may need SQLAlchemy, or know the features."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
