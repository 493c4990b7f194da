"""Stores by URL: ``mongodb://`` and ``mongodb+srv://``."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pymongo import AsyncMongoClient, MongoClient
from pymongo.errors import PyMongoError

from userkit.backends.mongodb.connection import Connection
from userkit.backends.mongodb.settings import MongoSettings
from userkit.backends.mongodb.store import MongoStore
from userkit.errors import InvalidURLError
from userkit.kernel.url_options import check_option, settled

__all__ = ["open_url"]

_DATABASE = "userkit"
_LONGEST_NAME = 63
_UNFIT = frozenset(' ."/\\$*<>:|?\0')

# Options of the driver that change nothing of what the store promises.
_DRIVER = frozenset(
    {
        "appName", "authMechanism", "authMechanismProperties", "authSource", "compressors",
        "directConnection", "heartbeatFrequencyMS", "loadBalanced", "localThresholdMS",
        "maxIdleTimeMS", "minPoolSize", "replicaSet", "srvMaxHosts", "srvServiceName", "ssl", "tls",
        "tlsAllowInvalidCertificates", "tlsAllowInvalidHostnames", "tlsCAFile",
        "tlsCertificateKeyFile", "tlsCertificateKeyFilePassword", "tlsDisableOCSPEndpointCheck",
        "tlsInsecure", "zlibCompressionLevel",
    }
)  # fmt: skip
_OURS = frozenset(MongoSettings.model_fields)
_TOLD = f"{', '.join(sorted(_OURS))}; and of the driver: {', '.join(sorted(_DRIVER))}"

# What the store does anyway, and must: copied URLs say so, and none may say otherwise.
_SETTLED = {
    "journal": "true",
    "readConcernLevel": "majority",
    "readPreference": "primary",
    "retryReads": "true",
    "retryWrites": "true",
    "w": "majority",
}


@dataclass(frozen=True, slots=True)
class _Address:
    """A MongoDB URL: what PyMongo reads of it, the database, and our settings."""

    uri: str
    database: str
    hosts: str
    settings: MongoSettings


def open_url(url: str, *, blocking: bool, settings: MongoSettings | None = None) -> MongoStore:
    """Make a store for a URL; it connects in ``prepare``.

    The database is ``userkit`` unless the URL names one. Options are those of MongoSettings and of
    the driver. The store's promises rest on ``w=majority``, ``retryWrites=true`` and the like, so
    that a URL may repeat these and not change them. Raises InvalidURLError.
    """
    address = _read(url, settings)
    connection = Connection(
        make=_maker(address, blocking=blocking),
        blocking=blocking,
        database=address.database,
        hosts=address.hosts,
        concurrency=address.settings.pool_size,
        read_concern=address.settings.read_concern,
        pool_timeout=address.settings.pool_timeout,
        patience=address.settings.operation_timeout,
    )
    return MongoStore(connection, keep_expired=address.settings.keep_expired)


def _maker(address: _Address, *, blocking: bool) -> Callable[[], Any]:
    settings = address.settings
    kind: Any = MongoClient if blocking else AsyncMongoClient
    options = {
        "maxPoolSize": settings.pool_size,
        "waitQueueTimeoutMS": _ms(settings.pool_timeout),
        "connectTimeoutMS": _ms(settings.connect_timeout),
        "serverSelectionTimeoutMS": _ms(settings.selection_timeout),
        "socketTimeoutMS": _ms(settings.operation_timeout),
        "retryWrites": True,
        "retryReads": True,
        "connect": False,
    }
    make = partial(kind, address.uri, **options)
    _try(make)
    return make


def _try(make: Callable[[], Any]) -> None:
    """Refuse at once what PyMongo cannot read; nothing is connected yet."""
    problem = False
    with warnings.catch_warnings():
        # Of a value that does not fit PyMongo only warns, and goes on without.
        warnings.simplefilter("error")
        try:
            make()
        except (PyMongoError, ValueError, TypeError, OSError, Warning):
            problem = True
    if problem:  # outside of the except block: what PyMongo says may repeat a part of the URL
        raise InvalidURLError(
            "The MongoDB URL cannot be read: are / @ : # in the password written as %2F %40 %3A %23, and do "
            "its options have values that fit?"
        )


def _read(url: str, settings: MongoSettings | None) -> _Address:
    scheme, _, rest = url.partition("://")
    if scheme not in ("mongodb", "mongodb+srv"):
        raise InvalidURLError("A MongoDB URL begins with mongodb:// or mongodb+srv://.")
    location, _, query = rest.partition("?")
    authority, _, path = location.partition("/")
    user, at, hosts = authority.rpartition("@")
    # With an @ anywhere else nobody can tell where a password ends.
    if not hosts or "/" in path or "@" in path + query:
        raise InvalidURLError(
            "A MongoDB URL is mongodb://user:password@host:port/database, with one / before the database, "
            "and / @ ? # in the password written as %2F %40 %3F %23."
        )
    options = _options(query)
    ours = {name: value for name, value in options.items() if name in _OURS}
    theirs = {name: value for name, value in options.items() if name not in _OURS | _SETTLED.keys()}
    merged = settled(MongoSettings, ours, settings.model_dump() if settings else None)
    # A user is looked up in the database of the URL, unless the URL says where.
    uri = f"{scheme}://{user}{at}{hosts}/{path}?{urlencode(theirs, quote_via=quote)}"
    return _Address(uri, _database(path), hosts, merged)


def _database(path: str) -> str:
    name = unquote(path) or _DATABASE
    if len(name.encode()) > _LONGEST_NAME or _UNFIT & set(name):
        raise InvalidURLError(
            f"The name of a MongoDB database has at most {_LONGEST_NAME} bytes, and none of "
            "blanks, dots, quotes and / \\ $ * < > : | ? in it."
        )
    return name


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if value.lower() != _SETTLED.get(name, value.lower()):
            raise InvalidURLError(f"{name} is {_SETTLED[name]} for userkit; leave it out of the MongoDB URL.")
        if name not in _SETTLED:
            check_option(name, _DRIVER | _OURS, url="MongoDB URL", told=_TOLD)
        if name in options:
            raise InvalidURLError(f"The MongoDB URL says {name} more than once.")
        options[name] = value
    return options


def _ms(seconds: float) -> int:
    return max(1, round(seconds * 1000))
