"""What is profiled, over and over until it is ended: ``python -m benchmarks.profiles.work NAME URL``."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import NoReturn

from benchmarks.people import people
from benchmarks.rivals.ours import AUTH, SECRET, client_of
from benchmarks.tokens import Ours as Tokens
from benchmarks.tokens import Rival
from userkit import SyncUserKit, User, UserKit
from userkit.features.users import USERS
from userkit.kernel.origin import coming_from
from userkit.plugins.opening import open_store
from userkit.ports.passwords import Verification
from userkit.storage.capabilities import bulk_loadable
from userkit.storage.changes import Add, Save
from userkit.storage.port import Store
from userkit.sync import run as step
from userkit.testing import InstantHasher

__all__ = ["READY", "WORK", "Believing"]

READY = "ready"
EMAIL, PASSWORD = "person0@example.com", "mauve otters juggle teapots"
PEOPLE, ROWS = 100, 2000

Work = Callable[[], object]
AsyncWork = Callable[[], Awaitable[object]]


class Believing(InstantHasher):
    """Hash nothing, and let everybody in."""

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """Believe it."""
        return Verification(matches=True)


def get(url: str) -> Work:
    """Read a user by id."""
    store, user = _filled(url)
    return lambda: step(store.get(User, user.id))


def find(url: str) -> Work:
    """Find a user by address."""
    store, user = _filled(url)
    return lambda: step(store.find(User, "email_key", user.email_key, limit=1))


def save(url: str) -> Work:
    """Commit one change of a user."""
    store, user = _filled(url)

    def work() -> None:
        nonlocal user
        after = user.evolve(attributes={"seen": user.version})
        step(store.commit(Save(user, after)))
        user = after

    return work


def bulk_load(url: str) -> Work:
    """Load people, who are made meanwhile."""
    store, rounds = open_store(url, blocking=True), count()
    step(store.prepare([USERS]))
    return lambda: step(bulk_loadable(store).load(people(ROWS, prefix=f"p{next(rounds)}-")))


def sign_in(url: str) -> Work:
    """Sign somebody in, from an address that nobody has come from."""
    kit, numbers = _kit(url), count()
    for number in range(PEOPLE):
        kit.users.register(email=f"person{number}@example.com", name="Somebody", password=PASSWORD)

    def work() -> None:
        number = next(numbers)
        with coming_from(address=client_of(number)):
            kit.sessions.sign_in(email=f"person{number % PEOPLE}@example.com", password=PASSWORD)

    return work


def rotation(url: str) -> Work:
    """Exchange a refresh token."""
    kit = _kit(url)
    kit.users.register(email=EMAIL, name="Somebody", password=PASSWORD)
    token = kit.sessions.sign_in(email=EMAIL, password=PASSWORD).refresh_token

    def work() -> None:
        nonlocal token
        token = kit.sessions.refresh(token).refresh_token

    return work


def register(url: str) -> Work:
    """Open an account."""
    kit, numbers = _kit(url), count()
    return lambda: kit.users.register(email=f"n{next(numbers)}@example.com", name="Ada", password=PASSWORD)


def token_verify(_: str) -> Work:
    """Check an access token."""
    tokens = Tokens(Rival("HS256", b"", b""))
    token = tokens.issue()
    return lambda: tokens.verify(token)


def token_issue(_: str) -> Work:
    """Make an access token."""
    return Tokens(Rival("HS256", b"", b"")).issue


async def get_async(url: str) -> AsyncWork:
    """Read a user by id, from an event loop."""
    kit = UserKit(url, secret=SECRET, auth=AUTH, hasher=InstantHasher(), relay=False)
    await kit.open()
    user = await kit.users.register(email=EMAIL, name="Somebody")
    return lambda: kit.users.get(user.id)


WORK: dict[str, Callable[[str], Work | Awaitable[AsyncWork]]] = {
    each.__name__: each
    for each in (
        get,
        find,
        save,
        bulk_load,
        sign_in,
        rotation,
        register,
        token_verify,
        token_issue,
        get_async,
    )
}


def _kit(url: str) -> SyncUserKit:
    kit = SyncUserKit(url, secret=SECRET, auth=AUTH, hasher=Believing(), relay=False)
    kit.open()
    return kit


def _filled(url: str) -> tuple[Store, User]:
    store, everybody = open_store(url, blocking=True), list(people(200))
    step(store.prepare([USERS]))
    for start in range(0, len(everybody), 10):
        step(store.commit(*map(Add, everybody[start : start + 10])))
    return store, everybody[100]


def repeat(work: Work) -> NoReturn:
    """Work until the process is ended."""
    for _ in _rounds():
        work()
    raise AssertionError


async def repeat_async(work: AsyncWork) -> NoReturn:
    """Work on the event loop until the process is ended."""
    for _ in _rounds():
        await work()
    raise AssertionError


def _rounds() -> Iterator[int]:
    """Say that it begins once everything is warm."""
    for number in count():
        if number == 20:  # a few
            print(READY, flush=True)
        yield number


async def _on_a_loop(prepared: Awaitable[AsyncWork]) -> None:
    await repeat_async(await prepared)


def main(name: str, url: str) -> None:
    """Prepare the work of a name, and do it until the process is ended."""
    prepared = WORK[name](url)
    if callable(prepared):
        repeat(prepared)
    asyncio.run(_on_a_loop(prepared))


if __name__ == "__main__":
    main(*sys.argv[1:])
