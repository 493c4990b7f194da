"""A store on Amazon DynamoDB: ``DynamoDBStore`` keeps everything in one table, by boto3."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from userkit.backends.dynamodb.settings import DynamoDBSettings
    from userkit.backends.dynamodb.store import DynamoDBStore

__all__ = ["DynamoDBSettings", "DynamoDBStore"]

_HOMES = {"DynamoDBSettings": "settings", "DynamoDBStore": "store"}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: the plugin is loaded where boto3 need not be installed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
