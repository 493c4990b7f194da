"""Stores by URL: the scheme names the plugin, the plugin makes the store."""

import traceback
from collections.abc import Coroutine, Mapping
from pathlib import PurePath
from typing import TypeGuard

from userkit.errors import PluginLoadError, UnsupportedStoreError, UserKitError
from userkit.plugins.advice import STORE_REQUIREMENTS
from userkit.plugins.offers import Offer
from userkit.plugins.registry import Registry, plugins_of
from userkit.plugins.urls import StoreURL
from userkit.storage.capabilities import (
    BulkLoadable,
    Concurrent,
    Countable,
    Migratable,
    Purgeable,
    Searchable,
    Surveyable,
    supports,
)
from userkit.storage.plugin import STORE_API, StorePlugin
from userkit.storage.port import Store

__all__ = ["STORES", "is_store", "open_store", "put_away"]

STORES = Registry(
    "userkit.stores",
    kind="store",
    accept=plugins_of(StorePlugin, api_version=STORE_API),
    known=STORE_REQUIREMENTS,
)
"""The stores of this environment."""

_VERBS = ("prepare", "get", "find", "commit", "realm", "close")
_CAPABILITIES = {
    each.__name__: each
    for each in (BulkLoadable, Concurrent, Countable, Migratable, Purgeable, Searchable, Surveyable)
}


def open_store(
    url: str,
    *,
    blocking: bool,
    prefer: Mapping[str, str] | None = None,
    registry: Registry[StorePlugin] = STORES,
) -> Store:
    """Make the store that a URL names; it connects in ``prepare``.

    With ``blocking`` the store never waits for an event loop; without, it may or may not.
    ``prefer`` names the distribution to take where several offer one scheme.

    Raises InvalidURLError, UnknownBackendError, PluginConflictError, PluginLoadError,
    MissingExtraError, PluginIncompatibleError, and UnsupportedStoreError for a store that cannot
    block. None of them repeats the URL.
    """
    address = StoreURL.read(url)
    offer = registry.choose(address.plugin, prefer=prefer)
    plugin = registry.open(offer)
    store = _make(plugin, offer, address, blocking=blocking)
    if not is_store(store):
        raise PluginLoadError(f"{offer} made a {type(store).__name__}, which is not a store.")
    if blocking and not store.blocking:
        raise UnsupportedStoreError(f"{offer} has no blocking store for this URL; use the asynchronous kit.")
    for name in sorted(plugin.capabilities & _CAPABILITIES.keys()):
        if not supports(store, _CAPABILITIES[name]):
            raise PluginLoadError(f"{offer} says that it is {name}, but its {type(store).__name__} is not.")
    return store


def is_store(thing: object) -> TypeGuard[Store]:
    """Tell whether this has the shape of a store."""
    if isinstance(thing, type) or not isinstance(getattr(thing, "blocking", None), bool):
        return False
    return all(callable(getattr(thing, verb, None)) for verb in _VERBS)


def put_away(made: object) -> object:
    """Close what an ``async def`` returned where none belongs, so that Python need not warn of it."""
    if isinstance(made, Coroutine):
        made.close()
    return made


def _make(plugin: StorePlugin, offer: Offer, address: StoreURL, *, blocking: bool) -> object:
    try:
        made: object = plugin.factory(address.text, blocking=blocking)
    except (KeyboardInterrupt, UserKitError):
        raise
    except ModuleNotFoundError as error:
        raise offer.failure("failed to make a store", error) from error
    except BaseException as error:  # noqa: BLE001  # no plugin ends the application, not even by sys.exit()
        failure, cause = _failure(offer, address, error), None if address.may_hold_secrets else error
    else:
        return put_away(made)
    # Outside of the except block, so that no context leads back to a text with a password in it.
    raise failure from cause


def _failure(offer: Offer, address: StoreURL, error: BaseException) -> PluginLoadError:
    if not address.may_hold_secrets:
        return offer.failure("failed to make a store", error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    return PluginLoadError(
        f"{offer} failed to make a store: {type(error).__name__} in {PurePath(where.filename).name}, line "
        f"{where.lineno}. What it says is withheld, for it may repeat a password of the URL."
    )
