"""One small application in each framework, with endpoints of its own behind every guard."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import FastAPI
from flask import Flask

from tests.integrations.serving import serving_asgi, serving_wsgi
from userkit import SyncUserKit, UserKit
from userkit.integrations import fastapi
from userkit.integrations.fastapi import CurrentIdentity, CurrentUser, OptionalIdentity, UserKitRouter
from userkit.integrations.flask import (
    UserKitExtension,
    current_identity,
    current_user,
    get_optional_identity,
    login_required,
    require,
    require_fresh,
)
from userkit.kernel.identity import Identity
from userkit.testing.http import AsgiClient, Client, WsgiClient

__all__ = ["KINDS", "Kind", "fastapi_app", "flask_app"]


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
    async def admin(identity: Annotated[Identity, fastapi.require("users:write")]) -> dict[str, str]:
        return {"user_id": identity.user_id}

    @app.get("/fresh", include_in_schema=False)
    async def fresh(identity: Annotated[Identity, fastapi.require_fresh()]) -> dict[str, str]:
        return {"user_id": identity.user_id}

    @app.get("/found/{id}", include_in_schema=False)
    async def found(id: str) -> dict[str, str]:
        return {"user_id": (await kit.users.get(id)).id}

    return app


def flask_app(kit: SyncUserKit, **options: Any) -> Flask:
    """Return an application in Flask."""
    app = Flask(__name__)
    UserKitExtension(app, kit, **options)

    @app.route("/protected", methods=["GET", "POST"])
    def protected() -> dict[str, str]:
        return {"user_id": current_identity.user_id}

    @app.get("/account")
    @login_required
    def account() -> dict[str, str]:
        return {"user_id": current_user.id, "email": current_user.email}

    @app.get("/optional")
    def optional() -> dict[str, str | None]:
        identity = get_optional_identity()
        return {"user_id": identity.user_id if identity else None}

    @app.get("/admin")
    @require("users:write")
    def admin() -> dict[str, str]:
        return {"user_id": current_identity.user_id}

    @app.get("/fresh")
    @require_fresh()
    def fresh() -> dict[str, str]:
        return {"user_id": current_identity.user_id}

    @app.get("/found/<id>")
    def found(id: str) -> dict[str, str]:
        return {"user_id": kit.users.get(id).id}

    return app


@contextmanager
def _driven(app: Flask) -> Iterator[Client]:
    yield WsgiClient(app)


KINDS = {
    "fastapi": Kind(UserKit, fastapi_app, AsgiClient, serving_asgi),
    "flask": Kind(SyncUserKit, flask_app, _driven, serving_wsgi),
}
