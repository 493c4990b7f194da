"""The memory store as a plugin: ``memory://``."""

from userkit.backends.memory.store import MemoryStore
from userkit.errors import InvalidURLError
from userkit.storage.plugin import StorePlugin

__all__ = ["memory"]


def _open(url: str, *, blocking: bool) -> MemoryStore:
    if url != "memory://":
        raise InvalidURLError("A memory store has no options: its URL is memory:// and nothing else.")
    return MemoryStore()


memory = StorePlugin(
    name="memory",
    api_version=1,
    factory=_open,
    capabilities=frozenset({"BulkLoadable", "Countable", "Purgeable", "Searchable", "Surveyable"}),
    summary="Everything in this process, gone with it; for tests and first steps.",
)
