"""Settings of the connections to Redis or Valkey."""

from pydantic import Field, FilePath, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["RedisSettings"]


class RedisSettings(BaseSettings):
    """What the options of a Redis URL are called, and their defaults. Times are in seconds.

    They are read from ``USERKIT_REDIS_POOL_SIZE`` and so on; an option in the URL wins.
    """

    model_config = SettingsConfigDict(env_prefix="USERKIT_REDIS_", extra="forbid", frozen=True)

    prefix: str = Field("userkit", pattern=r"^[A-Za-z0-9_.-]{1,40}$")
    """What all keys begin with."""

    pool_size: int = Field(10, ge=1, le=1000)
    """How many calls go to the server at once; the rest wait."""

    pool_timeout: float = Field(5, gt=0, le=30)
    """How long to wait for others to be done."""

    connect_timeout: float = Field(2, gt=0, le=30)
    """How long to wait for a server to answer at first."""

    operation_timeout: float = Field(2, gt=0, le=30)
    """How long to wait for each answer."""

    keep_expired: int = Field(86_400, ge=-1)
    """How long after it has expired the store deletes a record by itself; -1 for never."""

    tls_ca: FilePath | None = None
    """The file with the certificates to trust, where the system's are not right."""

    tls_cert: FilePath | None = None
    """The file with the certificate of this client, where the server asks for one."""

    tls_key: FilePath | None = None
    """The file with its key."""

    sentinel_user: str | None = None
    """The user at the sentinels, who have accounts of their own."""

    sentinel_password: SecretStr | None = None
    """The user's password; better in ``USERKIT_REDIS_SENTINEL_PASSWORD`` than in a URL."""
