"""userkit in FastAPI: a guarded route, one that checks the token alone, and one that anybody may call."""

import os

from fastapi import FastAPI

from benchmarks.rivals.ours import SECRET
from userkit import UserKit
from userkit.integrations.fastapi import CurrentIdentity, CurrentUser, UserKitRouter

__all__ = ["app"]

kit = UserKit(os.environ["BENCH_DATABASE"], secret=SECRET, cache=os.environ.get("BENCH_CACHE"))
app = FastAPI()
app.include_router(UserKitRouter(kit))


@app.get("/signed-in")
async def signed_in(user: CurrentUser) -> dict[str, str]:
    """Answer the user, who was read from the database."""
    return {"id": user.id, "email": user.email}


@app.get("/token")
async def token(identity: CurrentIdentity) -> dict[str, str]:
    """Answer who the token says."""
    return {"id": identity.user_id}


@app.get("/anybody")
async def anybody() -> dict[str, str]:
    """Answer anybody."""
    return {"id": "019a0c4e-7b5f-7c3a-9d1e-2f4a6b8c0d2e", "email": "person0@example.com"}
