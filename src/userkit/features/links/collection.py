"""How links are kept."""

from userkit.features.links.model import Link
from userkit.storage.collection import Collection

__all__ = ["LINKS"]

LINKS = Collection("links", Link, index=("user_id",), expires="expires_at")
