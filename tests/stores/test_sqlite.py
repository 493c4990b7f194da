"""The SQL store on SQLite: a file, the same in threads for asynchronous applications, and memory."""

from functools import partial

import pytest

from userkit.backends.sqlalchemy.opening import open_url
from userkit.storage.port import Store
from userkit.storage.threaded import ThreadedStore
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore


def _open_in_threads(url: str) -> Store:
    return ThreadedStore(open_url(url, blocking=True))


@pytest.fixture(scope="class")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/store.db"


class TestSQLiteFile(StoreConformance):
    """SQLite, a file."""

    @pytest.fixture
    def open_store(self, url: str) -> OpenStore:
        return partial(open_url, url, blocking=True)


class TestSQLiteFileInThreads(TestSQLiteFile):
    """SQLite, a file, in a thread."""

    @pytest.fixture
    def open_store(self, url: str) -> OpenStore:
        return partial(_open_in_threads, url)


class TestSQLiteInMemory(StoreConformance):
    """SQLite, in memory."""

    durable = False
    shared_between_processes = False

    @pytest.fixture
    def open_store(self) -> OpenStore:
        return partial(open_url, "sqlite://", blocking=True)
