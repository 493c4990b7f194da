"""etcd, from the system or where ``ETCD`` says, alone and with its usual limits."""

import os
import shutil
import signal
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import psutil

from tests.servers.availability import missing
from tests.servers.ports import free_port
from tests.servers.server import Server, is_reachable, readable_copy


class EtcdServer(Server):
    """A private etcd that asks nobody who they are."""

    scheme: ClassVar[str] = "etcd"
    _stop_signal = signal.SIGTERM
    _discard_signal = signal.SIGKILL

    def __init__(self, *options: str) -> None:
        """Start it with more options of its own."""
        self._program, self._options, self._peers = etcd_program(), options, free_port()
        super().__init__()

    def url(self, *, account: str = "", **options: Any) -> str:  # type: ignore[override]  # it has no databases
        """Return a URL, with options of the store."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        return f"{self.scheme}://{account}{self.host}:{self.port}?{query}"

    def suspend(self) -> None:
        """Let it hang: it takes connections, and answers nobody."""
        psutil.Process(self.pid).suspend()

    def resume(self) -> None:
        """Let it go on."""
        psutil.Process(self.pid).resume()

    def _initialise(self) -> None:
        """Do nothing: it makes its folder itself."""

    def _command(self) -> Sequence[str | Path]:
        clients, peers = (f"http://{self.host}:{port}" for port in (self.port, self._peers))
        return [
            self._program,
            *("--name", "alone", "--data-dir", self.folder / "data"),
            *("--listen-client-urls", clients, "--advertise-client-urls", clients),
            *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
            *("--initial-cluster", f"alone={peers}"),
            *self._options,
        ]

    def _is_ready(self, log: str) -> bool:
        # The last word of 3.4 and of later ones, which speak JSON.
        return "serving insecure client requests" in log or "serving client traffic insecurely" in log


@cache
def etcd_program() -> Path:
    """Return the program of etcd, or skip the test where there is none."""
    found = os.environ.get("ETCD") or shutil.which("etcd") or shutil.which("etcd", path="/usr/sbin:/sbin")
    if found is None:
        missing("etcd", install="apt-get install etcd-server")
    program = Path(found)
    return (
        program
        if is_reachable(program)
        else readable_copy(program.parent, relative_to=program.parent) / program.name
    )
