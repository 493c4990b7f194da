"""An application for servers in processes of their own: USERKIT_STORE says where the users are."""

import os

from fastapi import FastAPI

from userkit import UserKit
from userkit.integrations.fastapi import CurrentUser, UserKitRouter

kit = UserKit(os.environ["USERKIT_STORE"], secret=os.environ["USERKIT_APP_SECRET"], relay=False)
app = FastAPI()
app.include_router(UserKitRouter(kit))


@app.get("/protected")
async def protected(user: CurrentUser) -> dict[str, str | int]:
    """Tell who is asking, and which process answers."""
    return {"email": user.email, "process": os.getpid()}
