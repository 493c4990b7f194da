"""How sessions are kept."""

from userkit.features.sessions.model import Session
from userkit.storage.collection import Collection

__all__ = ["SESSIONS"]

SESSIONS = Collection("sessions", Session, index=("user_id",), expires="expires_at", cached=True)
