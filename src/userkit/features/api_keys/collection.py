"""How API keys are kept."""

from userkit.features.api_keys.model import ApiKey
from userkit.storage.collection import Collection

__all__ = ["API_KEYS"]

API_KEYS = Collection("api_keys", ApiKey, index=("user_id",), expires="expires_at", cached=True)
