"""The feature in FastAPI: ``python examples/custom_feature/fastapi_app.py``."""

import os
import secrets
from collections.abc import Mapping

from bookmarks import BookmarkAdded, bookmarks
from fastapi import FastAPI

from userkit import UserKit
from userkit.integrations.fastapi import CurrentIdentity, UserKitRouter

PORT = int(os.environ.get("PORT", "8000"))

kit = UserKit(
    os.environ.get("DATABASE", "sqlite:///bookmarks.db"),
    secret=os.environ.get("SECRET") or secrets.token_urlsafe(32),
    features=[bookmarks],
)
app = FastAPI(title="Bookmarks")
app.include_router(UserKitRouter(kit))


async def tell(event: BookmarkAdded) -> None:
    """Say that there is a new bookmark; whoever listens may wait for others here."""
    print(f"{event.user_id} has bookmarked {event.bookmark.url}", flush=True)


kit.listen(BookmarkAdded, tell)


@app.get("/newest")
async def newest(identity: CurrentIdentity) -> Mapping[str, str | None]:
    """Show your newest bookmark, by the asynchronous kit."""
    page = await kit[bookmarks].list(identity.user_id, limit=1)
    return {"title": page.items[0].title if page.items else None}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=PORT)
