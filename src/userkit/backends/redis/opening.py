"""Stores by URL: ``redis://``, ``rediss://`` and their kinds."""

from userkit.backends.redis.addresses import Address
from userkit.backends.redis.connecting import Link
from userkit.backends.redis.settings import RedisSettings
from userkit.backends.redis.store import RedisStore

__all__ = ["open_url"]


def open_url(url: str, *, blocking: bool, settings: RedisSettings | None = None) -> RedisStore:
    """Make a store for a URL; it connects in ``prepare``. Raises InvalidURLError."""
    address = Address.read(url, settings=settings)
    link = Link.to(address, blocking=blocking)
    return RedisStore(link, prefix=address.settings.prefix, keep_expired=address.settings.keep_expired)
