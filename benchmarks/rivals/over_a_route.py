"""userkit behind a route of FastAPI, written by hand as an application would."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import FastAPI, Form, HTTPException, Request

from benchmarks.rivals.ours import AUTH, SECRET, SignInNumber, client_of
from userkit import UserKit
from userkit.errors import InvalidCredentialsError
from userkit.kernel.origin import coming_from

__all__ = ["behind_a_route"]


@asynccontextmanager
async def behind_a_route(url: str, emails: list[str], password: str) -> AsyncIterator[SignInNumber]:
    """Yield the same, through HTTP in the process."""
    async with UserKit(url, secret=SECRET, auth=AUTH) as kit:
        app = _app(kit)
        clients = [
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app=app, client=(client_of(number), 1)),
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
