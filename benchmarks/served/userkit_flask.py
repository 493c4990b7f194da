"""userkit in Flask: a guarded route, and one that anybody may call."""

import os

from flask import Flask

from benchmarks.rivals.ours import SECRET
from userkit import SyncUserKit
from userkit.integrations.flask import UserKitExtension, current_user, login_required

__all__ = ["app"]

app = Flask(__name__)
UserKitExtension(app, SyncUserKit(os.environ["BENCH_DATABASE"], secret=SECRET))


@app.get("/signed-in")
@login_required
def signed_in() -> dict[str, str]:
    """Answer the user, who was read from the database."""
    return {"id": current_user.id, "email": current_user.email}


@app.get("/anybody")
def anybody() -> dict[str, str]:
    """Answer anybody."""
    return {"id": "019a0c4e-7b5f-7c3a-9d1e-2f4a6b8c0d2e", "email": "person0@example.com"}
