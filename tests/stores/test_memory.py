"""The memory store."""

import pytest

from userkit.backends.memory import MemoryStore
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore


class TestMemoryStore(StoreConformance):
    """Memory."""

    durable = False
    shared_between_processes = False

    @pytest.fixture
    def open_store(self) -> OpenStore:
        return MemoryStore
