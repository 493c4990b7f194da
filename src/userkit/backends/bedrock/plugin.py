"""Amazon Bedrock as a plugin: ``bedrock://MODEL_ID?region=…``."""

from typing import TYPE_CHECKING, Any

from userkit.errors import MissingExtraError
from userkit.ports.language_model import LanguageModelPlugin

if TYPE_CHECKING:
    from userkit.ports.language_model import LanguageModel

__all__ = ["bedrock"]


def _open(url: str, *, blocking: bool) -> "LanguageModel":
    try:
        from userkit.backends.bedrock.opening import open_url
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"{error.name} is not installed: pip install 'userkit-sdk[bedrock]'"
        ) from error
    return open_url(url, blocking=blocking)


def _settings() -> type[Any]:
    from userkit.backends.bedrock.settings import BedrockSettings

    return BedrockSettings


bedrock = LanguageModelPlugin(
    name="bedrock",
    api_version=1,
    factory=_open,
    settings=_settings,
    summary="Language models on Amazon Bedrock, by boto3.",
)
