"""Language models on Amazon Bedrock, by boto3: ``BedrockModel`` blocks, ``ThreadedBedrockModel`` does not."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from userkit.backends.bedrock.model import BedrockModel
    from userkit.backends.bedrock.settings import BedrockSettings
    from userkit.backends.bedrock.threaded import ThreadedBedrockModel

__all__ = ["BedrockModel", "BedrockSettings", "ThreadedBedrockModel"]

_HOMES = {"BedrockModel": "model", "BedrockSettings": "settings", "ThreadedBedrockModel": "threaded"}


def __getattr__(name: str) -> Any:
    """Import a name when it is asked for: the plugin is loaded where boto3 need not be installed."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
