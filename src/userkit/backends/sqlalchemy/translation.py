"""The errors of drivers as errors of ours, in sentences that tell what to do and no secret."""

import re
from dataclasses import dataclass
from types import TracebackType

from sqlalchemy import URL
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from userkit.backends.sqlalchemy.codes import Code, code_of, driver_error, is_conflict
from userkit.backends.sqlalchemy.columns import MYSQL
from userkit.backends.sqlalchemy.runners import Lost, Runner
from userkit.errors import (
    InvalidEntityError,
    SchemaOutdatedError,
    StoreUnavailableError,
    UsageError,
    UserKitError,
)

__all__ = ["Place", "Translation", "translated"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the database is, in words without its password."""

    system: str
    where: str

    @classmethod
    def of(cls, url: URL) -> "Place":
        """Take the address of an engine."""
        system = url.get_backend_name()
        if system == "sqlite":
            return cls("sqlite", f"The SQLite database {url.database or ':memory:'}")
        host = url.host or str(url.query.get("host", "localhost"))
        port = url.port or (3306 if system in MYSQL else 5432)
        name = _NAMES.get(system, system)
        return cls(system, f"The {name} database {url.database or ''} at {host}:{port}")


_NAMES = {"postgresql": "PostgreSQL", "mysql": "MySQL", "mariadb": "MariaDB"}


class Translation:
    """Turn the errors of drivers that leave a ``with`` block into ours."""

    def __init__(self, runner: Runner) -> None:
        """Take what knows the address of the database."""
        self._runner = runner

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Raise the error of ours, with the driver's as its cause."""
        if isinstance(error, Exception) and not isinstance(error, UserKitError):
            ours = translated(error, Place.of(self._runner.url))
            if ours is not None:
                raise ours from (error.error if isinstance(error, Lost) else error)


def translated(error: Exception, place: Place) -> UserKitError | None:
    """Return the error of ours for what a driver or SQLAlchemy raised; None for anything else."""
    if isinstance(error, Lost):
        why = "did not answer in time" if error.waited_long else "broke off the connection"
        return StoreUnavailableError(
            f"{place.where} {why}; whether the last statement was done is not known."
        )
    if isinstance(error, PoolTimeoutError):
        return StoreUnavailableError(
            f"{place.where}: all connections of the pool are in use; none came free within pool_timeout."
        )
    if isinstance(error, InvalidRequestError):
        return UsageError(
            "The session cannot be used as it is: roll its transaction back, or bind it, first."
        )
    return _of_driver(error, place)


def _of_driver(error: Exception, place: Place) -> UserKitError | None:
    if not (_is_of_database(error) or isinstance(error, OSError)):
        return None
    if place.system == "sqlite":
        kind, says = _of_sqlite(error)
    else:
        kind, says = _of_server(error, _MYSQL if place.system in MYSQL else _POSTGRESQL)
    return kind(f"{place.where} {says}")


def _of_server(error: Exception, table: "dict[Code, _Said]") -> "_Said":
    code = code_of(error)
    if is_conflict(error):
        return StoreUnavailableError, "had to undo this again and again in favour of others; try later."
    if known := table.get(code) or _of_class(code):
        return known
    if type(driver_error(error)).__name__ == "DataError":
        return InvalidEntityError, _UNFIT
    if says := _of_prose(error):
        return StoreUnavailableError, says
    return StoreUnavailableError, _UNREACHABLE if isinstance(error, OSError) else f"failed{_number(code)}."


_Said = tuple[type[UserKitError], str]
_UNREACHABLE = "cannot be reached: is the server running, and are host and port right?"
_DENIED = "refuses the sign-in: the user name or the password in the URL is wrong."
_UNKNOWN = "does not exist: create it, or mend its name in the URL."
_FORBIDDEN = "does not allow this to the user in the URL: grant the rights that are missing."
_FULL = "has no space left on the server's disk."
_CROWDED = "has no free connection on the server: lower pool_size or raise the server's limit."
_READ_ONLY = "is read-only."
_SLOW = "did not finish a statement within statement_timeout."
_STOPPING = "is starting up or shutting down."
_OF_ANOTHER_KIND = (
    "is not what target_session_attrs asks for: is this a standby, or a user who may only read?"
)
_NO_TLS = (
    "offers no connection that sslmode and sslrootcert accept: is TLS on there, and its certificate trusted?"
)
_OUTDATED = "lacks tables or columns; run `userkit db upgrade`."
_UNFIT = "cannot store a value of this entity."

_POSTGRESQL: dict[Code, _Said] = {
    "28P01": (StoreUnavailableError, _DENIED),
    "28000": (StoreUnavailableError, _DENIED),
    "3D000": (StoreUnavailableError, _UNKNOWN),
    "42501": (StoreUnavailableError, _FORBIDDEN),
    "53100": (StoreUnavailableError, _FULL),
    "53300": (StoreUnavailableError, _CROWDED),
    "25006": (StoreUnavailableError, _READ_ONLY),
    "57014": (StoreUnavailableError, _SLOW),
    "57P01": (StoreUnavailableError, _STOPPING),
    "57P02": (StoreUnavailableError, _STOPPING),
    "57P03": (StoreUnavailableError, _STOPPING),
    "42P01": (SchemaOutdatedError, _OUTDATED),
    "42703": (SchemaOutdatedError, _OUTDATED),
}

_MYSQL: dict[Code, _Said] = {
    1045: (StoreUnavailableError, _DENIED),
    1698: (StoreUnavailableError, _DENIED),
    1044: (StoreUnavailableError, _FORBIDDEN),
    1049: (StoreUnavailableError, _UNKNOWN),
    1142: (StoreUnavailableError, _FORBIDDEN),
    1143: (StoreUnavailableError, _FORBIDDEN),
    1227: (StoreUnavailableError, _FORBIDDEN),
    1021: (StoreUnavailableError, _FULL),
    1114: (StoreUnavailableError, _FULL),
    1040: (StoreUnavailableError, _CROWDED),
    1203: (StoreUnavailableError, _CROWDED),
    1290: (StoreUnavailableError, _READ_ONLY),
    1792: (StoreUnavailableError, _READ_ONLY),
    1836: (StoreUnavailableError, _READ_ONLY),
    1969: (StoreUnavailableError, _SLOW),
    3024: (StoreUnavailableError, _SLOW),
    2002: (StoreUnavailableError, _UNREACHABLE),
    2003: (StoreUnavailableError, _UNREACHABLE),
    2005: (StoreUnavailableError, _UNREACHABLE),
    1146: (SchemaOutdatedError, _OUTDATED),
    1054: (SchemaOutdatedError, _OUTDATED),
    1153: (InvalidEntityError, _UNFIT),
    1264: (InvalidEntityError, _UNFIT),
    1366: (InvalidEntityError, _UNFIT),
    1406: (InvalidEntityError, _UNFIT),
}

# Primary result codes of SQLite; extended ones hold them in their lowest byte.
_SQLITE: dict[int, _Said] = {
    3: (StoreUnavailableError, "may not be opened: the permissions of the file forbid it."),
    5: (StoreUnavailableError, "is locked: another program did not finish writing within busy_timeout."),
    6: (StoreUnavailableError, "is locked: another program did not finish writing within busy_timeout."),
    8: (StoreUnavailableError, "is read-only: the file, its folder or mode=ro forbids writing."),
    10: (StoreUnavailableError, "cannot be read or written: the disk reports an error."),
    11: (StoreUnavailableError, "is corrupt: restore the file from a backup."),
    13: (StoreUnavailableError, "has no space left on the disk."),
    14: (
        StoreUnavailableError,
        "cannot be opened: is it a file, does its folder exist, and may it be written to?",
    ),
    18: (InvalidEntityError, _UNFIT),
    26: (StoreUnavailableError, "is not a SQLite database: the URL names another file."),
}

# libpq tells these from one another in words only, and the server's in its own language.
_PROSE = {
    re.compile(r"password authentication failed|no password supplied|role \".*\" does not exist"): _DENIED,
    re.compile(r"database \".*\" does not exist"): _UNKNOWN,
    re.compile(r"too many (clients|connections)|remaining connection slots"): _CROWDED,
    re.compile(r"session is (not )?read-only|hot standby"): _OF_ANOTHER_KIND,
    re.compile(r"does not support SSL|rejected SSL|SSL error|certificate"): _NO_TLS,
    re.compile(r"(starting up|shutting down)"): _STOPPING,
    re.compile(
        r"[Cc]onnection refused|[Tt]imed? ?out|resolve|No such file|not known|[Nn]o route"
    ): _UNREACHABLE,
}


def _of_sqlite(error: Exception) -> _Said:
    code = code_of(error)
    if not isinstance(code, int):
        return StoreUnavailableError, "failed."
    # "No such table" has no code of its own.
    if code == 1 and re.match(r"no such (table|column)|table \S+ has no column", str(driver_error(error))):
        return SchemaOutdatedError, _OUTDATED
    return _SQLITE.get(code & 0xFF, (StoreUnavailableError, f"failed{_number(code)}."))


def _of_class(code: Code) -> _Said | None:
    # The first two characters of an SQLSTATE: data exceptions, and trouble with the connection.
    if isinstance(code, str):
        return {"22": (InvalidEntityError, _UNFIT), "08": (StoreUnavailableError, _UNREACHABLE)}.get(code[:2])
    return None


def _of_prose(error: Exception) -> str | None:
    text = str(driver_error(error))
    return next((said for pattern, said in _PROSE.items() if pattern.search(text)), None)


def _number(code: Code) -> str:
    return "" if code is None else f" with error {code}"


def _is_of_database(error: Exception) -> bool:
    # Drivers that SQLAlchemy adapts raise errors of its own, which are not SQLAlchemyErrors.
    return type(error).__module__.partition(".")[0] in _SOURCES


_SOURCES = frozenset({"asyncmy", "asyncpg", "psycopg", "pymysql", "sqlalchemy", "sqlite3"})
