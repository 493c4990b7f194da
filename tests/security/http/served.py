"""Applications in processes of their own: what they import, and how they are started and told to stop."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from flask import Flask

from tests.integrations.worlds import SECRET, Unlimited
from userkit import SyncUserKit, UserKit
from userkit.integrations.fastapi import UserKitRouter
from userkit.integrations.flask import UserKitExtension
from userkit.ports.passwords import Verification
from userkit.testing import InstantHasher
from userkit.testing.bench import PATIENCE
from userkit.testing.http import SocketClient

__all__ = ["Server", "asgi", "serving", "wsgi"]

ROOT = Path(__file__).parents[3]


class NotedHasher(InstantHasher):
    """Note each comparison in a file, where those of all processes add up."""

    def __init__(self, notes: str) -> None:
        super().__init__()
        self._notes = notes

    async def verify(self, password: str, encoded: str | None) -> Verification:
        """See PasswordHasher.verify."""
        notes = os.open(self._notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(notes, b".")
        os.close(notes)
        return await super().verify(password, encoded)


def _options() -> dict[str, Any]:
    notes = os.environ.get("TEST_NOTES")
    limited = {} if notes else {"limiter": Unlimited()}
    return {"secret": SECRET, "relay": False, "hasher": NotedHasher(notes) if notes else "argon2", **limited}


def asgi() -> FastAPI:
    """Return an application for uvicorn."""
    app = FastAPI()
    app.include_router(UserKitRouter(UserKit(os.environ["TEST_STORE"], **_options())))
    return app


def wsgi() -> Flask:
    """Return an application for gunicorn."""
    app = Flask(__name__)
    UserKitExtension(app, SyncUserKit(os.environ["TEST_STORE"], **_options()))
    return app


@dataclass
class Server(SocketClient):
    """A server, as those see it who ask, and as who ends it."""

    process: subprocess.Popen[bytes]
    host: str
    port: int

    def stop(self) -> int:
        """Tell it to stop, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def _command(framework: str, descriptor: int) -> list[str]:
    if framework == "fastapi":
        return [
            *("-m", "uvicorn", "--factory", "tests.security.http.served:asgi", "--fd", str(descriptor)),
            *("--timeout-graceful-shutdown", "30", "--log-level", "warning"),
        ]
    return [
        *("-m", "gunicorn", "tests.security.http.served:wsgi()", "--bind", f"fd://{descriptor}"),
        *("--workers", "2", "--threads", "16", "--graceful-timeout", "30", "--log-level", "warning"),
        *("--timeout", "60"),
    ]


@contextmanager
def serving(framework: str, store: str, *, notes: Path | None = None) -> Iterator[Server]:
    """Start a server: uvicorn with one process, gunicorn with two workers that have threads."""
    environment = {**os.environ, "TEST_STORE": store, "PYTHONPATH": str(ROOT)}
    environment |= {"TEST_NOTES": str(notes)} if notes else {}
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        host, port = listener.getsockname()
        command = [sys.executable, *_command(framework, listener.fileno())]
        process = subprocess.Popen(  # what is run is ours
            command, env=environment, cwd=ROOT, pass_fds=[listener.fileno()]
        )
    try:
        server = Server(process, host, port)
        assert server.ask("GET", "/api/v1/auth/jwks").status == 200
        yield server
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)
