"""How what was spent is kept."""

from userkit.features.spending.model import HourlySpending
from userkit.storage.collection import Collection

__all__ = ["SPENDING"]

SPENDING = Collection("spending", HourlySpending, expires="expires_at")
