"""Accounts in Flask: start it with ``flask run``."""

import os
import secrets

from flask import Flask

from userkit import SyncUserKit
from userkit.integrations.flask import UserKitExtension, current_user, login_required

# A new secret at each start signs everybody out: make one, and keep it outside the code.
SECRET = os.environ.get("USERKIT_SECRET") or secrets.token_urlsafe(32)

app = Flask(__name__)
kit = SyncUserKit("sqlite:///app.db", secret=SECRET)
UserKitExtension(app, kit)


@app.get("/protected")
@login_required
def protected() -> dict[str, str]:
    """Answer only those who have signed in."""
    return {"user_id": current_user.id, "name": current_user.name}
