"""userkit in FastAPI over SQLite, as in its tutorial."""

import asyncio
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from benchmarks.comparison.probing import Application, Reply, behaviour, members, package, told
from userkit import UserKit
from userkit.backends.mail import MemoryMailer
from userkit.features.passwords.model import PasswordCredential
from userkit.integrations.fastapi import UserKitRouter
from userkit.plugins.opening import open_store

API = "/api/v1"


async def _main(folder: Path) -> None:
    mailbox = MemoryMailer()
    store = open_store(f"sqlite:///{folder / 'app.db'}", blocking=False)
    kit = UserKit(
        store,
        secret="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B",
        mailer=mailbox,
        base_url="http://localhost",
        relay=False,
    )
    app = FastAPI()
    app.include_router(UserKitRouter(kit))

    async def post(path: str, body: dict[str, str], address: str = "192.0.2.9") -> Reply:
        transport = httpx.ASGITransport(app=app, client=(address, 1))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", timeout=None
        ) as client:
            answer = await client.post(f"{API}{path}", json=body)
        found = answer.json() if answer.text.startswith("{") else {}
        return Reply(answer.status_code, answer.text, found.get("access_token"))

    async def sign_up(email: str, password: str) -> Reply:
        return await post("/users", {"email": email, "name": "Ada", "password": password})

    async def sign_in(email: str, password: str, address: str) -> Reply:
        return await post("/auth/login", {"email": email, "password": password}, address)

    async def who(token: str) -> Reply:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.get(f"{API}/users/me", headers={"Authorization": f"Bearer {token}"})
        return Reply(answer.status_code, answer.text)

    async def ask(email: str) -> str:
        await post("/auth/password/forgot", {"email": email})
        while (await kit.outbox.deliver()).done:
            pass
        (letter,) = [each for each in mailbox.sent if each.to == email and "reset" in each.text]
        found = re.search(r"token=([\w.-]+)", letter.text)
        assert found is not None
        return found[1]

    async def reset(token: str, password: str) -> Reply:
        return await post("/auth/password/reset", {"token": token, "password": password})

    async def stored(email: str) -> str:
        user = await kit.users.get_by_email(email)
        credential = await store.get(PasswordCredential, user.id)
        assert credential is not None
        return credential.hash

    async with kit:
        facts = await behaviour(
            Application(
                sign_up=sign_up, sign_in=sign_in, who=who, ask=ask, reset=reset, stored=stored, on_a_loop=True
            )
        )
    told({**installed(), **facts})


def installed() -> dict[str, Any]:
    """Return what the installed package says."""
    stores = [each.name for each in metadata.entry_points(group="userkit.stores")]
    return package("userkit-sdk", frameworks=members("userkit.integrations"), stores=stores)


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1])))
