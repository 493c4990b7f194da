"""The SQL databases as plugins, one for each URL scheme."""

from functools import partial
from typing import TYPE_CHECKING, Any

from userkit.errors import MissingExtraError
from userkit.storage.plugin import StorePlugin

if TYPE_CHECKING:
    from userkit.backends.sqlalchemy.store import SQLAlchemyStore

__all__ = ["mariadb", "mysql", "postgresql", "sqlite"]


def _open(url: str, *, blocking: bool) -> "SQLAlchemyStore":
    try:
        from userkit.backends.sqlalchemy.opening import open_url
    except ModuleNotFoundError as error:
        system, _, driver = url.partition(":")[0].partition("+")
        extra = "asyncpg" if driver == "asyncpg" else system
        raise MissingExtraError(
            f"{error.name} is not installed: pip install 'userkit-sdk[{extra}]'"
        ) from error
    return open_url(url, blocking=blocking)


def _settings() -> type[Any]:
    from userkit.backends.sqlalchemy.settings import SQLAlchemySettings

    return SQLAlchemySettings


_plugin = partial(
    StorePlugin,
    api_version=1,
    factory=_open,
    settings=_settings,
    capabilities=frozenset(
        {"BulkLoadable", "Concurrent", "Countable", "Migratable", "Purgeable", "Searchable", "Surveyable"}
    ),
)

sqlite = _plugin(name="sqlite", summary="One file, or memory; the standard library's driver.")
postgresql = _plugin(name="postgresql", summary="PostgreSQL by psycopg, or asyncpg for the asynchronous kit.")
mysql = _plugin(name="mysql", summary="MySQL by PyMySQL, and asyncmy for the asynchronous kit.")
mariadb = _plugin(name="mariadb", summary="MariaDB by PyMySQL, and asyncmy for the asynchronous kit.")
