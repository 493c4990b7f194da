"""The errors of redis-py as errors of ours, in sentences that tell what to do and no secret."""

import socket
import ssl
from collections.abc import Generator
from contextlib import contextmanager

from redis.asyncio.sentinel import MasterNotFoundError as AsyncMasterNotFoundError
from redis.exceptions import (
    AuthenticationError,
    AuthorizationError,
    BusyLoadingError,
    ClusterDownError,
    ClusterError,
    ConnectionError,
    MaxConnectionsError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TimeoutError,
)
from redis.sentinel import MasterNotFoundError

from userkit.errors import StoreUnavailableError

__all__ = ["DRIVER_ERRORS", "is_unknown", "translated", "translating"]

DRIVER_ERRORS: tuple[type[Exception], ...] = (RedisError, RedisClusterException, OSError)
"""What redis-py may raise."""

_DENIED = "refuses the sign-in: the user name or the password in the URL is wrong or missing."
_FORBIDDEN = "does not allow this to the user in the URL: allow it the commands and keys that userkit uses."
_FULL = "is full (maxmemory): give it more memory, or purge what has expired."
_READ_ONLY = "is read-only: it is a replica, and the URL must lead to the primary."
_LOADING = "is starting up, and still reads its data."
_DOWN = "is down: some of its slots are served by nobody."
_SLOW = "did not answer in time."
_UNREACHABLE = "cannot be reached: is the server running, and are host, port and TLS right?"
_NO_HOST = "cannot be found: is the name of the host right?"
_NO_TLS = "cannot be spoken to by TLS: does it speak TLS, and does tls_ca vouch for it?"
_MOVING = "is moving these keys from one server of the cluster to another; it takes a moment."
_NO_SERVICE = "knows no primary of this service: is its name right, and do sentinels and primary run?"
_WRONG_TYPE = "holds something else under a key of userkit: give userkit a prefix of its own."
_KIND = "is not of the kind that the URL says: a cluster has redis+cluster://, a single server redis://."
_DISK = "cannot write to its disk, and takes no writes until it can."

# The first that fits counts; a subclass comes before its parent.
_SAYS: tuple[tuple[type[Exception], str], ...] = (
    (AuthenticationError, _DENIED),
    (AuthorizationError, _FORBIDDEN),
    (NoPermissionError, _FORBIDDEN),
    (BusyLoadingError, _LOADING),
    (MaxConnectionsError, _SLOW),
    (OutOfMemoryError, _FULL),
    (ReadOnlyError, _READ_ONLY),
    (ClusterDownError, _DOWN),
    (ClusterError, _MOVING),
    (TimeoutError, _SLOW),
    (ConnectionError, _UNREACHABLE),
    (RedisClusterException, _UNREACHABLE),
    (OSError, _UNREACHABLE),
)

# Redis has no other code for an error than the word that its text begins with.
_CODES = {
    "NOAUTH": _DENIED,
    "WRONGPASS": _DENIED,
    "NOPERM": _FORBIDDEN,
    "OOM": _FULL,
    "READONLY": _READ_ONLY,
    "LOADING": _LOADING,
    "CLUSTERDOWN": _DOWN,
    "WRONGTYPE": _WRONG_TYPE,
    "MOVED": _KIND,
    "CROSSSLOT": _KIND,
    "MISCONF": _DISK,
    "MASTERDOWN": _DOWN,
    "TRYAGAIN": _MOVING,
    "NOREPLICAS": "has too few replicas to take writes (min-replicas-to-write).",
}

# What scripts say that do what the user has no right to, which has no code.
_RIGHTS = ("ACL failure", "user executing the script can't")


def translated(error: Exception, where: str) -> StoreUnavailableError:
    """Return the error of ours for what redis-py raised; ``where`` names the server without secrets."""
    if isinstance(error, ResponseError) and (said := _of_text(error)) is not None:
        return StoreUnavailableError(f"{where} {said}")
    if isinstance(error, (ConnectionError, OSError)) and (said := _of_cause(error)) is not None:
        return StoreUnavailableError(f"{where} {said}")
    if isinstance(error, TimeoutError) and "connecting" in str(error):
        return StoreUnavailableError(f"{where} {_UNREACHABLE}")
    for kind, said in _SAYS:
        if isinstance(error, kind):
            return StoreUnavailableError(f"{where} {said}")
    return StoreUnavailableError(f"{where} failed.")


def _of_text(error: ResponseError) -> str | None:
    # An error inside of a script has its own in the middle of its text.
    text = str(error)
    words = text.replace(":", " ").replace(",", " ").split()
    said = next((_CODES[word] for word in words if word in _CODES), None)
    return _FORBIDDEN if said is None and any(each in text for each in _RIGHTS) else said


def _of_cause(error: BaseException) -> str | None:
    """Return what is to say of the socket's own error, from which redis-py made its."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return _NO_TLS
        if isinstance(cause, socket.gaierror):
            return _NO_HOST
        if isinstance(cause, (MasterNotFoundError, AsyncMasterNotFoundError)):
            return _NO_SERVICE
        cause = cause.__cause__ or cause.__context__
    return None


def is_unknown(error: Exception) -> bool:
    """Tell whether what was sent may have been done nevertheless."""
    refused = (AuthenticationError, AuthorizationError, BusyLoadingError, MaxConnectionsError, ResponseError)
    return isinstance(error, (ConnectionError, TimeoutError, OSError)) and not isinstance(error, refused)


@contextmanager
def translating(where: str) -> Generator[None]:
    """Raise errors of ours for those of redis-py."""
    try:
        yield
    except DRIVER_ERRORS as error:
        raise translated(error, where) from error
