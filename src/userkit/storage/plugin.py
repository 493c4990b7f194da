"""What a storage backend publishes about itself."""

from dataclasses import dataclass
from typing import Protocol

from userkit.kernel.plugin import Plugin
from userkit.storage.port import Store

__all__ = ["STORE_API", "StoreFactory", "StorePlugin"]

STORE_API = 1
"""The version of the plugin API for stores that this userkit speaks."""


class StoreFactory(Protocol):
    """Makes a store for a URL."""

    def __call__(self, url: str, *, blocking: bool) -> Store:
        """Return a store that has not connected yet; ``prepare`` does that.

        ``url`` begins with the name of the plugin, and perhaps ``+driver``. With ``blocking`` the
        store must be blocking; without, it may be. Raises InvalidURLError for what it does not
        understand, and never repeats the URL.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StorePlugin(Plugin[StoreFactory]):
    """A store, published in the entry-point group ``userkit.stores`` under its URL scheme.

    ::

        acme = StorePlugin(name="acme", api_version=1, factory=open_acme, summary="Acme DB, by HTTP")
    """
