"""The same feature in Flask: ``python examples/custom_feature/flask_app.py``."""

import os
import secrets
from collections.abc import Mapping

from bookmarks import BookmarkAdded, bookmarks
from flask import Flask

from userkit import SyncUserKit
from userkit.integrations.flask import UserKitExtension, get_current_identity

PORT = int(os.environ.get("PORT", "5000"))

kit = SyncUserKit(
    os.environ.get("DATABASE", "sqlite:///bookmarks.db"),
    secret=os.environ.get("SECRET") or secrets.token_urlsafe(32),
    features=[bookmarks],
)
app = Flask(__name__)
UserKitExtension(app, kit)


def tell(event: BookmarkAdded) -> None:
    """Say that there is a new bookmark."""
    print(f"{event.user_id} has bookmarked {event.bookmark.url}", flush=True)


kit.listen(BookmarkAdded, tell)


@app.get("/newest")
def newest() -> Mapping[str, str | None]:
    """Show your newest bookmark, by the synchronous kit."""
    page = kit[bookmarks].list(get_current_identity().user_id, limit=1)
    return {"title": page.items[0].title if page.items else None}


if __name__ == "__main__":
    app.run(port=PORT)
