"""What userkit's use cases ask of a store: reads and commits, counted exactly."""

from collections.abc import Callable, Iterator
from typing import Any, Self, TypeVar

from benchmarks.measure import Count
from benchmarks.rivals.ours import AUTH, SECRET
from userkit import SyncUserKit
from userkit.backends.memory import MemoryStore
from userkit.kernel.entity import Entity
from userkit.storage.changes import Change
from userkit.testing import InstantHasher

__all__ = ["asked"]

E = TypeVar("E", bound=Entity)
EMAIL, PASSWORD = "ada@example.com", "mauve otters juggle teapots"  # nobody's


class Counting(MemoryStore):
    """A store that counts its calls."""

    reads = commits = 0

    async def get(self, entity: type[E], id: str) -> E | None:
        """See Store.get."""
        self.reads += 1
        return await super().get(entity, id)

    async def find(self, entity: type[E], *arguments: Any, **named: Any) -> Any:
        """See Store.find."""
        self.reads += 1
        return await super().find(entity, *arguments, **named)

    async def commit(self, *changes: Change) -> None:
        """See Store.commit."""
        self.commits += 1
        await super().commit(*changes)

    def realm(self, name: str) -> Self:
        """See Store.realm; there is but one."""
        return self


def asked() -> Iterator[Count]:
    """Count for registering, signing in, and rotating a refresh token."""
    store = Counting()
    with SyncUserKit(store, secret=SECRET, auth=AUTH, hasher=InstantHasher()) as kit:

        def count(call: Callable[[], Any]) -> tuple[int, int]:
            before = store.reads, store.commits
            call()
            return store.reads - before[0], store.commits - before[1]

        registered = count(lambda: kit.users.register(email=EMAIL, name="Ada", password=PASSWORD))
        kit.sessions.sign_in(email=EMAIL, password=PASSWORD)
        signed_in = count(lambda: kit.sessions.sign_in(email=EMAIL, password=PASSWORD))
        token = kit.sessions.sign_in(email=EMAIL, password=PASSWORD).refresh_token
        rotated = count(lambda: kit.sessions.refresh(token))
    yield Count(name="register: reads", value=registered[0], unit="", goal="P8", at_most=0)
    yield Count(name="register: commits", value=registered[1], unit="", goal="P8", at_most=1)
    yield Count(name="sign-in: reads", value=signed_in[0], unit="", goal="P8", at_most=4)
    yield Count(name="sign-in: commits", value=signed_in[1], unit="", goal="P8", at_most=2)
    yield Count(name="rotation: reads", value=rotated[0], unit="", goal="P8", at_most=1)
    yield Count(name="rotation: conditional writes", value=rotated[1], unit="", goal="P8", at_most=1)
