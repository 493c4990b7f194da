"""userkit: its use case called as it is, and behind a route written by hand."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Annotated

import httpx
from fastapi import FastAPI, Form, HTTPException, Request

from userkit import SyncUserKit, UserKit
from userkit.errors import InvalidCredentialsError
from userkit.kernel.origin import coming_from

__all__ = ["behind_a_route", "fill", "use_case"]

_SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
_AUTH = ("jwt", "session")

SignInNumber = Callable[[int], Awaitable[None]]


def fill(folder: Path, emails: list[str], encoded: str) -> str:
    """Register people with a password that is hashed already; return the URL of the database."""
    url = f"sqlite:///{folder / 'userkit.db'}"
    with SyncUserKit(url, secret=_SECRET, auth=_AUTH) as kit:
        for email in emails:
            user = kit.users.register(email=email, name="Somebody")
            kit._offered["passwords"].import_hash(user.id, encoded)
    return url


@asynccontextmanager
async def use_case(url: str, emails: list[str], password: str) -> AsyncIterator[SignInNumber]:
    """Yield what signs in the person of a number, each from an address of their own."""
    numbers = count()
    async with UserKit(url, secret=_SECRET, auth=_AUTH) as kit:

        async def sign_in(number: int) -> None:
            with coming_from(address=_address(next(numbers))):
                await kit.sessions.sign_in(email=emails[number], password=password)

        yield sign_in


@asynccontextmanager
async def behind_a_route(url: str, emails: list[str], password: str) -> AsyncIterator[SignInNumber]:
    """Yield the same, through HTTP in the process."""
    async with UserKit(url, secret=_SECRET, auth=_AUTH) as kit:
        app = _app(kit)
        clients = [
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app, client=(_address(number), 1)),
                base_url="http://localhost",
                timeout=None,
            )
            for number in range(len(emails))
        ]

        async def sign_in(number: int) -> None:
            form = {"username": emails[number], "password": password}
            answer = await clients[number].post("/auth/login", data=form)
            assert answer.status_code == 200, answer.text

        yield sign_in
        for client in clients:
            await client.aclose()


def _app(kit: UserKit) -> FastAPI:
    app = FastAPI()

    @app.post("/auth/login")
    async def login(
        request: Request, username: Annotated[str, Form()], password: Annotated[str, Form()]
    ) -> dict[str, str]:
        with coming_from(address=request.client.host if request.client else None):
            try:
                pair = await kit.sessions.sign_in(email=username, password=password)
            except InvalidCredentialsError:
                raise HTTPException(400) from None
        return {"access_token": pair.access_token, "refresh_token": pair.refresh_token}

    return app


def _address(number: int) -> str:
    return f"20.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
