"""What a shell may offer for the value of an option. Nothing is opened for it, and no plugin is loaded."""

from collections.abc import Iterable

from userkit.features.built_in import built_in
from userkit.features.roles.definitions import ADMINISTRATOR
from userkit.importing import FORMATS
from userkit.plugins.opening import STORES

__all__ = ["collections", "formats", "roles", "stores"]

_FILES = frozenset({"sqlite"})


def stores(incomplete: str) -> list[str]:
    """Return how a URL of each store that is installed begins."""
    return _beginning(incomplete, (f"{name}://{'/' * (name in _FILES)}" for name in STORES.names()))


def formats(incomplete: str) -> list[str]:
    """Return the formats of `userkit import`."""
    return _beginning(incomplete, FORMATS)


def collections(incomplete: str) -> list[str]:
    """Return the names of what is stored, without that of hook plugins."""
    return _beginning(incomplete, (each.name for feature in built_in() for each in feature.collections))


def roles(incomplete: str) -> list[str]:
    """Return the role that every kit has."""
    return _beginning(incomplete, [ADMINISTRATOR])


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]
