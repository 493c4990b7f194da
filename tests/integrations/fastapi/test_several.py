"""Several applications, kits and realms in one process."""

from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, WebSocket
from starlette.websockets import WebSocketDisconnect

from tests.integrations.fastapi.world import SECRET, an_application, bearer, client_of, kit_over, sign_up
from userkit.integrations.fastapi import CurrentUser, UserKitRouter


def test_applications_keep_to_their_own_kits() -> None:
    """A token of one opens nothing in the other, and neither does a guard ask the wrong one."""
    first, second = an_application(kit_over()), an_application(kit_over(secret=SECRET[::-1]))
    with client_of(first) as one, client_of(second) as two:
        token = sign_up(one)
        sign_up(two)
        assert one.get("/protected", headers=bearer(token)).status_code == 200
        assert two.get("/protected", headers=bearer(token)).status_code == 401


def two_realms() -> FastAPI:
    """Return an application with the users of two tenants, and endpoints for each."""
    kit = kit_over()
    app = FastAPI()
    acme = UserKitRouter(kit.realm("acme"), prefix="/acme", opens_kit=False)
    app.include_router(UserKitRouter(kit))
    app.include_router(acme)
    theirs = APIRouter(prefix="/acme-only", dependencies=[acme.guarding()])

    @app.get("/protected")
    async def protected(user: CurrentUser) -> str:
        return user.id

    @theirs.get("/protected")
    async def theirs_only(user: CurrentUser) -> str:
        return user.id

    @theirs.websocket("/talk")
    async def talk(socket: WebSocket, user: CurrentUser) -> None:
        await socket.accept()
        await socket.send_text(user.id)
        await socket.close()

    app.include_router(theirs)
    return app


def test_realms_have_routes_and_guards_of_their_own() -> None:
    """The first router guards, and another one where it is told to."""
    with client_of(two_realms()) as client:
        usual, acme = bearer(sign_up(client)), bearer(sign_up(client, prefix="/acme"))
        assert client.get("/api/v1/users/me", headers=acme).status_code == 401
        assert client.get("/acme/users/me", headers=acme).status_code == 200
        assert client.get("/protected", headers=usual).status_code == 200
        assert client.get("/protected", headers=acme).status_code == 401
        assert client.get("/acme-only/protected", headers=acme).status_code == 200
        assert client.get("/acme-only/protected", headers=usual).status_code == 401
        with client.websocket_connect("/acme-only/talk", headers=acme) as socket:
            assert socket.receive_text()
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/acme-only/talk", headers=usual):
            pass


def test_operations_of_realms_have_names_of_their_own() -> None:
    """FastAPI would complain of two with one name."""
    paths = two_realms().openapi()["paths"]
    assert paths["/api/v1/users/me"]["get"]["operationId"] == "get_me"
    assert paths["/acme/users/me"]["get"]["operationId"] == "acme_get_me"
    app = FastAPI()
    app.include_router(UserKitRouter(kit_over()))
    app.include_router(UserKitRouter(kit_over(), prefix="/staff", operation_prefix="staff_"))
    assert app.openapi()["paths"]["/staff/users/me"]["get"]["operationId"] == "staff_get_me"


def test_a_router_that_is_included_twice_opens_its_kit_once() -> None:
    """At both places it answers."""
    kit = kit_over()
    router, app = UserKitRouter(kit), FastAPI()
    app.include_router(router)
    app.include_router(router, prefix="/v2", include_in_schema=False)
    with client_of(app) as client:
        headers = bearer(sign_up(client))
        for path in ("/api/v1/users/me", "/v2/api/v1/users/me"):
            assert client.get(path, headers=headers).status_code == 200
    assert not kit.is_open


async def office_only(x_office: Annotated[str, Header()] = "") -> None:
    if x_office != "yes":
        raise HTTPException(403, "from the office only")


@pytest.mark.parametrize("where", ["application", "inclusion", "outer router"])
def test_what_the_application_wants_of_all_routes_it_gets_of_ours(where: str) -> None:
    """A dependency that guards everything guards our operations too, whatever the method."""
    wanted = [Depends(office_only)]
    app = FastAPI(dependencies=wanted if where == "application" else None)
    router = UserKitRouter(kit_over())
    if where == "outer router":
        outer = APIRouter(dependencies=wanted)
        outer.include_router(router)
        app.include_router(outer)
    else:
        app.include_router(router, dependencies=wanted if where == "inclusion" else None)
    with client_of(app) as client:
        for method in ("GET", "HEAD", "DELETE", "OPTIONS", "PUT"):
            assert client.request(method, "/api/v1/users/me").status_code == 403
        client.headers["x-office"] = "yes"
        token = sign_up(client)
        assert client.get("/api/v1/users/me", headers=bearer(token)).status_code == 200
        assert client.get("/api/v1/users/me").json()["code"] == "unauthenticated"
        assert client.put("/api/v1/users/me").status_code == 405


def test_routes_of_the_application_below_our_prefix_are_its_own() -> None:
    """Before our router and after it, and what neither has is not found."""
    app = FastAPI()

    @app.get("/api/v1/before")
    async def before() -> str:
        return "before"

    app.include_router(UserKitRouter(kit_over()))

    @app.get("/api/v1/after")
    async def after() -> str:
        return "after"

    with client_of(app) as client:
        assert client.get("/api/v1/before").json() == "before"
        assert client.get("/api/v1/after").json() == "after"
        assert client.get("/api/v1/neither").status_code == 404
