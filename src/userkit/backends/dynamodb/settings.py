"""Settings of the connections to DynamoDB."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["DynamoDBSettings"]


class DynamoDBSettings(BaseSettings):
    """What the options of a store URL are called, and their defaults. Times are in seconds.

    They are read from ``USERKIT_DYNAMODB_REGION`` and so on; an option in the URL wins.
    """

    model_config = SettingsConfigDict(env_prefix="USERKIT_DYNAMODB_", extra="forbid", frozen=True)

    region: str | None = Field(None, min_length=1, max_length=63)
    """The region of AWS; without it, what the environment or the profile says."""

    endpoint_url: str | None = Field(None, pattern=r"^https?://[^@\s]+$")
    """Where DynamoDB answers, for emulators and private endpoints."""

    profile: str | None = Field(None, min_length=1)
    """The profile of the AWS configuration files to take credentials from."""

    pool_size: int = Field(10, ge=1, le=1000)
    """How many connections are kept open, and how many calls are made at once."""

    connect_timeout: float = Field(2, gt=0, le=3600)
    """How long to wait for a connection."""

    read_timeout: float = Field(5, gt=0, le=3600)
    """How long to wait for an answer."""

    attempts: int = Field(6, ge=1, le=100)
    """How often a request is made at most, when DynamoDB is busy or does not answer."""

    shards: int | None = Field(None, ge=1, le=1000)
    """Over how many partitions each list is spread; said once, when the table is new. 10 by default."""

    keep_expired: int = Field(86400, ge=-1)
    """How long after its expiry DynamoDB may delete what has expired; -1 for never."""

    create: bool = True
    """Make the table when it is missing; without, it must be there."""

    transaction_items: int = Field(100, ge=10, le=100)
    """How many items a transaction may write: 100, and 10 on DynamoDB Local before 2022."""
