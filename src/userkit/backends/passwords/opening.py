"""The hasher that fits a kit, made from settings."""

from pydantic import ValidationError

from userkit.backends.passwords.argon2id import Argon2id
from userkit.backends.passwords.blocking import BlockingHasher
from userkit.backends.passwords.settings import Argon2Settings
from userkit.errors import ConfigurationError
from userkit.ports.passwords import PasswordHasher

__all__ = ["open_hasher"]


def open_hasher(*, blocking: bool, settings: Argon2Settings | None = None) -> PasswordHasher:
    """Make a hasher, by default as the environment says.

    Raises ConfigurationError for settings that are wrong or weaker than is safe.
    """
    settings = settings or _from_environment()
    salt = settings.flask_security_salt
    plain = Argon2id(
        memory_cost=settings.memory_cost,
        time_cost=settings.time_cost,
        parallelism=settings.parallelism,
        flask_security_salt=salt.get_secret_value() if salt else None,
    )
    if blocking:
        return BlockingHasher(plain, workers=settings.workers, queue=settings.queue)
    from userkit.backends.passwords.threaded import ThreadedHasher  # asyncio, which the others do without

    return ThreadedHasher(plain, workers=settings.workers, queue=settings.queue)


def _from_environment() -> Argon2Settings:
    try:
        return Argon2Settings()
    except ValidationError as error:
        wrong = [f"USERKIT_ARGON2_{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors()]
    # Outside of the except block: what pydantic says may repeat the salt.
    raise ConfigurationError("The settings of password hashing are not valid: " + "; ".join(wrong) + ".")
