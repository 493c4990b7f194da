"""userkit: its use case, called as it is."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from benchmarks.people import people
from userkit import SyncUserKit, User, UserKit
from userkit.features.passwords import PASSWORDS, PasswordCredential
from userkit.features.users import USERS
from userkit.kernel.clock import utc_now
from userkit.kernel.origin import coming_from
from userkit.plugins.opening import open_store
from userkit.ports.passwords import PasswordHasher
from userkit.storage.capabilities import bulk_loadable
from userkit.sync import run as step

__all__ = ["AUTH", "SECRET", "SignInNumber", "client_of", "fill", "fill_many", "fill_url", "use_case"]

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
AUTH = ("jwt", "session")

SignInNumber = Callable[[int], Awaitable[None]]


def fill(folder: Path, emails: list[str], encoded: str) -> str:
    """Register people with a password that is hashed already; return the URL of the database."""
    url = f"sqlite:///{folder / 'userkit.db'}"
    fill_url(url, emails, encoded)
    return url


def fill_url(url: str, emails: list[str], encoded: str) -> None:
    """Register people in a database, with a password that is hashed already."""
    with SyncUserKit(url, secret=SECRET, auth=AUTH) as kit:
        for email in emails:
            user = kit.users.register(email=email, name="Somebody")
            kit.passwords.import_hash(user.id, encoded)


def fill_many(folder: Path, size: int, encoded: str, *, chosen: int) -> tuple[str, list[str]]:
    """Bulk load so many people with one hash; return the URL, and addresses that lie all over the table."""
    url, now, ids = f"sqlite:///{folder / 'userkit.db'}", utc_now(), list[str]()
    opened = open_store(url, blocking=True)
    store = bulk_loadable(opened)
    step(opened.prepare([USERS, PASSWORDS]))

    def noting() -> Iterator[User]:
        for each in people(size):
            ids.append(each.id)
            yield each

    step(store.load(noting()))
    step(store.load(PasswordCredential(id=id, hash=encoded, changed_at=now) for id in ids))
    step(opened.close())
    return url, [f"person{number}@example.com" for number in range(0, size, size // chosen)]


@asynccontextmanager
async def use_case(
    url: str, emails: list[str], password: str, *, hasher: str | PasswordHasher = "argon2"
) -> AsyncIterator[SignInNumber]:
    """Yield what signs in the person of a number, each from an address of their own."""
    numbers = count()
    async with UserKit(url, secret=SECRET, auth=AUTH, hasher=hasher) as kit:

        async def sign_in(number: int) -> None:
            with coming_from(address=client_of(next(numbers))):
                await kit.sessions.sign_in(email=emails[number], password=password)

        yield sign_in


def client_of(number: int) -> str:
    """Return the client address of a number."""
    return f"20.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
