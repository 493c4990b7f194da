"""The DynamoDB store as a plugin: ``dynamodb://TABLE?region=…``."""

from typing import TYPE_CHECKING, Any

from userkit.errors import MissingExtraError
from userkit.storage.plugin import StorePlugin

if TYPE_CHECKING:
    from userkit.backends.dynamodb.store import DynamoDBStore

__all__ = ["dynamodb"]


def _open(url: str, *, blocking: bool) -> "DynamoDBStore":
    try:
        from userkit.backends.dynamodb.opening import open_url
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed: pip install 'userkit-sdk[dynamodb]'"
        ) from error
    return open_url(url)


def _settings() -> type[Any]:
    from userkit.backends.dynamodb.settings import DynamoDBSettings

    return DynamoDBSettings


dynamodb = StorePlugin(
    name="dynamodb",
    api_version=1,
    factory=_open,
    settings=_settings,
    capabilities=frozenset(
        {"BulkLoadable", "Concurrent", "Countable", "Purgeable", "Searchable", "Surveyable"}
    ),
    summary="One table of Amazon DynamoDB, by boto3.",
)
