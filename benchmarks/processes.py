"""Servers in processes of their own: what they spend, and what they hold."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psutil

from tests.servers.ports import free_port

__all__ = ["QUIET", "SERVE", "UVICORN", "Server", "program", "serving"]

QUIET = ("--log-level", "warning")
UVICORN = (sys.executable, "-m", "uvicorn", "--loop", "uvloop", "--http", "httptools", "--no-access-log")
SERVE = (sys.executable, "-m", "userkit.cli", "serve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that listens, with its workers."""

    port: int
    process: psutil.Process

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"http://127.0.0.1:{self.port}"

    def spent(self) -> float:
        """Return the CPU time so far, in seconds."""
        return sum(sum(each.cpu_times()[:2]) for each in self._family())

    def resident(self) -> float:
        """Return the resident memory, in MiB."""
        return sum(each.memory_info().rss for each in self._family()) / 2**20

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


@contextmanager
def serving(*command: str, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """Start a server that takes ``--port``, and end it afterwards."""
    port = free_port()
    with program([*command, "--port", str(port)], environment) as process:
        _wait_for(port, process)
        yield Server(port=port, process=process)


@contextmanager
def program(command: Sequence[str], environment: dict[str, str] | None = None) -> Iterator[psutil.Process]:
    """Start a program that says nothing on its standard output, and end it afterwards."""
    started = subprocess.Popen(command, env={**os.environ, **(environment or {})}, stdout=subprocess.DEVNULL)
    with ExitStack() as stack:
        stack.callback(started.wait)
        stack.callback(started.terminate)
        yield psutil.Process(started.pid)


def _wait_for(port: int, process: psutil.Process, seconds: float = 60) -> None:
    """Wait for an answer of any kind: a server may listen before its workers have started."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=seconds) as line:
                line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                if line.recv(1):
                    return
        except OSError:
            if time.monotonic() > deadline or process.status() == psutil.STATUS_ZOMBIE:
                raise
        time.sleep(0.05)
