"""A store by its URL: the plugin makes it, and what it makes is looked at."""

import traceback
from typing import Any

import pytest

from tests.plugins.site import Site, store_plugin
from userkit.backends.memory import MemoryStore
from userkit.errors import (
    InvalidURLError,
    MissingExtraError,
    PluginConflictError,
    PluginLoadError,
    UnknownBackendError,
    UnsupportedStoreError,
)
from userkit.plugins.opening import is_store, open_store
from userkit.plugins.registry import Registry
from userkit.storage.plugin import StorePlugin

Stores = Registry[StorePlugin]

_URL = "acme://ada:s3cret@host/db?token=t0ken"


def _factory(body: str, *, head: str = "def open_store(url, *, blocking):", more: str = "") -> str:
    return f"""
from userkit.backends.memory import MemoryStore
from userkit.errors import InvalidURLError
from userkit.storage.plugin import StorePlugin

{head}
    {body}

plugin = StorePlugin(name="acme", api_version=1, factory=open_store, {more})
"""


@pytest.mark.parametrize("blocking", [True, False])
@pytest.mark.parametrize("url", ["acme://Host/Db", "acme+driver://Host/Db", "ACME://Host/Db"])
def test_the_plugin_of_the_scheme_makes_the_store(
    site: Site, stores: Stores, url: str, blocking: bool
) -> None:
    """It gets the URL with its scheme in lower case, and whether the store must block."""
    site.install_store("acme", _factory("store = MemoryStore(); store.asked = (url, blocking); return store"))
    store: Any = open_store(url, blocking=blocking, registry=stores)
    scheme, _, rest = url.partition("://")
    assert store.asked == (f"{scheme.lower()}://{rest}", blocking)


def test_stores_of_this_environment_are_the_default(site: Site) -> None:
    """What is on the path can be opened."""
    site.install_store("acme", store_plugin("acme"))
    assert isinstance(open_store("acme://", blocking=True), MemoryStore)


def test_a_wrong_url_or_name_repeats_nothing(site: Site, stores: Stores) -> None:
    """Neither does a conflict, nor a preference."""
    site.install_store("acme", store_plugin("acme"), distribution="one")
    with pytest.raises(UnknownBackendError, match="Did you mean 'acme'") as unknown:
        open_store(_URL.replace("acme", "acne"), blocking=True, registry=stores)
    with pytest.raises(InvalidURLError) as invalid:
        open_store(_URL.replace("://", ":"), blocking=True, registry=stores)
    site.install_store("twin", store_plugin("twin"), distribution="one-twin")
    site.install_store("twin", store_plugin("twin"), distribution="two-twin")
    twin = _URL.replace("acme", "twin")
    with pytest.raises(PluginConflictError) as conflict:
        open_store(twin, blocking=True, registry=stores)
    assert open_store(twin, blocking=True, prefer={"twin": "one-twin"}, registry=stores)
    for caught in (unknown, invalid, conflict):
        assert "s3cret" not in "".join(traceback.format_exception_only(caught.value))


def test_an_error_of_ours_passes(site: Site, stores: Stores) -> None:
    """A backend knows best what is wrong with its URL."""
    site.install_store("acme", _factory("raise InvalidURLError('acme takes no path')"))
    with pytest.raises(InvalidURLError, match="acme takes no path"):
        open_store(_URL, blocking=True, registry=stores)


@pytest.mark.parametrize(
    "body",
    [
        "raise ValueError(url)",
        "raise SystemExit(url)",
        "import ast; ast.literal_eval(url)",
        "int(url.partition(':')[2])",
        "raise ValueError from RuntimeError(url)",
    ],
)
def test_a_factory_that_fails_tells_no_secret(site: Site, stores: Stores, body: str) -> None:
    """The error names the kind and the place; no cause and no context leads to the text."""
    site.install_store("acme", _factory(body))
    with pytest.raises(
        PluginLoadError, match=r"'acme' of userkit-acme 1\.0 failed to make a store"
    ) as caught:
        open_store(_URL, blocking=True, registry=stores)
    text = "".join(traceback.format_exception(caught.value, chain=True))
    assert not any(secret in text for secret in ("s3cret", "t0ken"))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert ".py, line " in caught.value.detail


def test_without_a_place_for_secrets_the_cause_is_told(site: Site, stores: Stores) -> None:
    """A plugin author wants to see it."""
    site.install_store("acme", _factory("raise ValueError('no such region')"))
    with pytest.raises(PluginLoadError, match="ValueError: no such region") as caught:
        open_store("acme://host/db", blocking=True, registry=stores)
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_interrupt_passes(site: Site, stores: Stores) -> None:
    """Ctrl-C is no failure of the plugin."""
    site.install_store("acme", _factory("raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        open_store(_URL, blocking=True, registry=stores)


def test_a_driver_that_is_imported_late_is_a_missing_extra_too(site: Site, stores: Stores) -> None:
    """Factories import drivers, so that listing plugins does not."""
    site.install(
        "userkit-acme",
        entry_points={"userkit.stores": {"acme": "acme_store:plugin"}},
        modules={"acme_store": _factory("import acme_driver")},
        requires=['acme-driver; extra == "fast"'],
    )
    with pytest.raises(MissingExtraError, match=r"pip install 'userkit-acme\[fast\]'") as caught:
        open_store(_URL, blocking=True, registry=stores)
    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        (_factory("return None"), "NoneType"),
        (_factory("return MemoryStore"), "type"),
        (_factory("return object()"), "object"),
        (_factory("store = MemoryStore(); store.blocking = 1; return store"), "MemoryStore"),
        (_factory("store = MemoryStore(); store.find = None; return store"), "MemoryStore"),
        (_factory("return MemoryStore()", head="async def open_store(url, *, blocking):"), "coroutine"),
    ],
    ids=["nothing", "class", "object", "blocking", "verb", "coroutine"],
)
def test_what_is_made_must_be_a_store(site: Site, stores: Stores, text: str, made: str) -> None:
    """The error names what was made instead."""
    site.install_store("acme", text)
    with pytest.raises(
        PluginLoadError, match=rf"'acme' of userkit-acme 1\.0 made a {made}, which is not a store"
    ):
        open_store(_URL, blocking=False, registry=stores)


def test_the_synchronous_kit_gets_a_blocking_store_or_an_error(site: Site, stores: Stores) -> None:
    """A store that waits would fail at its first call, far from the cause."""
    site.install_store("acme", _factory("store = MemoryStore(); store.blocking = False; return store"))
    with pytest.raises(UnsupportedStoreError, match="no blocking store"):
        open_store(_URL, blocking=True, registry=stores)
    assert open_store(_URL, blocking=False, registry=stores).blocking is False


def test_a_plugin_keeps_what_it_promises(site: Site, stores: Stores) -> None:
    """A capability that is announced is there; those of others are not ours to check."""
    site.install_store(
        "acme", _factory("return MemoryStore()", more="capabilities={'Countable', 'AcmeTurbo'}")
    )
    assert is_store(open_store(_URL, blocking=True, registry=stores))
    site.install_store(
        "liar", _factory("return MemoryStore()", more="capabilities={'Concurrent'}").replace("acme", "liar")
    )
    with pytest.raises(PluginLoadError, match="says that it is Concurrent, but its MemoryStore is not"):
        open_store("liar://", blocking=True, registry=stores)
