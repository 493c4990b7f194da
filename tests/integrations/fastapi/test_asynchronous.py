"""Without a test client: asynchronous tests, and stores that wait."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.integrations.fastapi.world import EMAIL, HOST, PASSWORD, an_application, bearer, kit_over
from userkit.backends.memory import MemoryStore
from userkit.features.users import User
from userkit.testing.bench import PATIENCE


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def over(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HOST)


@pytest.fixture
async def client() -> AsyncGenerator[httpx.AsyncClient]:
    """Return a client of an application that runs, in this very event loop."""
    app = an_application()
    async with app.router.lifespan_context(app), over(app) as client:
        yield client


async def sign_up(client: httpx.AsyncClient) -> dict[str, str]:
    account = {"email": EMAIL, "name": "Ada", "password": PASSWORD}
    assert (await client.post("/api/v1/users", json=account)).status_code == 201
    answer = await client.post("/api/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
    return bearer(answer.json()["access_token"])


@pytest.mark.anyio
async def test_an_asynchronous_client_is_served(client: httpx.AsyncClient) -> None:
    """The transport of httpx starts nothing, and knows no state."""
    headers = await sign_up(client)
    answers = await asyncio.gather(*(client.get("/protected", headers=headers) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.anyio
async def test_a_kit_that_the_test_has_opened_is_enough() -> None:
    """Guards find the router of an application whose lifespan nobody runs, also in front of it."""
    kit = kit_over()
    app = an_application(kit)
    async with kit, over(app) as client:
        assert (await client.get("/protected")).json()["code"] == "unauthenticated"
        headers = await sign_up(client)
        assert (await client.get("/protected", headers=headers)).status_code == 200


class SlowStore(MemoryStore):
    """A blocking store, as one over a network is, that keeps whoever reads a user waiting."""

    in_process = False

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    async def get(self, entity: type[Any], id: str) -> Any:
        if entity is User:
            self.asked.set()
            assert self.go_on.wait(PATIENCE)
        return await super().get(entity, id)

    def realm(self, name: str) -> Any:
        view = super().realm(name)
        view.asked, view.go_on = self.asked, self.go_on
        return view


@pytest.mark.anyio
async def test_a_store_that_blocks_never_blocks_the_event_loop() -> None:
    """While one request waits for the database, others are served."""
    store = SlowStore()
    app = an_application(kit_over(store))

    @app.get("/open")
    async def everybody() -> str:
        return "hello"

    async with app.router.lifespan_context(app), over(app) as client:
        headers = await sign_up(client)
        store.asked.clear()
        store.go_on.clear()
        try:
            waiting = asyncio.create_task(client.get("/protected", headers=headers))
            assert await asyncio.to_thread(store.asked.wait, PATIENCE)
            assert (await client.get("/open")).json() == "hello"
            assert (await client.get("/api/v1/auth/jwks")).status_code == 200
            assert not waiting.done()
        finally:
            store.go_on.set()
        assert (await waiting).status_code == 200
