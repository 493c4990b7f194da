"""What a plugin says of itself, and what it may not say."""

from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from userkit.backends.memory import MemoryStore
from userkit.errors import UsageError
from userkit.storage.plugin import StorePlugin


def _open(url: str, *, blocking: bool) -> MemoryStore:
    return MemoryStore()


def test_a_plugin_is_a_value() -> None:
    """It says what it was given, cannot change, and has modest defaults."""
    plugin = StorePlugin(name="acme", api_version=1, factory=_open)
    assert (plugin.name, plugin.api_version, plugin.factory) == ("acme", 1, _open)
    assert (plugin.settings, plugin.capabilities, plugin.summary) == (None, frozenset(), "")
    with pytest.raises(FrozenInstanceError):
        plugin.name = "other"  # type: ignore[misc]  # this is what is tested


def test_capabilities_may_be_any_collection_of_names() -> None:
    """They are kept as a frozen set."""
    plugin = StorePlugin(name="acme", api_version=1, factory=_open, capabilities=["Countable"])  # type: ignore[arg-type]
    assert plugin.capabilities == frozenset({"Countable"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "Acme"},
        {"name": ""},
        {"name": "acme db"},
        {"name": "acme+driver"},
        {"name": "a" * 64},
        {"name": None},
        {"api_version": 0},
        {"api_version": "1"},
        {"api_version": True},
        {"factory": None},
        {"settings": "Settings"},
        {"summary": None},
        {"capabilities": "Countable"},
        {"capabilities": {1}},
    ],
)
def test_nonsense_is_refused_where_it_is_written(wrong: dict[str, Any]) -> None:
    """A plugin that nobody could find, compare or call cannot be made."""
    right: dict[str, Any] = {"name": "acme", "api_version": 1, "factory": _open}
    with pytest.raises(UsageError):
        StorePlugin(**{**right, **wrong})


def test_the_version_of_the_api_has_to_be_written_down() -> None:
    """A default would always be the installed version, and tell nothing."""
    with pytest.raises(TypeError, match="api_version"):
        StorePlugin(name="acme", factory=_open)  # type: ignore[call-arg]  # this is what is tested
