"""Stores by URL: engines of our own, with bounded waiting everywhere."""

from typing import Any

from userkit.backends.sqlalchemy.addresses import Address
from userkit.backends.sqlalchemy.files import file_engine
from userkit.backends.sqlalchemy.runners import AsyncEngineRunner, EngineRunner
from userkit.backends.sqlalchemy.servers import async_server_engine, server_engine
from userkit.backends.sqlalchemy.settings import SQLAlchemySettings
from userkit.backends.sqlalchemy.store import SQLAlchemyStore
from userkit.backends.sqlalchemy.turns import Turns
from userkit.errors import MissingExtraError

__all__ = ["open_url"]


def open_url(url: str, *, blocking: bool, settings: SQLAlchemySettings | None = None) -> SQLAlchemyStore:
    """Make a store for a URL; it connects in ``prepare``.

    ``sqlite:///file``, ``postgresql://``, ``mysql://`` and ``mariadb://`` choose the driver that
    fits the kit; ``postgresql+asyncpg://`` and so on name one. SQLite and PyMySQL always block.
    ``settings`` hold what the options of the URL do not say.

    Raises InvalidURLError, UnsupportedStoreError, and MissingExtraError without the driver.
    """
    address = Address.read(url, blocking=blocking, settings=settings)
    system = address.url.get_backend_name()
    options = _options(address.settings)
    try:
        if system == "sqlite":
            turns = Turns(address.settings.busy_timeout)
            return SQLAlchemyStore(
                EngineRunner(file_engine(address, **options), own=True, turns=turns), cascades=True
            )
        if address.blocking:
            return SQLAlchemyStore(EngineRunner(server_engine(address, **options), own=True))
        engine = async_server_engine(address, **options)
        return SQLAlchemyStore(AsyncEngineRunner(engine, own=True, patience=address.settings.longest_call))
    except ModuleNotFoundError as error:
        missing = error.name or address.url.get_driver_name()
        extra = "asyncpg" if address.url.get_driver_name() == "asyncpg" else system
        raise MissingExtraError(f"{missing} is not installed: pip install 'userkit-sdk[{extra}]'") from error


def _options(settings: SQLAlchemySettings) -> dict[str, Any]:
    return {
        "isolation_level": "AUTOCOMMIT",
        # The parameters are personal data; they have no place in messages and logs.
        "hide_parameters": True,
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout,
        "pool_recycle": settings.pool_recycle,
        "pool_pre_ping": settings.pre_ping,
        # No connection comes back in a transaction, and MariaDB would take a round trip to say so.
        "pool_reset_on_return": None,
    }
