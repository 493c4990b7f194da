"""What a feature is, and what it may be built from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from userkit.errors import UsageError
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.events import Listeners, Publish
from userkit.kernel.ids import NewId
from userkit.kernel.keys import Keyring
from userkit.storage.collection import Collection
from userkit.storage.port import Store

__all__ = ["Feature", "Parts"]

A = TypeVar("A")
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a feature is built from, for one realm."""

    store: Store
    now: Clock
    new_id: NewId
    keys: Keyring
    cursors: Cursors
    publish: Publish
    listeners: Listeners
    built: Mapping[str, object]

    def use(self, feature: "Feature[A, Any]") -> A:
        """Return a feature that was built before, because it is named in ``requires``."""
        try:
            return self.built[feature.name]  # type: ignore[return-value]  # built by this very feature
        except KeyError:
            raise UsageError(f"{feature.name} is not built yet: name it in requires.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature(Generic[A, S]):
    """Something that a kit can do, as a value.

    ``build`` makes the object with its use cases, which the asynchronous kit offers as it is;
    ``mirror`` makes that object's synchronous twin. ``requires`` names features to build first.
    """

    name: str
    build: Callable[[Parts], A]
    mirror: Callable[[A], S]
    collections: tuple[Collection[Any], ...] = ()
    requires: tuple[str, ...] = ()
