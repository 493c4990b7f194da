"""Store URLs: which driver they name, and what their options say."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

from sqlalchemy import URL, make_url

from userkit.backends.sqlalchemy.settings import SQLAlchemySettings
from userkit.errors import InvalidURLError, UnsupportedStoreError
from userkit.kernel.url_options import check_option, settled

__all__ = ["Address"]


class _Driver(NamedTuple):
    """A driver that a URL may name, what it serves, and which of its own options may be given."""

    blocking: bool
    asynchronous: bool
    options: frozenset[str]


_POOL = frozenset({"pool_size", "max_overflow", "pool_timeout", "pool_recycle", "pre_ping"})
_SERVER = _POOL | {"connect_timeout", "statement_timeout", "lock_timeout"}
_FILE = _POOL | {"busy_timeout", "synchronous", "mode"}

_POSTGRESQL = frozenset(
    {"application_name", "host", "port", "sslmode", "sslrootcert", "target_session_attrs"}
)
_LIBPQ = _POSTGRESQL | {
    "channel_binding",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "options",
    "passfile",
    "prepare_threshold",
    "service",
    "sslcert",
    "sslcrl",
    "sslkey",
    "tcp_user_timeout",
}
_MYSQL = frozenset(
    {"ssl_ca", "ssl_capath", "ssl_cert", "ssl_check_hostname", "ssl_cipher", "ssl_key", "unix_socket"}
)

_DRIVERS: Mapping[str, Mapping[str, _Driver]] = {
    "sqlite": {"pysqlite": _Driver(True, True, frozenset())},
    "postgresql": {
        "psycopg": _Driver(True, True, _LIBPQ),
        "asyncpg": _Driver(False, True, _POSTGRESQL | {"prepared_statement_cache_size"}),
    },
    "mysql": {"pymysql": _Driver(True, False, _MYSQL), "asyncmy": _Driver(False, True, _MYSQL)},
}


_LARGEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """A database: its URL with the driver and the driver's own options, and the settings beside it."""

    url: URL
    settings: SQLAlchemySettings
    blocking: bool

    @classmethod
    def read(cls, text: str, *, blocking: bool, settings: SQLAlchemySettings | None = None) -> "Address":
        """Read a store URL; its options win over the settings.

        ``blocking``: it is for a synchronous kit. One that is not may still name a driver that
        blocks.

        Raises InvalidURLError, which never repeats the URL, and UnsupportedStoreError for a driver
        that cannot serve this kit.
        """
        url = _parsed(text)
        system = url.get_backend_name()
        name, driver = _driver(url, system, blocking)
        allowed = _FILE if system == "sqlite" else _SERVER
        for option, value in url.query.items():
            check_option(option, allowed | driver.options, url="store URL")
            if not isinstance(value, str) and option != "host":
                raise InvalidURLError(f"The store URL says {option} more than once.")
        chosen = {option: value for option, value in url.query.items() if option in allowed}
        rest = url.difference_update_query(list(chosen)).set(drivername=f"{system}+{name}")
        merged = settled(SQLAlchemySettings, chosen, settings.model_dump() if settings else None)
        return cls(rest, merged, blocking or not driver.asynchronous)


def _parsed(text: str) -> URL:
    try:
        url = make_url(text)
    except Exception:  # noqa: BLE001  # whatever it says may repeat a part of the URL
        url = None
    if url is None or (url.port or 0) > _LARGEST_PORT:
        raise InvalidURLError(
            "The store URL cannot be read: are / @ : # in the password written as %2F %40 %3A %23?"
        )
    if url.get_backend_name() == "sqlite" and (url.host or url.username or url.password or url.port):
        raise InvalidURLError(
            "A SQLite URL has three slashes and a relative path, as in sqlite:///app.db, or four and an "
            "absolute one, as in sqlite:////var/lib/app.db."
        )
    # SQLAlchemy 2.1 decodes the name of the database, 2.0 does not.
    is_decoded = make_url("sqlite:///%20").database == " "
    return url if is_decoded or url.database is None else url.set(database=unquote(url.database))


def _driver(url: URL, system: str, blocking: bool) -> tuple[str, _Driver]:
    drivers = _DRIVERS["mysql" if system == "mariadb" else system]
    _, _, named = url.drivername.partition("+")
    if not named:
        fitting = ((name, each) for name, each in drivers.items() if each.blocking or not blocking)
        return next((name, each) for name, each in fitting if blocking or each.asynchronous)
    if named not in drivers:
        raise InvalidURLError(
            f"{system} has no driver {named}: it is one of {', '.join(drivers)}, or leave it out."
        )
    if blocking and not drivers[named].blocking:
        instead = next(name for name, each in drivers.items() if each.blocking)
        raise UnsupportedStoreError(
            f"{named} needs an event loop: use {system}+{instead}:// in a synchronous kit."
        )
    return named, drivers[named]
