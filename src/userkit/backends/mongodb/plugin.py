"""MongoDB as a plugin: ``mongodb://`` and ``mongodb+srv://``."""

from typing import TYPE_CHECKING, Any

from userkit.errors import MissingExtraError
from userkit.storage.plugin import StorePlugin

if TYPE_CHECKING:
    from userkit.backends.mongodb.store import MongoStore

__all__ = ["mongodb"]


def _open(url: str, *, blocking: bool) -> "MongoStore":
    try:
        from userkit.backends.mongodb.opening import open_url
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed: pip install 'userkit-sdk[mongodb]'"
        ) from error
    return open_url(url, blocking=blocking)


def _settings() -> type[Any]:
    from userkit.backends.mongodb.settings import MongoSettings

    return MongoSettings


mongodb = StorePlugin(
    name="mongodb",
    api_version=1,
    factory=_open,
    settings=_settings,
    capabilities=frozenset(
        {"BulkLoadable", "Concurrent", "Countable", "Purgeable", "Searchable", "Surveyable"}
    ),
    summary="MongoDB by PyMongo, for both kits; a replica set.",
)
