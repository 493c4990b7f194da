"""What is inferred of guards in FastAPI's endpoints, and of the router."""

from typing import Annotated, Any, assert_type

from fastapi import APIRouter, Depends, FastAPI, WebSocket
from starlette.requests import HTTPConnection

from userkit import Identity, SyncUserKit, User, UserKit
from userkit.integrations.fastapi import (
    CurrentIdentity,
    CurrentUser,
    OptionalIdentity,
    OptionalUser,
    UserKitRouter,
    get_current_identity,
    get_current_user,
    get_optional_identity,
    get_optional_user,
    require,
    require_fresh,
)
from userkit.surface import Surface

app = FastAPI(dependencies=[Depends(get_optional_user)])
router = APIRouter(dependencies=[require("users:read"), require_fresh(minutes=5), require_fresh()])


@app.get("/user", dependencies=[Depends(get_current_user), require("users:write")])
async def user(user: CurrentUser, maybe: OptionalUser) -> None:
    """Users are users, perhaps none."""
    assert_type(user, User)
    assert_type(maybe, User | None)


@router.get("/identity")
def identity(
    identity: CurrentIdentity,
    maybe: OptionalIdentity,
    holder: Annotated[Identity, require("users:write")],
    fresh: Annotated[Identity, require_fresh(minutes=0.5)],
) -> None:
    """Identities are identities, whatever is asked of them."""
    assert_type(identity, Identity)
    assert_type(maybe, Identity | None)
    assert_type(holder, Identity)
    assert_type(fresh, Identity)


@app.websocket("/talk", dependencies=[require("users:read")])
async def talk(socket: WebSocket, user: CurrentUser) -> None:
    """WebSockets have the same guards."""
    assert_type(user, User)


async def asked(connection: HTTPConnection) -> None:
    """Guards can be asked without FastAPI, and tell what they tell in an endpoint."""
    assert_type(await get_current_user(connection), User)
    assert_type(await get_optional_user(connection), User | None)
    assert_type(await get_current_identity(connection), Identity)
    assert_type(await get_optional_identity(connection), Identity | None)


def included(kit: UserKit, sync_kit: SyncUserKit) -> None:
    """A router takes an asynchronous kit, and goes where any router goes."""
    ours = UserKitRouter(kit, prefix="/accounts", transports=["bearer"], trusted_proxies=("10.0.0.0/8",))
    assert_type(ours.surface, Surface)
    assert_type(ours.kit, UserKit)
    app.include_router(ours, dependencies=[ours.guarding()])
    overrides: dict[Any, Any] = app.dependency_overrides
    overrides[get_current_user] = lambda: None
    UserKitRouter(kit.realm("acme"), prefix="/acme", opens_kit=False, operation_prefix="acme_")
    UserKitRouter(sync_kit)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
