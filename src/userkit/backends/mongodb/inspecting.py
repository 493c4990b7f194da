"""What a deployment tells of itself."""

from datetime import UTC
from typing import Any

from userkit.backends.mongodb.calling import MAJORITY, done
from userkit.backends.mongodb.connection import Connection
from userkit.storage.inspection import Inspection, Remark

__all__ = ["inspect"]


async def inspect(connection: Connection) -> Inspection:
    """Return which server it is, its clock, how many servers there are and what confirms a write."""
    admin = connection.client.admin
    hello: dict[str, Any] = await done(admin.command("hello"))
    build: dict[str, Any] = await done(admin.command("buildInfo"))
    clock = hello.get("localTime")
    return Inspection(
        engine=f"MongoDB {build.get('version', '')}".strip(),
        clock=clock if clock is None or clock.tzinfo else clock.replace(tzinfo=UTC),
        remarks=(_servers(hello), _writes()),
    )


def _servers(hello: dict[str, Any]) -> Remark:
    if hello.get("msg") == "isdbgrid":
        return Remark(subject="replica set", ok=True, found="a sharded cluster")
    count = len(hello.get("hosts", ()))
    return Remark(
        subject="replica set",
        ok=count > 1,
        found=f"the replica set {hello.get('setName', '')} has {count} server{'' if count == 1 else 's'}",
        advice="Add two servers, so that nothing is lost and accounts go on when one fails.",
    )


def _writes() -> Remark:
    # The store says it with each write, whatever the URL of the client says.
    return Remark(subject="write concern", ok=True, found=f"w={MAJORITY.document.get('w')} with each write")
