"""How the trail is kept."""

from userkit.features.audit.model import AuditEntry
from userkit.storage.collection import Collection

__all__ = ["AUDIT"]

AUDIT = Collection("audit", AuditEntry, index=("user_id",), expires="expires_at")
