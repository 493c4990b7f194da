"""Models by URL: a client of our own, with bounded waiting everywhere."""

from userkit.backends.bedrock.addresses import Address
from userkit.backends.bedrock.model import BedrockModel
from userkit.backends.bedrock.settings import BedrockSettings
from userkit.backends.bedrock.threaded import ThreadedBedrockModel

__all__ = ["open_url"]


def open_url(
    url: str, *, blocking: bool, settings: BedrockSettings | None = None
) -> BedrockModel | ThreadedBedrockModel:
    """Make a model for ``bedrock://MODEL_ID?region=…``; it connects when something is asked.

    ``settings`` hold what the options of the URL do not say. Raises InvalidURLError, and
    ConfigurationError where there is no region, or no such profile.
    """
    address = Address.read(url, settings=settings)
    model = BedrockModel(address.model_id, address.settings)
    return model if blocking else ThreadedBedrockModel(model)
