"""One small application in each framework, with endpoints of its own behind every guard."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI

from tests.integrations.serving import serving_asgi
from userkit import UserKit
from userkit.integrations.fastapi import (
    CurrentIdentity,
    CurrentUser,
    OptionalIdentity,
    UserKitRouter,
    require,
    require_fresh,
)
from userkit.kernel.identity import Identity
from userkit.testing.http import AsgiClient, Client

__all__ = ["KINDS", "Kind", "fastapi_app"]


@dataclass(frozen=True, slots=True)
class Kind:
    """How applications of a framework are made, and how they are spoken to."""

    kit: Callable[..., Any]
    make: Callable[..., Any]
    drive: Callable[[Any], AbstractContextManager[Client]]
    serve: Callable[[Any], AbstractContextManager[Client]]


def fastapi_app(kit: UserKit, **options: Any) -> FastAPI:
    """Return an application in FastAPI."""
    app = FastAPI()
    app.include_router(UserKitRouter(kit, **options))

    @app.api_route("/protected", methods=["GET", "POST"], include_in_schema=False)
    async def protected(identity: CurrentIdentity) -> dict[str, str]:
        return {"user_id": identity.user_id}

    @app.get("/account", include_in_schema=False)
    async def account(user: CurrentUser) -> dict[str, str]:
        return {"user_id": user.id, "email": user.email}

    @app.get("/optional", include_in_schema=False)
    async def optional(identity: OptionalIdentity) -> dict[str, str | None]:
        return {"user_id": identity.user_id if identity else None}

    @app.get("/admin", include_in_schema=False)
    async def admin(identity: Annotated[Identity, require("users:write")]) -> dict[str, str]:
        return {"user_id": identity.user_id}

    @app.get("/fresh", include_in_schema=False)
    async def fresh(identity: Annotated[Identity, require_fresh()]) -> dict[str, str]:
        return {"user_id": identity.user_id}

    @app.get("/found/{id}", include_in_schema=False)
    async def found(id: str) -> dict[str, str]:
        return {"user_id": (await kit.users.get(id)).id}

    return app


KINDS = {"fastapi": Kind(UserKit, fastapi_app, AsgiClient, serving_asgi)}
