"""The applications that servers serve in the tests of streams. `DATABASE` names their store."""

import os

from fastapi import FastAPI
from flask import Flask

from tests.integrations.streams import STREAMS
from userkit import SyncUserKit, UserKit
from userkit.integrations.fastapi import UserKitRouter
from userkit.integrations.flask import UserKitExtension

__all__ = ["asgi", "wsgi"]


def asgi() -> FastAPI:
    """Return the application in FastAPI."""
    app = FastAPI()
    kit = UserKit(os.environ["DATABASE"], secret=os.environ["SECRET"], features=[STREAMS])
    app.include_router(UserKitRouter(kit))
    return app


def wsgi() -> Flask:
    """Return the application in Flask."""
    app = Flask(__name__)
    kit = SyncUserKit(os.environ["DATABASE"], secret=os.environ["SECRET"], features=[STREAMS])
    UserKitExtension(app, kit)
    return app
