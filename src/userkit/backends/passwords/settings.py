"""Settings of password hashing."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from userkit.backends.passwords.argon2id import LEAST_MEMORY, LEAST_PARALLELISM, LEAST_TIME
from userkit.backends.passwords.places import DEFAULT_QUEUE

__all__ = ["Argon2Settings"]


class Argon2Settings(BaseSettings):
    """What hashing costs, and how much of it runs at once.

    They are read from ``USERKIT_ARGON2_MEMORY_COST`` and so on.
    """

    model_config = SettingsConfigDict(
        env_prefix="USERKIT_ARGON2_", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    memory_cost: int = LEAST_MEMORY
    """How many KiB a hash takes; less than the default is refused, as for the next two."""

    time_cost: int = LEAST_TIME
    """How many passes it makes over them."""

    parallelism: int = LEAST_PARALLELISM
    """How many threads work on one hash."""

    workers: int | None = Field(default=None, ge=1, le=1024)
    """How many hashes are made at once, in each process; half of the processors if not set.

    They take ``workers`` x ``memory_cost`` of memory. One of an imported hash may take 256 MiB.
    """

    queue: int = Field(default=DEFAULT_QUEUE, ge=0, le=1_000_000)
    """How many calls wait while all workers are busy; one more is turned away (503)."""

    flask_security_salt: SecretStr | None = None
    """The SECURITY_PASSWORD_SALT of the application that made the hashes ``flask-security$…``."""
