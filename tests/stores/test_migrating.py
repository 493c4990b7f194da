"""A store with another one that follows it, as one store."""

from functools import partial

import pytest

from userkit.backends.memory import MemoryStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.storage.migrating import MigratingStore
from userkit.storage.port import Store
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore


def _open(leader: str) -> Store:
    return MigratingStore(open_url(leader, blocking=True), MemoryStore())


@pytest.fixture(scope="class")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('leader')}/store.db"


class TestMigratingStore(StoreConformance):
    """Memory, followed by memory."""

    durable = False
    shared_between_processes = False
    machine_examples = 10

    @pytest.fixture
    def open_store(self) -> OpenStore:
        return lambda: MigratingStore(MemoryStore(), MemoryStore())


class TestMigratingStoreOfAFile(StoreConformance):
    """SQLite, followed by memory."""

    machine_examples = 5

    @pytest.fixture
    def open_store(self, url: str) -> OpenStore:
        return partial(_open, url)
