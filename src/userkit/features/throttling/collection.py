"""How attempts are kept."""

from userkit.features.throttling.model import Attempts
from userkit.storage.collection import Collection

__all__ = ["RATE_LIMITS"]

RATE_LIMITS = Collection("rate_limits", Attempts, expires="expires_at")
