"""Servers in threads of this process, on free ports, which end when they are left."""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from werkzeug.serving import make_server

from userkit.testing.bench import PATIENCE
from userkit.testing.http import SocketClient

__all__ = ["serving_asgi", "serving_wsgi"]


class _Uvicorn(uvicorn.Server):
    """Tells when it is ready, or has failed."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            super().run(sockets)
        finally:
            self.ready.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def serving_asgi(app: Any, **options: Any) -> Generator[SocketClient]:
    """Serve an ASGI application with uvicorn."""
    config = uvicorn.Config(
        app, **{"lifespan": "on", "ws": "none", "log_config": None, "proxy_headers": False} | options
    )
    server = _Uvicorn(config)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        thread = threading.Thread(target=server.run, args=([listener],), name="uvicorn", daemon=True)
        thread.start()
        try:
            assert server.ready.wait(PATIENCE), "uvicorn did not start"
            assert server.started, "the application did not start"
            yield SocketClient(*listener.getsockname())
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


@contextmanager
def serving_wsgi(app: Any) -> Generator[SocketClient]:
    """Serve a WSGI application with Werkzeug's server, a thread for each connection."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="werkzeug", daemon=True)
    thread.start()
    try:
        yield SocketClient("127.0.0.1", server.port)
    finally:
        server.shutdown()
        thread.join(PATIENCE)
        server.server_close()
