"""Small applications, and people who are signed in to them."""

from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from userkit import UserKit
from userkit.integrations.fastapi import CurrentUser, UserKitRouter
from userkit.testing import InstantHasher

__all__ = [
    "EMAIL",
    "HOST",
    "PASSWORD",
    "SECRET",
    "an_application",
    "bearer",
    "client_of",
    "kit_over",
    "sign_up",
]

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
EMAIL = "ada@example.com"
PASSWORD = "mauve otters juggle teapots"
HOST = "https://app.example"


def kit_over(store: Any = "memory://", **changes: Any) -> UserKit:
    """Return a kit that is quick with passwords."""
    return UserKit(store, **{"secret": SECRET, "hasher": InstantHasher(), **changes})


def an_application(kit: UserKit | None = None, app: FastAPI | None = None, **options: Any) -> FastAPI:
    """Return an application with our router and one endpoint of its own."""
    app = FastAPI() if app is None else app
    app.include_router(UserKitRouter(kit or kit_over(), **options))

    @app.get("/protected")
    async def protected(user: CurrentUser) -> dict[str, str]:
        return {"user_id": user.id}

    return app


def client_of(app: Any, **options: Any) -> TestClient:
    """Return a client; enter it to start the application."""
    return TestClient(app, base_url=HOST, **options)


def sign_up(client: Any, email: str = EMAIL, *, prefix: str = "/api/v1") -> str:
    """Open an account and return an access token."""
    account = {"email": email, "name": "Ada Lovelace", "password": PASSWORD}
    assert client.post(f"{prefix}/users", json=account).status_code == 201
    answer = client.post(f"{prefix}/auth/login", json={"email": email, "password": PASSWORD})
    token: str = answer.json()["access_token"]
    return token


def bearer(token: str) -> dict[str, str]:
    """Return the headers that show an access token or an API key."""
    return {"Authorization": f"Bearer {token}"}
