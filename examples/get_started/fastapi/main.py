"""Accounts in FastAPI: start it with ``fastapi dev main.py``."""

import os
import secrets

from fastapi import FastAPI

from userkit import UserKit
from userkit.integrations.fastapi import CurrentUser, UserKitRouter

# A new secret at each start signs everybody out: make one, and keep it outside the code.
SECRET = os.environ.get("USERKIT_SECRET") or secrets.token_urlsafe(32)

kit = UserKit("sqlite:///app.db", secret=SECRET)
app = FastAPI()
app.include_router(UserKitRouter(kit))


@app.get("/protected")
async def protected(user: CurrentUser) -> dict[str, str]:
    """Answer only those who have signed in."""
    return {"user_id": user.id, "name": user.name}
