"""How the outbox is kept."""

from userkit.features.outbox.model import OutboxEntry
from userkit.storage.collection import Collection

__all__ = ["OUTBOX"]

OUTBOX = Collection("outbox", OutboxEntry, index=("state",))
