"""Running the server: one process, or several workers that share a socket."""

import asyncio
import errno
import inspect
import logging.config
import os
import signal
import socket
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from uvicorn.supervisors import Multiprocess

from userkit.errors import ConfigurationError
from userkit.kernel.origin import coming_from
from userkit.kernel.secret import Secret
from userkit.kit import UserKit
from userkit.plugins.advice import userkit_version
from userkit.serving.administrator import ADMINISTRATOR
from userkit.serving.kit import kit_arguments
from userkit.serving.logs import log_config
from userkit.serving.settings import Serving

__all__ = ["Prepared", "listening", "prepared", "run_server"]

_FACTORY = "userkit.serving.application:from_environment"
_METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_BACKLOG = 2048
# Requests that are being answered when the server is told to stop have so long.
_GRACE = 30
# A worker that is slow to start, on a busy machine, is not hung; one that dies may be missed as late as this.
_HEALTHCHECK = 15
_STARTUP_FAILURE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was found out before the server begins: a new administrator's password, and where pages are."""

    password: Secret | None
    pages: str | None


@contextmanager
def listening(host: str, port: int) -> Generator[socket.socket, None, None]:
    """Listen, so that nobody who calls from now on is turned away. Raises ConfigurationError."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ConfigurationError(f"--host {host} cannot be found: {error.strerror}.") from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except OSError as error:
            raise ConfigurationError(_cannot_listen(host, port, error)) from error
        listener.set_inheritable(True)
        yield listener


def prepared(serving: Serving, *, admin: str | None = None) -> Prepared:
    """Make the tables, the mail folder and the administrator, so that what is wrong shows before the start.

    Raises ConfigurationError, StoreUnavailableError and SchemaOutdatedError.
    """
    logging.config.dictConfig(log_config(serving.server.log_format, serving.server.log_level))
    if (folder := serving.mail_folder) is not None:
        _check_folder(folder)
    return asyncio.run(_prepared(serving, admin))


async def _prepared(serving: Serving, admin: str | None) -> Prepared:
    arguments = kit_arguments(serving, relay=False)
    arguments["features"].append(ADMINISTRATOR)
    kit = UserKit(**arguments)
    pages = _pages_of(serving, kit)
    async with kit:
        with coming_from(user_agent=f"userkit-serve/{userkit_version()}"):
            password = None if admin is None else await kit[ADMINISTRATOR](admin)
    return Prepared(password=password, pages=pages)


def run_server(serving: Serving, listener: socket.socket) -> bool:
    """Serve until a signal asks to end, and tell whether all went well.

    After SIGTERM and SIGINT no request is taken any more, and those that were taken are answered.
    """
    stop = _Stop()
    before = [(number, signal.signal(number, stop)) for number in (signal.SIGTERM, signal.SIGINT)]
    serve = _served_by_workers if serving.server.workers > 1 else _served
    try:
        return serve(serving, listener, stop)
    finally:
        for number, handler in before:
            signal.signal(number, handler)


class _Stop:
    """Ends the program at a signal, as long as uvicorn does not listen to signals itself.

    When it is done uvicorn raises the signal once more, and that is no reason to fail.
    """

    server: uvicorn.Server | None = None

    def __call__(self, *_: object) -> None:
        if self.server is None or not self.server.started:
            raise SystemExit(0)


def _served(serving: Serving, listener: socket.socket, stop: _Stop) -> bool:
    os.environ.pop(_METRICS_FOLDER, None)  # one process puts its figures together with nobody's
    from userkit.serving.application import create_app

    config = _config(serving, create_app(serving))
    stop.server = server = uvicorn.Server(config)
    server.run(sockets=[listener])
    return server.started


def _served_by_workers(serving: Serving, listener: socket.socket, _: _Stop) -> bool:
    with tempfile.TemporaryDirectory(prefix="userkit-metrics-", ignore_cleanup_errors=True) as folder:
        _set({**serving.environment(), _METRICS_FOLDER: folder})
        supervisor = _supervisor(_config(serving, _FACTORY, factory=True), listener)
        supervisor.run()
    return all(each.process.exitcode != _STARTUP_FAILURE for each in supervisor.processes)


def _supervisor(config: uvicorn.Config, listener: socket.socket) -> Multiprocess:
    # Older versions want to be told what each worker does.
    wants_target = "target" in inspect.signature(Multiprocess).parameters
    target: dict[str, Any] = {"target": uvicorn.Server(config).run} if wants_target else {}
    return Multiprocess(config, sockets=[listener], **target)


def _config(serving: Serving, app: Any, **more: Any) -> uvicorn.Config:
    server = serving.server
    return uvicorn.Config(
        app,
        workers=server.workers,
        lifespan="on",
        ws="none",
        log_config=log_config(server.log_format, server.log_level),
        access_log=False,  # ours knows routes instead of paths
        proxy_headers=False,  # --trusted-proxies is ours, and counts from the end
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_worker_healthcheck=_HEALTHCHECK,
        **more,
    )


def _set(environment: dict[str, str | None]) -> None:
    for name, value in environment.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"Mail cannot be written to {folder}: {error.strerror}. Choose another folder with --mail-dir."
        ) from error


def _pages_of(serving: Serving, kit: UserKit) -> str | None:
    if not serving.server.pages:
        return None
    from userkit.pages import with_pages
    from userkit.surface import Surface

    paths = sorted(with_pages(Surface.of(kit), kit).pages)
    path = next((each for each in paths if each.endswith("/sign-in")), next(iter(paths), None))
    parts = urlsplit(serving.base_url)
    return None if path is None else f"{parts.scheme}://{parts.netloc}{path}"


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken by another program; choose another one with --port."
    return (
        f"Nobody can listen on port {port} of {host}: {error.strerror}. Choose others with --host and --port."
    )
