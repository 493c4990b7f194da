"""The port for taking turns inside one process, where conditional writes would only be tried in vain."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

__all__ = ["Turns"]


class Turns(Protocol):
    """Lets callers in this process do something one after another, by a key.

    It is for speed alone: other processes know nothing of it, so the store still decides.
    """

    def of(self, key: str) -> AbstractAsyncContextManager[None]:
        """Wait for this caller's turn under a key; the next one's comes when the block ends."""
        ...
