"""The application that gunicorn serves in the tests. `DATABASE` names its store.

With `OPENED=1` it opens its kit while it is loaded, which with `--preload` is before the processes that
answer are forked.
"""

import os

from flask import Flask

from userkit import SyncUserKit
from userkit.integrations.flask import UserKitExtension, current_user, login_required

__all__ = ["app"]

kit = SyncUserKit(os.environ["DATABASE"], secret=os.environ["SECRET"])
if os.environ.get("OPENED") == "1":
    kit.open()
    kit.users.count()  # a connection is in the pool now

app = Flask(__name__)
UserKitExtension(app, kit)


@app.get("/protected")
@login_required
def protected() -> dict[str, str]:
    """Tell who asks."""
    return {"user_id": current_user.id}


@app.get("/process")
def process() -> dict[str, int]:
    """Tell which process answers."""
    return {"id": os.getpid(), "parent": os.getppid()}
