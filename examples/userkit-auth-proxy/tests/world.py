"""What the tests share: keys, and kits that find the backend by its entry point."""

import secrets

from userkit import SyncUserKit, UnauthenticatedError

__all__ = ["ADA", "KEY", "SECRET", "opens"]

KEY = secrets.token_bytes(32)
SECRET = secrets.token_urlsafe(32)
ADA = "ada@example.com"


def opens(kit: SyncUserKit, credential: str) -> bool:
    """Tell whether a credential opens anything."""
    try:
        kit.authenticate(credential)
    except UnauthenticatedError:
        return False
    return True
