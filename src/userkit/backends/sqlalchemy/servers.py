"""Engines for database servers, with time-outs on both sides of the wire."""

import asyncio
import ssl
from collections.abc import Callable, Coroutine, Sequence
from importlib import import_module
from math import ceil, inf
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Engine, create_engine, event

from userkit.backends.sqlalchemy.addresses import Address
from userkit.backends.sqlalchemy.columns import MYSQL
from userkit.backends.sqlalchemy.settings import SQLAlchemySettings
from userkit.errors import InvalidURLError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["async_server_engine", "server_engine"]


def server_engine(address: Address, **options: Any) -> Engine:
    """Return a blocking engine, over psycopg or PyMySQL."""
    url, settings = address.url, address.settings
    if url.get_backend_name() in MYSQL:
        engine = create_engine(url, connect_args=_pymysql(settings), paramstyle="format", **options)

        @event.listens_for(engine, "connect")
        def be_patient(connection: Any, _: object) -> None:
            # While connecting it waits for each answer as long as to connect, and there is no other way.
            connection._read_timeout = settings.longest_answer

        _speak_to_each(engine, _mysql_settings(settings))
        return engine

    from userkit.backends.sqlalchemy.patience import patient

    url, arguments = _psycopg(url, settings)
    engine = create_engine(url, connect_args=arguments, paramstyle="format", **options)
    connection_class = patient(settings.longest_answer or inf)

    @event.listens_for(engine, "do_connect")
    def connect(_dialect: object, _record: object, args: Sequence[Any], named: dict[str, Any]) -> object:
        return connection_class.connect(*args, **named)

    return engine


def async_server_engine(address: Address, **options: Any) -> "AsyncEngine":
    """Return an asynchronous engine, over psycopg, asyncpg or asyncmy."""
    # First, because SQLAlchemy's own complaint does not say which module is missing.
    import_module("greenlet")
    from sqlalchemy.ext.asyncio import create_async_engine

    url, settings = address.url, address.settings
    if url.get_backend_name() in MYSQL:
        arguments = {"charset": "utf8mb4", "async_creator_fn": _asyncmy(settings)}
        engine = create_async_engine(url, connect_args=arguments, **options)
        _speak_to_each(engine.sync_engine, _mysql_settings(settings))
        return engine
    if url.get_driver_name() == "asyncpg":
        url, arguments = _asyncpg(url, settings)
        return create_async_engine(url, connect_args=arguments, **options)
    url, arguments = _psycopg(url, settings)
    return create_async_engine(url, connect_args=arguments, paramstyle="format", **options)


def _psycopg(url: URL, settings: SQLAlchemySettings) -> tuple[URL, dict[str, Any]]:
    options = [f"-c {name}={value}" for name, value in _postgresql_settings(settings).items()]
    if "options" in url.query:
        options.append(str(url.query["options"]))
    # libpq counts in whole seconds.
    arguments: dict[str, Any] = {"connect_timeout": ceil(settings.connect_timeout)}
    if options:
        arguments["options"] = " ".join(options)
    if "prepare_threshold" in url.query:
        arguments["prepare_threshold"] = _threshold(str(url.query["prepare_threshold"]))
    return url.difference_update_query(["options", "prepare_threshold"]), arguments


def _asyncpg(url: URL, settings: SQLAlchemySettings) -> tuple[URL, dict[str, Any]]:
    server_settings = _postgresql_settings(settings)
    if "application_name" in url.query:
        server_settings["application_name"] = str(url.query["application_name"])
    arguments: dict[str, Any] = {
        "timeout": settings.connect_timeout,
        "server_settings": server_settings,
    }
    if "sslmode" in url.query or "sslrootcert" in url.query:
        arguments["ssl"] = _tls(str(url.query.get("sslmode", "verify-full")), url.query.get("sslrootcert"))
    return url.difference_update_query(["application_name", "sslmode", "sslrootcert"]), arguments


def _tls(mode: str, root: object) -> ssl.SSLContext | str:
    if root is None:
        return mode
    try:
        context = ssl.create_default_context(cafile=str(root))
    except OSError as error:
        raise InvalidURLError("The file of sslrootcert cannot be read as certificates.") from error
    context.check_hostname = mode == "verify-full"
    return context


def _pymysql(settings: SQLAlchemySettings) -> dict[str, Any]:
    limit = max(1, ceil(settings.connect_timeout))
    return {"charset": "utf8mb4", "connect_timeout": limit, "read_timeout": limit}


def _asyncmy(settings: SQLAlchemySettings) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def connect(**arguments: Any) -> Any:
        # Its own time-out ends with the first packet, and a silent server sends none.
        async with asyncio.timeout(settings.connect_timeout):
            return await import_module("asyncmy").connect(**arguments)

    return connect


def _postgresql_settings(settings: SQLAlchemySettings) -> dict[str, str]:
    chosen = {"statement_timeout": settings.statement_timeout, "lock_timeout": settings.lock_timeout}
    limits = {name: str(ceil(seconds * 1000)) for name, seconds in chosen.items() if seconds}
    # With both switched off nothing is said at all, for poolers such as PgBouncer that refuse settings.
    # In another zone the last hours of the year 9999 are in the year 10000, which Python does not have.
    return {"timezone": "UTC", **limits} if limits else {}


def _mysql_settings(settings: SQLAlchemySettings) -> Sequence[str]:
    patience, limit = max(1, ceil(settings.lock_timeout)), settings.statement_timeout
    return (
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
        # Each of the comments is read by one of the two systems only. Notes are of no use to anybody:
        # "Name ignored for PRIMARY key" would be logged as a warning by asyncmy.
        f"SET SESSION innodb_lock_wait_timeout = {patience}, lock_wait_timeout = {patience}, sql_notes = 0, "
        "sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')"
        f"/*M!100100 , max_statement_time = {limit} */"
        f"/*!50708 , max_execution_time = {ceil(limit * 1000)} */",
    )


def _speak_to_each(engine: Engine, statements: Sequence[str]) -> None:
    @event.listens_for(engine, "connect")
    def speak(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()


def _threshold(text: str) -> int | None:
    if text == "none":
        return None
    if not text.isdecimal():
        raise InvalidURLError("prepare_threshold is a whole number, or none to prepare nothing.")
    return int(text)
