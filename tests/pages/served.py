"""Applications with pages on a real socket, over SQLite, whose mails are files in a folder."""

import email
import email.policy
import queue
import re
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from flask import Flask
from werkzeug.serving import make_server

from tests.features.surface import SECRET
from userkit import SyncUserKit, UserKit
from userkit.backends.mail import DirectoryMailer, ThreadedMailer
from userkit.features.mail import mail
from userkit.integrations.fastapi import UserKitRouter
from userkit.integrations.flask import UserKitExtension
from userkit.ports.mail import Message
from userkit.testing import InstantHasher
from userkit.testing.bench import PATIENCE

__all__ = ["FRAMEWORKS", "Served", "serving"]


class Mailbox(DirectoryMailer):
    """A folder that says when a mail has come."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.arrived: queue.Queue[str] = queue.Queue()

    async def send(self, message: Message) -> None:
        await super().send(message)
        self.arrived.put(message.template or "")

    def link(self, template: str) -> str:
        """Wait for the next mail of a kind, and return the link in it."""
        while self.arrived.get(timeout=PATIENCE) != template:
            pass
        texts = map(_text_of, sorted(self.folder.glob("*.eml"), reverse=True))
        path = template.replace("_", "-")
        return next(link[0] for text in texts if (link := re.search(rf"http://\S+/{path}#token=\S+", text)))


@dataclass
class Served:
    """Where an application is, its mails, and what it was asked for: method, path with query, Referer."""

    base_url: str
    mailbox: Mailbox
    asked: list[tuple[str, str, str]] = field(default_factory=list)


@contextmanager
def serving(framework: str, folder: Path) -> Generator[Served]:
    """Serve an application of a framework with pages; its cookie is named ``userkit``."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        served = Served(f"http://localhost:{listener.getsockname()[1]}", Mailbox(folder / "mail"))
        settings: dict[str, Any] = {
            "store": f"sqlite:///{folder / 'app.db'}",
            "secret": SECRET,
            "hasher": InstantHasher(),
            "base_url": served.base_url,
            "app_name": "Engine",
            "features": [mail(sender="Engine <no-reply@app.example>")],
        }
        with FRAMEWORKS[framework](listener, served, settings):
            yield served


@contextmanager
def _fastapi(listener: socket.socket, served: Served, settings: dict[str, Any]) -> Generator[None]:
    app = FastAPI()
    app.include_router(UserKitRouter(UserKit(mailer=ThreadedMailer(served.mailbox), **settings), pages=True))

    async def recorded(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            referer = dict(scope["headers"]).get(b"referer", b"").decode()
            query = scope["query_string"].decode()
            served.asked.append((scope["method"], f"{scope['path']}?{query}", referer))
        await app(scope, receive, send)

    started = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            started.set()

    server = Server(uvicorn.Config(recorded, lifespan="on", ws="none", log_config=None))
    thread = threading.Thread(target=server.run, args=([listener],), name="pages", daemon=True)
    thread.start()
    try:
        assert started.wait(PATIENCE), "uvicorn did not start"
        yield
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


@contextmanager
def _flask(listener: socket.socket, served: Served, settings: dict[str, Any]) -> Generator[None]:
    app = Flask(__name__)
    kit = SyncUserKit(mailer=served.mailbox, **settings)
    UserKitExtension(app, kit, pages=True)

    def recorded(environ: Any, start: Any) -> Any:
        target = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        served.asked.append((environ["REQUEST_METHOD"], target, environ.get("HTTP_REFERER", "")))
        return app(environ, start)

    server = make_server("127.0.0.1", 0, recorded, threaded=True, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, name="pages", daemon=True)
    with kit:
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join(PATIENCE)
            server.server_close()


FRAMEWORKS: dict[str, Callable[..., Any]] = {"fastapi": _fastapi, "flask": _flask}


def _text_of(file: Path) -> str:
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
