"""Several stores as one: kinds of entities that are kept elsewhere."""

import pytest

from userkit.backends.memory import MemoryStore
from userkit.storage.routed import RoutedStore
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore
from userkit.testing.specimens import Everything


class TestRoutedStore(StoreConformance):
    """Memory, with some kinds in another memory."""

    durable = False
    shared_between_processes = False
    machine_examples = 10

    @pytest.fixture
    def open_store(self) -> OpenStore:
        return lambda: RoutedStore(MemoryStore(), {Everything: MemoryStore()})
