"""A blocking store in threads of its own, as an asynchronous store."""

import pytest

from userkit.backends.memory import MemoryStore
from userkit.storage.threaded import ThreadedStore
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore


class TestThreadedStore(StoreConformance):
    """Memory, in threads."""

    durable = False
    shared_between_processes = False

    @pytest.fixture
    def open_store(self) -> OpenStore:
        return lambda: ThreadedStore(MemoryStore(), threads=4)
