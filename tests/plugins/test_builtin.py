"""Our own backends come through the same door as everybody's."""

import importlib
import subprocess
import sys

import pytest

import userkit.plugins
from tests.plugins.site import PROJECT, Site
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidURLError
from userkit.plugins.advice import DISTRIBUTION, STORE_REQUIREMENTS
from userkit.plugins.opening import STORES, open_store
from userkit.storage.plugin import STORE_API


def test_every_store_of_ours_is_one_that_errors_know_to_install() -> None:
    """What pyproject.toml declares and what errors advise are the same."""
    assert PROJECT["name"] == DISTRIBUTION
    assert PROJECT["entry-points"]["userkit.stores"].keys() == STORE_REQUIREMENTS.keys()
    for requirement in STORE_REQUIREMENTS.values():
        extra = requirement.partition("[")[2].rstrip("]")
        assert not extra or extra in PROJECT["optional-dependencies"]


@pytest.mark.parametrize("name", STORE_REQUIREMENTS)
def test_every_store_of_ours_is_a_plugin(site: Site, name: str) -> None:
    """It loads by its entry point, and says what it is."""
    site.install_userkit()
    plugin = STORES.load(name)
    assert (plugin.name, plugin.api_version) == (name, STORE_API)
    assert plugin.summary


@pytest.mark.parametrize("blocking", [True, False])
def test_a_memory_store_has_no_options(site: Site, blocking: bool) -> None:
    """Each URL opened is a store of its own."""
    site.install_userkit()
    store = open_store("memory://", blocking=blocking)
    assert isinstance(store, MemoryStore)
    assert store is not open_store("MEMORY://", blocking=blocking)
    for url in ("memory://name", "memory:///", "memory+dict://", "memory://?size=5"):
        with pytest.raises(InvalidURLError, match="no options"):
            open_store(url, blocking=blocking)


def test_pluggy_is_imported_by_those_who_write_hooks() -> None:
    """Who declares or opens a store needs neither pluggy nor a driver nor settings."""
    code = "import sys, userkit.plugins.opening, userkit.plugins.hooks; print(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert "userkit.plugins.hooks" in printed.split()
    assert not {"pluggy", "pydantic_settings", "sqlalchemy", "asyncio"} & set(printed.split())


def test_hookimpl_is_where_plugin_authors_look() -> None:
    """Nothing else is made up for the asking."""
    assert userkit.plugins.hookimpl is importlib.import_module("userkit.plugins.hookspecs").hookimpl
    with pytest.raises(AttributeError, match="no attribute 'hookspec'"):
        _ = userkit.plugins.hookspec  # type: ignore[attr-defined]  # this is what is tested
