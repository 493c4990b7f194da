"""The store through userkit's own suite: ``ETCD_URL=etcd://localhost:2379 pytest``."""

import os
from collections.abc import Callable
from functools import partial

import pytest
from userkit_store_etcd import EtcdStore
from userkit_store_etcd.address import Address

from userkit.storage.capabilities import BulkLoadable, Searchable
from userkit.storage.port import Store
from userkit.testing import StoreConformance


def open_etcd(url: str) -> Store:
    """Open the same storage again."""
    return EtcdStore(Address.read(url))


class TestEtcd(StoreConformance):
    """Every test works in a realm of its own, so that the server need not be empty."""

    lacks = (BulkLoadable, Searchable)

    @pytest.fixture
    def open_store(self) -> Callable[[], Store]:
        return partial(open_etcd, os.environ["ETCD_URL"])
