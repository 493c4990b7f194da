"""What is asked of a server before anything is stored in it."""

from typing import Any

from userkit.backends.redis.connecting import Link, done
from userkit.backends.redis.scripts import PROBE
from userkit.errors import StoreUnavailableError, UnsupportedStoreError

__all__ = ["check", "check_told", "told_by"]

_OLDEST = (6, 2)


async def check(link: Link, tag: str) -> None:
    """Raise UnsupportedStoreError for a server that cannot keep the promises of a store.

    ``tag`` is what keys begin with. Raises StoreUnavailableError for a replica, and redis-py's
    errors where the server does not let a store do what it has to.
    """
    for told in await told_by(link):
        check_told(link, told)
    await link.run(PROBE, tag)


def check_told(link: Link, told: dict[str, Any]) -> None:
    """Raise errors of ours for what a server tells of itself by ``INFO``."""
    _check_version(link, told)
    _check_kind(link, told)
    _check_memory(link, told)


async def told_by(link: Link) -> list[dict[str, Any]]:
    """Return what each primary tells of itself."""
    if not link.is_cluster:
        return [await done(link.client.info())]
    every: dict[str, Any] = await done(link.client.info(target_nodes=type(link.client).PRIMARIES))
    # Of a single one it tells by itself, not by its name.
    return list(every.values()) if all(isinstance(each, dict) for each in every.values()) else [every]


def _check_version(link: Link, told: dict[str, Any]) -> None:
    version = str(told.get("redis_version", "0"))
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if parts < _OLDEST:
        raise UnsupportedStoreError(
            f"{link.where} is Redis {version}; a store needs 6.2 or later, or Valkey."
        )


def _check_kind(link: Link, told: dict[str, Any]) -> None:
    if bool(int(told.get("cluster_enabled", 0))) is not link.is_cluster:
        right = "redis://" if link.is_cluster else "redis+cluster://"
        raise UnsupportedStoreError(
            f"{link.where} is of another kind than the URL says: write {right} instead."
        )
    if told.get("role") == "slave":
        raise StoreUnavailableError(f"{link.where} is a replica: the URL must lead to the primary.")


def _check_memory(link: Link, told: dict[str, Any]) -> None:
    policy = str(told.get("maxmemory_policy", "noeviction"))
    # Entities have no time to live, so that only a policy for all keys would take them.
    if policy.startswith("allkeys") and int(told.get("maxmemory", 0)):
        raise UnsupportedStoreError(
            f"{link.where} throws away what it was given when its memory is full, sessions as well "
            f"(maxmemory-policy {policy}): set noeviction, or use another server than that of a cache."
        )
