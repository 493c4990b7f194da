"""What an auth backend is built from, for tests that build one without installing it."""

from collections.abc import Mapping
from typing import Any

from userkit.kernel.ids import UUIDv7
from userkit.kit import SyncUserKit, UserKit
from userkit.ports.authentication import AuthParts

__all__ = ["auth_parts"]


def auth_parts(kit: UserKit | SyncUserKit, *, settings: Mapping[str, Any] | None = None) -> AuthParts:
    """Return the parts for an auth backend over the users of a kit, or of the realm that it is a view of.

    ``settings`` are those of auth backends by name, as in ``UserKit(auth=…)``.
    """
    wiring = kit.wiring()
    sessions = wiring.offered["sessions"]
    return AuthParts(
        realm=wiring.realm,
        now=wiring.now,
        new_id=UUIDv7(wiring.now),
        keys=wiring.keys,
        sessions=sessions.auth_gate,
        accounts=sessions.accounts,
        settings=settings or {},
        offered=wiring.offered,
    )
