"""The store through userkit's own suite: ``ETCD_URL=etcd://localhost:2379 pytest``."""

import os
from functools import partial

import pytest
from userkit_store_etcd import EtcdStore
from userkit_store_etcd.address import Address

from userkit.storage import BulkLoadable, Searchable, Store
from userkit.testing import OpenStore, StoreConformance


def open_etcd(url: str) -> Store:
    """Open the same storage again."""
    return EtcdStore(Address.read(url))


class TestEtcd(StoreConformance):
    """Every test works in a realm of its own, so that the server need not be empty."""

    lacks = (BulkLoadable, Searchable)

    @pytest.fixture
    def open_store(self) -> OpenStore:
        return partial(open_etcd, os.environ["ETCD_URL"])
