"""A folder of distributions on the path, and a registry that sees nothing else."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.site import Site
from userkit.plugins.registry import Registry, plugins_of
from userkit.storage.plugin import STORE_API, StorePlugin


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder on the path to install distributions in."""
    site = Site(tmp_path / "site")
    monkeypatch.setattr(sys, "path", [str(site.path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield site
    site.forget()


@pytest.fixture
def stores(site: Site) -> Registry[StorePlugin]:
    """A registry of the stores in that folder alone."""
    return Registry(
        "userkit.stores",
        kind="store",
        accept=plugins_of(StorePlugin, api_version=STORE_API),
        entry_points=site.entry_points,
    )
