"""Model URLs: which model they name, and what their options say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from userkit.backends.bedrock.families import region_of
from userkit.backends.bedrock.settings import BedrockSettings
from userkit.errors import InvalidURLError
from userkit.kernel.url_options import read_options, settled

__all__ = ["Address"]

# As the service model of bedrock-runtime has it, in short: ids, and ARNs of models and profiles.
_MODEL = re.compile(
    r"(?!arn:)[A-Za-z0-9][A-Za-z0-9._:-]{0,254}|arn:aws[a-z-]*:(bedrock|sagemaker):[A-Za-z0-9./:_-]{1,2000}",
    re.ASCII,
)
_SHAPE = "A Bedrock URL is bedrock://MODEL_ID?region=…: "
_BROKEN = f"{_SHAPE}an option is name=value, and & stands between two."


@dataclass(frozen=True, slots=True)
class Address:
    """A model, and how to get at it."""

    model_id: str
    settings: BedrockSettings

    @classmethod
    def read(cls, text: str, *, settings: BedrockSettings | None = None) -> "Address":
        """Read a model URL; its options win over the settings.

        Raises InvalidURLError, which never repeats the URL.
        """
        scheme, separator, rest = text.partition("://")
        if scheme.lower() != "bedrock" or not separator:
            raise InvalidURLError(f"{_SHAPE}this one names another provider or cannot be read.")
        place, _question, query = rest.partition("?")
        if "@" in place:
            raise InvalidURLError(
                "A Bedrock URL holds no credentials: give them to AWS's own chain, such as AWS_PROFILE, "
                "AWS_ACCESS_KEY_ID or the role of the machine, or make a client and use from_client."
            )
        model_id = unquote(place)
        if "#" in text or not _MODEL.fullmatch(model_id):
            raise InvalidURLError(
                f"{_SHAPE}a model is named by its id, such as amazon.nova-lite-v1:0, by an inference "
                "profile, or by an ARN; only options follow it."
            )
        options = read_options(query, BedrockSettings.model_fields, url="model URL", broken=_BROKEN)
        return cls(model_id, _settings(options, settings, region_of(model_id)))


def _settings(
    chosen: Mapping[str, str], settings: BedrockSettings | None, region: str | None
) -> BedrockSettings:
    given = settings.model_dump(exclude_none=True) if settings else {}
    read = settled(BedrockSettings, chosen, given)
    # The region of an ARN is where its model is, unless something else is said.
    return read if read.region or not region else read.model_copy(update={"region": region})
