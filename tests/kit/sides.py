"""Both kits behind one face, so that one test states what both do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.storage.doubles import BareStore, WaitingStore
from userkit import SyncUserKit, UserKit
from userkit.backends.memory import MemoryStore
from userkit.storage.port import Store

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
OLD_SECRET = "Zk3vN8rT1yQ5wL7pX2cB9mD4fH6jS0aG"


@dataclass(frozen=True)
class Side:
    """One of the two kits. ``do`` turns what its calls return into their result."""

    kind: Callable[..., Any]
    do: Callable[[Any], Any]
    store: Callable[[Store], Store]

    def kit(self, store: Store | str | None = None, **arguments: Any) -> Any:
        """Make a kit, over an empty store in memory unless told otherwise."""
        return self.kind(MemoryStore() if store is None else store, **{"secret": SECRET, **arguments})

    def opened(self, store: Store | str | None = None, **arguments: Any) -> Any:
        """Make a kit and open it."""
        kit = self.kit(store, **arguments)
        self.do(kit.open())
        return kit

    def register(self, kit: Any, email: str = "ada@example.com", name: str = "Ada") -> Any:
        """Register somebody."""
        return self.do(kit.users.register(email=email, name=name))


def asynchronous(do: Callable[[Any], Any]) -> Side:
    """Return UserKit, over stores that wait."""
    return Side(UserKit, do, WaitingStore)


def synchronous() -> Side:
    """Return SyncUserKit, over stores that do not."""
    return Side(SyncUserKit, lambda result: result, BareStore)
