"""What a server tells of itself."""

from datetime import UTC, datetime
from typing import Any

from redis.exceptions import ResponseError

from userkit.backends.redis.checking import told_by
from userkit.backends.redis.connecting import Link
from userkit.storage.inspection import Inspection, Remark

__all__ = ["inspect"]


async def inspect(link: Link) -> Inspection:
    """Return which server it is, its clock, and whether it keeps what it was given."""
    every = await told_by(link)
    first = every[0]
    product, version = (
        ("Valkey", first["valkey_version"])
        if "valkey_version" in first
        else (
            "Redis",
            first.get("redis_version", ""),
        )
    )
    saves = [await _saves(link, told) for told in every]
    return Inspection(
        engine=f"{product} {version}".strip(),
        clock=None if link.is_cluster else await _clock(link),
        remarks=(_eviction(every), _persistence(saves)),
    )


async def _clock(link: Link) -> datetime:
    seconds, micros = await link.call("TIME")
    return datetime.fromtimestamp(int(seconds) + int(micros) / 1_000_000, UTC)


def _eviction(every: list[dict[str, Any]]) -> Remark:
    policies = sorted({str(told.get("maxmemory_policy", "noeviction")) for told in every})
    return Remark(
        subject="eviction",
        ok=policies == ["noeviction"],
        found=f"maxmemory-policy is {' and '.join(policies)}",
        advice="Set maxmemory-policy to noeviction: a server that keeps sessions must not throw any away. "
        "Give caches a server of their own.",
    )


async def _saves(link: Link, told: dict[str, Any]) -> bool | None:
    """Tell whether a server writes to disk, None when it does not say."""
    if int(told.get("aof_enabled", 0)):
        return True
    if link.is_cluster:
        return None
    try:
        found = await link.call("CONFIG", "GET", "save")
    except ResponseError:
        return None  # hosted servers keep their configuration to themselves
    values = found.values() if isinstance(found, dict) else found[1::2]
    return any(values)


def _persistence(saves: list[bool | None]) -> Remark:
    if None in saves and False not in saves:
        return Remark(
            subject="persistence", ok=True, found="append-only files are off, snapshots were not told"
        )
    return Remark(
        subject="persistence",
        ok=all(saves),
        found="what is stored is written to disk" if all(saves) else "nothing is written to disk",
        advice="Set appendonly yes, else a restart ends every session and forgets which links were used.",
    )
