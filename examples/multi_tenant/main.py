"""One application for several companies, in FastAPI: ``python examples/multi_tenant/main.py``.

Each has a subdomain and a realm of its own. ``TENANTS`` names them, ``DATABASE`` is where all are kept.
"""

import os
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from userkit import UserKit, roles
from userkit.integrations.fastapi import CurrentUser, UserKitRouter, require

PORT = int(os.environ.get("PORT", "8000"))
DOMAIN = os.environ.get("DOMAIN", "localhost")
TENANTS = frozenset(os.environ.get("TENANTS", "acme,globex").split(","))

kit = UserKit(
    os.environ.get("DATABASE", "memory://"),
    secret=os.environ.get("SECRET") or secrets.token_urlsafe(32),
    features=[roles({"admin": {"*"}})],
)


def application(tenant: str) -> FastAPI:
    """Return the application as one tenant sees it: the routes and guards are those of its realm."""
    realm = kit.realm(tenant)
    app = FastAPI(title=tenant)
    # The kit is opened once, below, for all realms of it.
    app.include_router(UserKitRouter(realm, opens_kit=False, operation_prefix=""))

    @app.get("/desk")
    async def desk(user: CurrentUser) -> Mapping[str, str]:
        """Show whose desk this is."""
        return {"tenant": tenant, "name": user.name}

    @app.get("/staff", dependencies=[require("users:read")])
    async def staff() -> Mapping[str, int]:
        """Tell how many work here, to administrators of this tenant."""
        return {"people": await realm.users.count()}

    return app


class Tenants:
    """Find the application of a tenant by the host that was asked, and make it when it is asked first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._applications: dict[str, FastAPI] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the tenant answer; who is none is told apart before anything is made for them."""
        tenant: str = scope["path_params"]["tenant"]
        if tenant not in TENANTS:
            await JSONResponse({"detail": "Nobody is here."}, status_code=404)(scope, receive, send)
            return
        if tenant not in self._applications:
            self._applications[tenant] = application(tenant)
        await self._applications[tenant](scope, receive, send)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Open the kit, and give each tenant an administrator the first time."""
    async with kit:
        for tenant in sorted(TENANTS):
            realm = kit.realm(tenant)
            if not await realm.users.count():
                password = secrets.token_urlsafe(12)
                admin = await realm.users.register(
                    email=f"admin@{tenant}.example", name=f"Administrator of {tenant}", password=password
                )
                await realm.roles.assign(admin.id, "admin")
                print(f"{tenant}: {admin.email}, password: {password}", flush=True)
        yield


app = FastAPI(lifespan=lifespan, openapi_url=None)
app.host("{tenant}." + DOMAIN, Tenants(), name="tenants")


@app.get("/")
async def lobby() -> str:
    """Greet whoever comes to the domain itself."""
    return "Which company? Ask at its own address."


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=PORT)
