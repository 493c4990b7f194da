"""Settings of the conversations with Bedrock."""

from enum import Enum

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["BedrockSettings", "Forcing"]


class Forcing(Enum):
    """How a model is brought to answer with an object: see ``BedrockSettings.tool_choice``."""

    FAMILY = "family"
    TOOL = "tool"
    ANY = "any"
    AUTO = "auto"


class BedrockSettings(BaseSettings):
    """What the options of a model URL are called, and their defaults. Times are in seconds.

    They are read from ``USERKIT_BEDROCK_REGION`` and so on; an option in the URL wins.
    """

    model_config = SettingsConfigDict(env_prefix="USERKIT_BEDROCK_", extra="forbid", frozen=True)

    region: str | None = Field(default=None, pattern=r"^[a-z0-9-]{1,63}$")
    """The region of AWS; without it, that of the model's ARN, or what the environment or the profile says."""

    endpoint_url: str | None = Field(default=None, pattern=r"^https?://[^@\s]+$")
    """Where Bedrock answers, for emulators and private endpoints."""

    profile: str | None = Field(default=None, min_length=1)
    """The profile of the AWS configuration files to take credentials from."""

    guardrail: str | None = Field(
        default=None,
        pattern=r"^([a-z0-9-]+(:(DRAFT|[1-9][0-9]{0,7}))?|arn:aws[a-z-]*:bedrock:\S+:guardrail/[a-z0-9-]+)$",
    )
    """The guardrail that sees what is said and answered: its id, ``id:version``, or its ARN."""

    guardrail_version: str | None = Field(default=None, pattern=r"^(DRAFT|[1-9][0-9]{0,7})$")
    """The version of the guardrail; DRAFT by default."""

    connect_timeout: float = Field(default=2, gt=0, le=3600)
    """How long to wait for a connection."""

    read_timeout: float = Field(default=30, gt=0, le=3600)
    """How long to wait for an answer, and for the next piece of one that is streamed."""

    attempts: int = Field(default=3, ge=1, le=20)
    """How often a request is made at most, when Bedrock is busy or cannot be reached."""

    concurrency: int = Field(default=10, ge=1, le=1000)
    """How many connections are kept open, and how many calls are made at once."""

    longest_reply: int = Field(default=8_000_000, ge=1000)
    """How many bytes of an answer are taken, as AWS sends it; a piece of a stream has about 200 around it."""

    embedding_model: str | None = Field(default=None, min_length=1, max_length=2048)
    """The model that is asked what texts mean, where the model itself is none for that."""

    output_dimensions: int | None = Field(default=None, ge=1, le=10_000)
    """How many numbers a vector has, where the embedding model lets one choose."""

    tool_choice: Forcing = Forcing.FAMILY
    """How a model is brought to answer with an object: as its family takes it, or as is said here."""
