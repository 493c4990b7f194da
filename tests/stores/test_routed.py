"""Several stores as one: kinds of entities that are kept elsewhere."""

from functools import partial
from pathlib import Path

import pytest

from userkit.backends.memory import MemoryStore
from userkit.backends.sqlalchemy.opening import open_url
from userkit.storage.port import Store
from userkit.storage.routed import RoutedStore
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore
from userkit.testing.specimens import Everything


def _open(folder: Path) -> Store:
    main, elsewhere = (open_url(f"sqlite:///{folder}/{name}.db", blocking=True) for name in ("main", "other"))
    return RoutedStore(main, {Everything: elsewhere})


class TestRoutedStore(StoreConformance):
    """Memory, with some kinds in another memory."""

    durable = False
    shared_between_processes = False
    machine_examples = 10

    @pytest.fixture
    def open_store(self) -> OpenStore:
        return lambda: RoutedStore(MemoryStore(), {Everything: MemoryStore()})


class TestRoutedStoreOfFiles(StoreConformance):
    """SQLite, with some kinds in another file."""

    machine_examples = 5

    @pytest.fixture
    def open_store(self, tmp_path_factory: pytest.TempPathFactory) -> OpenStore:
        return partial(_open, self.folder(tmp_path_factory))

    def folder(self, factory: pytest.TempPathFactory) -> Path:
        """Return the folder of this run, the same for every test of the class."""
        cls = type(self)
        if not hasattr(cls, "_folder"):
            cls._folder = factory.mktemp("routed")  # type: ignore[attr-defined]
        return cls._folder  # type: ignore[attr-defined,no-any-return]
