"""An application in Flask with a kit in memory, and somebody who has signed in to it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.integrations.worlds import EMAIL, PASSWORD, SECRET
from userkit import SyncUserKit
from userkit.integrations.flask import UserKitExtension
from userkit.testing import InstantHasher

MakeKit = Callable[..., SyncUserKit]


@pytest.fixture
def make_kit() -> Iterator[MakeKit]:
    """Return what makes kits, which nobody has opened and all are closed in the end."""
    with ExitStack() as stack:

        def make(store: Any = "memory://", **options: Any) -> SyncUserKit:
            kit = SyncUserKit(store, **{"secret": SECRET, "hasher": InstantHasher(), **options})
            stack.callback(kit.close)
            return kit

        yield make


@pytest.fixture
def kit(make_kit: MakeKit) -> SyncUserKit:
    """Make a kit in memory."""
    return make_kit()


@pytest.fixture
def app(kit: SyncUserKit) -> Flask:
    """Return an application with everything that userkit brings."""
    app = Flask("shop")
    UserKitExtension(app, kit)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Speak to the application."""
    return app.test_client()


@pytest.fixture
def token(app: Flask, kit: SyncUserKit) -> str:
    """Register Ada, and return an access token of hers."""
    kit.open()
    kit.users.register(email=EMAIL, name="Ada Lovelace", password=PASSWORD)
    return kit.sessions.sign_in(email=EMAIL, password=PASSWORD).access_token
