"""Password hashing as a plugin: ``argon2``."""

from typing import Any

from userkit.ports.passwords import PasswordHasher, PasswordHasherPlugin

__all__ = ["argon2"]


def _make(*, blocking: bool) -> PasswordHasher:
    from userkit.backends.passwords.opening import open_hasher

    return open_hasher(blocking=blocking)


def _settings() -> type[Any]:
    from userkit.backends.passwords.settings import Argon2Settings

    return Argon2Settings


argon2 = PasswordHasherPlugin(
    name="argon2",
    api_version=1,
    factory=_make,
    settings=_settings,
    summary="argon2id; verifies bcrypt, scrypt, PBKDF2 and older argon2, and makes them anew.",
)
