"""A store in memory: the reference that every other store is compared with."""

from userkit.backends.memory.store import MemoryStore

__all__ = ["MemoryStore"]
