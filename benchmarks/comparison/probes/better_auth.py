"""better-auth-server in FastAPI over SQLAlchemy and aiosqlite, as in its README."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

# Without it there are no limits on guesses.
os.environ["BETTER_AUTH_ENV"] = "production"

import httpx
from better_auth import BetterAuth, EmailAndPassword
from better_auth.adapters.sqlalchemy import SQLAlchemyAdapter
from better_auth.integrations.fastapi import BetterAuthFastAPI
from fastapi import Depends, FastAPI
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from benchmarks.comparison.probing import Application, Reply, behaviour, members, package, told

LETTERS: dict[str, str] = {}
NO_STORES = ("base", "rate_limit", "transform")
ORIGIN = "http://localhost:8000"


async def _main(folder: Path) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{folder / 'app.db'}", connect_args={"timeout": 60})
    adapter = SQLAlchemyAdapter(engine)

    async def keep(user: dict[str, Any], _: str, token: str) -> None:
        LETTERS[user["email"]] = token

    auth = BetterAuth(
        secret="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B",
        base_url=ORIGIN,
        adapter=adapter,
        email_and_password=EmailAndPassword(enabled=True, send_reset_password=keep),
    )
    await adapter.create_tables()
    app = FastAPI()
    guard = BetterAuthFastAPI(auth)
    app.include_router(guard.router)

    @app.get("/me")
    async def me(result: Annotated[dict[str, Any], Depends(guard.require_session)]) -> str:
        return str(result["user"]["email"])

    addresses = iter(range(1, 250))

    async def post(path: str, body: dict[str, str], address: str | None = None) -> Reply:
        # From an address each, so that the limits of one do not stop the questions.
        client = (address or f"192.0.2.{next(addresses)}", 1)
        transport = httpx.ASGITransport(app=app, client=client)
        headers = {"Origin": ORIGIN, "X-Forwarded-For": client[0]}
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, timeout=None) as browser:
            answer = await browser.post(f"/api/auth{path}", json=body, headers=headers)
        found = answer.json() if answer.text.startswith("{") else {}
        return Reply(answer.status_code, answer.text, found.get("token"))

    async def sign_up(email: str, password: str) -> Reply:
        return await post("/sign-up/email", {"name": "Ada", "email": email, "password": password})

    async def sign_in(email: str, password: str, address: str) -> Reply:
        return await post("/sign-in/email", {"email": email, "password": password}, address)

    async def who(token: str) -> Reply:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as browser:
            answer = await browser.get("/me", headers={"Authorization": f"Bearer {token}"})
        return Reply(answer.status_code, answer.text)

    async def ask(email: str) -> str:
        await post("/request-password-reset", {"email": email})
        for _ in range(100):
            if email in LETTERS:
                break
            await asyncio.sleep(0.02)
        return LETTERS[email]

    async def reset(token: str, password: str) -> Reply:
        return await post("/reset-password", {"token": token, "newPassword": password})

    async def stored(email: str) -> str:
        query = 'SELECT a.password FROM account a JOIN "user" u ON u.id = a."userId" WHERE u.email = :email'
        async with engine.connect() as connection:
            return str(await connection.scalar(text(query), {"email": email}))

    facts = await behaviour(
        Application(
            sign_up=sign_up, sign_in=sign_in, who=who, ask=ask, reset=reset, stored=stored, on_a_loop=True
        )
    )
    await engine.dispose()
    told({**installed(), **facts})


def installed() -> dict[str, Any]:
    """Return what the installed package says."""
    stores = [name for name in members("better_auth.adapters") if name not in NO_STORES]
    return package("better-auth-server", frameworks=members("better_auth.integrations"), stores=stores)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
