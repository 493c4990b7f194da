"""The store of examples/userkit-store-etcd, found by its entry point, through the whole suite."""

import os
import subprocess
import sys
from functools import partial
from importlib.metadata import distributions

import pytest

from tests.plugins.site import Site
from tests.servers.etcd import EtcdServer
from tests.stores.etcd.installed import EXAMPLE, open_installed
from userkit.plugins.opening import STORES
from userkit.storage.capabilities import BulkLoadable, Searchable
from userkit.testing import StoreConformance
from userkit.testing.bench import OpenStore

pytestmark = pytest.mark.server


class TestEtcd(StoreConformance):
    """etcd 3.4, by its HTTP gateway."""

    lacks = (BulkLoadable, Searchable)

    @pytest.fixture
    def open_store(self, etcd: EtcdServer, installed: Site) -> OpenStore:
        return partial(open_installed, str(installed.path), etcd.url())


def test_the_store_is_a_distribution_of_its_own(installed: Site) -> None:
    """It is found by its entry points, beside those of userkit."""
    (found,) = distributions(path=[str(installed.path)])
    assert found.name == "userkit-store-etcd"
    offer = STORES.choose("etcd")
    assert "userkit-store-etcd 0.1.0" in str(offer)
    assert STORES.open(offer).capabilities == {"Concurrent", "Countable", "Purgeable", "Surveyable"}
    assert STORES.open(STORES.choose("etcds")).name == "etcds"


def test_the_example_brings_its_own_tests(etcd: EtcdServer, installed: Site) -> None:
    """They run as its README says; here one, since all of them are above."""
    paths = os.pathsep.join([str(installed.path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-k",
            "several_kinds",
        ],
        cwd=EXAMPLE,
        env={**os.environ, "PYTHONPATH": paths, "ETCD_URL": etcd.url(), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
