"""The errors of PyMongo as errors of ours, in sentences that tell what to do and no secret."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from bson.errors import InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    BulkWriteError,
    ConfigurationError,
    DocumentTooLarge,
    DuplicateKeyError,
    InvalidOperation,
    InvalidURI,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WaitQueueTimeoutError,
)

from userkit.errors import (
    DuplicateError,
    InvalidEntityError,
    StoreUnavailableError,
    UsageError,
    UserKitError,
)

__all__ = ["duplicate", "is_again", "is_unknown", "translated", "translating"]

_TRANSIENT = "TransientTransactionError"
_UNKNOWN_COMMIT = "UnknownTransactionCommitResult"

_DENIED = "refuses the sign-in: the user name or the password in the URL is wrong, or authSource is."
_FORBIDDEN = (
    "does not allow this to the user in the URL: grant the role readWrite on the database, and dbAdmin to "
    "who prepares it with a newer version."
)
_UNREACHABLE = "cannot be reached: is the server running, and are host, port and TLS options right?"
_NO_PRIMARY = "has no primary now: an election may be going on, or a majority of the servers is away."
_CROWDED = "has no free connection in the pool: none came free within pool_timeout."
_SLOW = "did not finish an operation in time."
_FULL = "has no space left on the server's disk."
_STEPPED_DOWN = "lost its primary in the middle of an operation."
_UNFIT = "cannot store a value of this entity."

# A primary that is none any more: NotWritablePrimary, ShutdownInProgress, PrimarySteppedDown and so on.
_ELECTIONS = (91, 189, 10107, 11600, 11602)

# The first that fits counts.
_KINDS: tuple[tuple[tuple[type[Exception], ...], type[UserKitError], str], ...] = (
    ((DocumentTooLarge, InvalidDocument), InvalidEntityError, _UNFIT),
    (
        (ConfigurationError, InvalidURI),
        StoreUnavailableError,
        "cannot be used: the DNS does not know the host of a mongodb+srv URL, or an option does not fit.",
    ),
    ((InvalidOperation,), UsageError, "cannot be used: its client is closed."),
    ((WaitQueueTimeoutError,), StoreUnavailableError, _CROWDED),
    ((NetworkTimeout,), StoreUnavailableError, _SLOW),
    ((AutoReconnect,), StoreUnavailableError, "broke off the connection."),
)

# https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_CODES = {
    8000: (StoreUnavailableError, _DENIED),
    11: (StoreUnavailableError, _DENIED),
    18: (StoreUnavailableError, _DENIED),
    13: (StoreUnavailableError, _FORBIDDEN),
    31: (StoreUnavailableError, _FORBIDDEN),
    33: (StoreUnavailableError, _FORBIDDEN),
    50: (StoreUnavailableError, _SLOW),
    64: (StoreUnavailableError, "did not confirm a write on a majority of its servers in time."),
    100: (StoreUnavailableError, "cannot confirm a write on a majority of its servers."),
    121: (InvalidEntityError, _UNFIT),
    **dict.fromkeys(_ELECTIONS, (StoreUnavailableError, _STEPPED_DOWN)),
    14031: (StoreUnavailableError, _FULL),
    10003: (StoreUnavailableError, _FULL),
}


def translated(error: PyMongoError | InvalidDocument, where: str) -> UserKitError:
    """Return the error of ours for what PyMongo raised; ``where`` names the database without secrets."""
    if isinstance(error, ServerSelectionTimeoutError):
        return StoreUnavailableError(f"{where} {_of_selection(error)}")
    for kinds, kind, says in _KINDS:
        if isinstance(error, kinds):
            return kind(f"{where} {says}")
    return _of_code(error, where)


def _of_code(error: Exception, where: str) -> UserKitError:
    code = error.code if isinstance(error, OperationFailure) else None
    kind, says = _CODES.get(
        code or 0, (StoreUnavailableError, f"failed{f' with error {code}' if code else ''}.")
    )
    return kind(f"{where} {says}")


def _of_selection(error: ServerSelectionTimeoutError) -> str:
    # What went wrong with each server is in its description; the text holds hosts, but no secrets.
    said = str(error)
    if "certificate" in said or "SSL" in said or "TLS" in said:
        return "cannot be reached by TLS: check tlsCAFile, and that the server's name is in its certificate."
    return _NO_PRIMARY if "Primary()" in said and "RSSecondary" in said else _UNREACHABLE


@contextmanager
def translating(where: str) -> Generator[None]:
    """Raise errors of ours for those of PyMongo."""
    try:
        yield
    except (PyMongoError, InvalidDocument) as error:
        raise translated(error, where) from error


def duplicate(error: PyMongoError) -> DuplicateError | None:
    """Return which value was taken, by the pattern of the index that refused it; None for other errors."""
    details: Any = None
    if isinstance(error, BulkWriteError):
        details = next(iter((error.details or {}).get("writeErrors", ())), {})
        if details.get("code") != 11000:
            return None
    elif isinstance(error, DuplicateKeyError):
        details = error.details or {}
    if details is None:
        return None
    fields = [name for name in details.get("keyPattern", {}) if name != "realm"]
    return DuplicateError("id" if fields in ([], ["_id"]) else str(fields[0]))


def is_again(error: PyMongoError) -> bool:
    """Tell whether a whole transaction may be tried again, since nothing of it was kept."""
    return error.has_error_label(_TRANSIENT)


def is_unknown(error: PyMongoError) -> bool:
    """Tell whether what was sent may have been done nevertheless."""
    if error.has_error_label(_UNKNOWN_COMMIT):
        return True
    if isinstance(error, (ServerSelectionTimeoutError, WaitQueueTimeoutError)):
        return False
    # 64 and 100: it was written, but perhaps not by a majority.
    concern = isinstance(error, OperationFailure) and error.code in (50, 64, 100, *_ELECTIONS)
    return concern or isinstance(error, AutoReconnect)
