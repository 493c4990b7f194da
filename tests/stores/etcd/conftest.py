"""One etcd for all tests of a process, and the example where userkit finds it."""

import sys
from collections.abc import Callable, Iterator
from itertools import count

import pytest

from tests.plugins.site import Site
from tests.servers.etcd import EtcdServer
from tests.stores.etcd.installed import install

_numbers = count()


@pytest.fixture(scope="session")
def etcd() -> Iterator[EtcdServer]:
    """A private etcd with its usual limits; take a prefix of your own in it."""
    with EtcdServer() as server:
        yield server


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The example on the path, as a distribution of its own; taken away again after the module."""
    site = install(tmp_path_factory.mktemp("site"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(site.path), *sys.path])
        patch.setattr(sys, "dont_write_bytecode", True)
        yield site
    site.forget()


@pytest.fixture
def fresh_url(etcd: EtcdServer, installed: Site) -> Callable[..., str]:
    """What returns a URL with a prefix that nobody used, and other options."""

    def url(**options: object) -> str:
        return etcd.url(prefix=f"test{next(_numbers)}", **options)

    return url
