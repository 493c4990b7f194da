"""What the entry points name: ``etcd://``, and ``etcds://`` with TLS."""

from functools import partial
from typing import TYPE_CHECKING

from userkit.storage import StorePlugin

if TYPE_CHECKING:
    from userkit_store_etcd.store import EtcdStore

__all__ = ["etcd", "etcds"]


def _open(url: str, *, blocking: bool) -> "EtcdStore":
    # Imported when a store is made, so that listing plugins imports no driver. The store blocks, and so
    # serves both kits: the asynchronous one gives it threads.
    from userkit_store_etcd.address import Address
    from userkit_store_etcd.store import EtcdStore

    return EtcdStore(Address.read(url))


_plugin = partial(
    StorePlugin,
    api_version=1,
    factory=_open,
    capabilities=frozenset({"Concurrent", "Countable", "Purgeable", "Surveyable"}),
)

etcd = _plugin(name="etcd", summary="etcd 3.4 or later, by its HTTP gateway.")
etcds = _plugin(name="etcds", summary="etcd with TLS.")
