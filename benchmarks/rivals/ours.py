"""userkit: its use case, called as it is."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

from userkit import SyncUserKit, UserKit
from userkit.kernel.origin import coming_from
from userkit.ports.passwords import PasswordHasher

__all__ = ["AUTH", "SECRET", "SignInNumber", "client_of", "fill", "fill_url", "use_case"]

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
