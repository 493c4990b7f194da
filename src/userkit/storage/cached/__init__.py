"""A store with a cache before it, in which nothing that was revoked comes back."""

from userkit.storage.cached.store import CachedStore, is_declared

__all__ = ["CachedStore", "is_declared"]
