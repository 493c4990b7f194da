"""What is counted: things that people and applications do, each ready to be done a few times."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import isawaitable
from itertools import count
from typing import Any, cast

from benchmarks.people import people
from benchmarks.rivals.ours import AUTH, SECRET, client_of
from userkit import SyncUserKit, User, UserKit
from userkit.http.messages import Request
from userkit.kernel.origin import coming_from
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.changes import Save
from userkit.storage.port import Store
from userkit.surface import Surface
from userkit.testing import InstantHasher

__all__ = ["ROWS", "SETTINGS", "TIMES", "Kit", "Operation", "operations"]

TIMES = 10
"""How often each can be done."""
ROWS = 1000
"""How many a bulk load loads."""

SETTINGS: Mapping[str, Any] = {"secret": SECRET, "auth": AUTH, "hasher": InstantHasher(), "relay": False}
EMAIL, PASSWORD = "ada@example.com", "mauve otters juggle teapots"

Kit = UserKit | SyncUserKit
Operation = Callable[[], Awaitable[object]]


async def operations(kit: Kit, store: Store) -> dict[str, Operation]:
    """Open accounts and sessions through a kit, and return what is counted, by name."""
    life = _Life(kit, store)
    await life.begin()
    return {
        "get": life.get,
        "find": life.find,
        "save": life.save,
        "register": life.register,
        "sign in": life.sign_in,
        "refresh": life.refresh,
        "verify a token": life.verify,
        "request with a token": life.request,
        "request with a token, user read": life.request_and_user,
        "verify a session token": life.verify_opaque,
        "sign out": life.sign_out,
        "bulk load": life.load,
    }


class _Life:
    """Somebody who has signed in. Of an asynchronous kit what it returns is awaited, of the other not."""

    def __init__(self, kit: Kit, store: Store) -> None:
        self.kit, self.store, self.numbers = cast(Any, kit), store, count()
        self.surface = Surface.of(kit)

    async def begin(self) -> None:
        account = {"email": EMAIL, "password": PASSWORD}
        self.user: User = await _given(self.kit.users.register(name="Ada Lovelace", **account))
        self.tokens = await self._signed_in()
        self.bearer = _request(self.tokens.access_token)
        opaque = await _given(self.kit.sessions.sign_in_opaque(**account))
        self.opaque = opaque.token
        self.others = [(await self._signed_in()).session_id for _ in range(TIMES)]

    async def _signed_in(self) -> Any:
        with coming_from(address=client_of(next(self.numbers))):
            return await _given(self.kit.sessions.sign_in(email=EMAIL, password=PASSWORD))

    async def get(self) -> None:
        assert await self.store.get(User, self.user.id) is not None

    async def find(self) -> None:
        assert (await self.store.find(User, "email_key", self.user.email_key, limit=1)).items

    async def save(self) -> None:
        after = self.user.evolve(attributes={"seen": self.user.version})
        await self.store.commit(Save(self.user, after))
        self.user = after

    async def register(self) -> None:
        email = f"person{next(self.numbers)}@example.com"
        await _given(self.kit.users.register(email=email, name="Grace Hopper", password=PASSWORD))

    async def sign_in(self) -> None:
        await self._signed_in()

    async def refresh(self) -> None:
        self.tokens = await _given(self.kit.sessions.refresh(self.tokens.refresh_token))

    async def verify(self) -> None:
        await _given(self.kit.authenticate(self.tokens.access_token))

    async def request(self) -> None:
        await self.surface.identity(self.bearer)

    async def request_and_user(self) -> None:
        await self.surface.user(self.bearer)

    async def verify_opaque(self) -> None:
        await _given(self.kit.authenticate(self.opaque))

    async def sign_out(self) -> None:
        await _given(self.kit.sessions.end(self.others.pop()))

    async def load(self) -> None:
        crowd = people(ROWS, prefix=f"crowd{next(self.numbers)}-")
        assert await bulk_loadable(self.store).load(crowd) == ROWS


def _request(token: str) -> Request:
    return Request(method="GET", path="/", headers=(("authorization", f"Bearer {token}"),))


async def _given(result: Any) -> Any:
    return await result if isawaitable(result) else result
