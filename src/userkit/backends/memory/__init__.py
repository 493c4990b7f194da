"""A store in memory: the reference that every other store is compared with; and a rate limiter."""

from userkit.backends.memory.limiter import MemoryRateLimiter
from userkit.backends.memory.store import MemoryStore

__all__ = ["MemoryRateLimiter", "MemoryStore"]
