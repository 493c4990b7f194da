"""The kit is opened and closed with the application, beside whatever the application does itself."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.integrations.fastapi.world import an_application, bearer, client_of, kit_over, sign_up
from userkit import UserKit
from userkit.errors import UsageError
from userkit.integrations.fastapi import CurrentUser, UserKitRouter


def test_the_kit_lives_as_long_as_the_application() -> None:
    """No code of the application opens or closes it."""
    kit = kit_over()
    with client_of(an_application(kit)) as client:
        assert kit.is_open
        token = sign_up(client)
        assert client.get("/protected", headers=bearer(token)).status_code == 200
    assert not kit.is_open


def test_the_applications_own_lifespan_keeps_its_state() -> None:
    """What it yields is there in every request."""
    told: list[str] = []

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[Mapping[str, Any]]:
        told.append("started")
        yield {"pool": "a pool"}
        told.append("ended")

    app = an_application(app=FastAPI(lifespan=lifespan))

    @app.get("/pool")
    async def pool(request: Request) -> str:
        return str(request.state.pool)

    with client_of(app) as client:
        assert client.get("/pool").json() == "a pool"
        assert client.get("/protected").status_code == 401
        assert told == ["started"]
    assert told == ["started", "ended"]


@pytest.mark.filterwarnings("ignore:The on_startup and on_shutdown:DeprecationWarning")
def test_handlers_of_the_old_kind_are_called() -> None:
    """on_startup and on_shutdown, as FastAPI still takes them."""
    told: list[str] = []
    app = FastAPI(on_startup=[lambda: told.append("up")], on_shutdown=[lambda: told.append("down")])
    with client_of(an_application(app=app)) as client:
        assert client.get("/protected").status_code == 401
        assert told == ["up"]
    assert told == ["up", "down"]


def test_a_kit_that_the_application_opens_is_left_to_it() -> None:
    """So that it can do something with it before the first request."""
    kit = kit_over()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with kit:
            await kit.users.register(email="grace@example.com", name="Grace Hopper")
            yield
            assert kit.is_open

    with client_of(an_application(kit, FastAPI(lifespan=lifespan))) as client:
        answer = client.post("/api/v1/users", json={"email": "grace@example.com", "name": "Eve"})
    assert answer.status_code == 409
    assert not kit.is_open


def test_an_application_is_started_again(tmp_path: Path) -> None:
    """Every test of a suite starts the one application of a module."""
    app = an_application(
        UserKit(f"sqlite:///{tmp_path / 'app.db'}", secret="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B")
    )
    for email in ("ada@example.com", "grace@example.com"):
        with client_of(app) as client:
            token = sign_up(client, email)
            assert client.get("/protected", headers=bearer(token)).status_code == 200


@pytest.mark.parametrize("path", ["/protected", "/api/v1/users/me", "/api/v1/auth/jwks"])
def test_an_application_that_was_not_started_says_so(path: str) -> None:
    """The error is raised in the test that forgot `with`, and tells how to go on."""
    client = client_of(an_application())
    with pytest.raises(UsageError, match=r"has not been started.*with TestClient"):
        client.get(path)


def test_it_also_says_so_after_it_was_ended() -> None:
    """A client that is kept too long."""
    app = an_application()
    with client_of(app):
        pass
    with pytest.raises(UsageError, match="has not been started"):
        client_of(app).get("/protected")


def test_the_rest_of_an_application_does_not_need_the_kit() -> None:
    """Its open endpoints and the document work without a start."""
    app = an_application()

    @app.get("/open")
    async def everybody() -> str:
        return "hello"

    client = client_of(app)
    assert client.get("/open").json() == "hello"
    assert "/api/v1/users" in client.get("/openapi.json").json()["paths"]


def test_a_server_without_state_will_do() -> None:
    """Some servers and adapters call the lifespan without a state."""

    class Stateless:
        def __init__(self, app: ASGIApp) -> None:
            self.app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            scope.pop("state", None)
            await self.app(scope, receive, send)

    with client_of(Stateless(an_application())) as client:
        assert client.get("/protected", headers=bearer(sign_up(client))).status_code == 200


def test_a_mounted_application_is_started_by_the_outer_one() -> None:
    """Starlette does not do it; its lifespan context does."""
    kit = kit_over()
    inner = an_application(kit)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with inner.router.lifespan_context(inner):
            yield

    outer = FastAPI(lifespan=lifespan)
    outer.mount("/accounts", inner)
    with client_of(outer) as client:
        token = sign_up(client, prefix="/accounts/api/v1")
        assert client.get("/accounts/protected", headers=bearer(token)).status_code == 200
        assert client.get("/accounts/protected").json()["code"] == "unauthenticated"
        told = client.get("/accounts/openapi.json").json()
    assert told["servers"] == [{"url": "/accounts"}]
    assert not kit.is_open


def test_a_mounted_application_that_nobody_starts_says_so() -> None:
    """What to do is in the error."""
    outer = FastAPI()
    outer.mount("/accounts", an_application())
    with client_of(outer) as client, pytest.raises(UsageError, match="lifespan_context"):
        client.get("/accounts/protected")


def test_a_mounted_application_may_use_a_kit_that_is_open() -> None:
    """Then nobody need start it: its guards, its errors and its routes work."""
    kit = kit_over()
    inner = FastAPI()

    @inner.get("/early")
    async def early(user: CurrentUser) -> str:
        return user.id

    inner = an_application(kit, inner, opens_kit=False)
    outer = FastAPI()
    outer.include_router(UserKitRouter(kit))
    outer.mount("/inner", inner)
    with client_of(outer) as client:
        assert client.get("/inner/early").status_code == 401
        token = sign_up(client)
        for path in ("/inner/early", "/inner/protected", "/inner/api/v1/users/me"):
            assert client.get(path, headers=bearer(token)).status_code == 200
