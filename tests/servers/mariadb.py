"""MariaDB from the operating system's package: `mariadbd` and its SQL files are all that is needed."""

import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from tests.servers.availability import missing
from tests.servers.server import Server, hand_over

_SYSTEM_FOLDERS = "/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin"
_SYSTEM_TABLES = ("*_system_tables.sql", "*_system_tables_data.sql")


class Programs(NamedTuple):
    """Where a MariaDB is installed."""

    server: Path
    scripts: tuple[Path, ...]


class MariadbServer(Server):
    """A private MariaDB with one user who needs a password.

    It keeps the defaults of MariaDB itself: `CREATE DATABASE` gives Latin-1 with a collation that ignores
    case, so a store that does not ask for better is found out.
    """

    scheme: ClassVar[str] = "mariadb"
    _stop_signal = signal.SIGTERM
    _discard_signal = signal.SIGKILL

    def __init__(self, programs: Programs, *, durable: bool = False) -> None:
        """Start a server from these programs."""
        self._programs = programs
        super().__init__(durable=durable)

    @classmethod
    def installed(cls, *, durable: bool = False) -> "MariadbServer":
        """Start the MariaDB of this machine, or skip the test where there is none."""
        programs = find_programs()
        if programs is None:
            missing("MariaDB (mariadbd)", install="apt-get install mariadb-server-core")
        return cls(programs, durable=durable)

    def execute(self, statement: str, *, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement as a user who may do everything and return the rows, if there are any."""
        import pymysql  # the fixtures must load where the driver is not installed

        with (
            pymysql.connect(
                host=self.host,
                port=self.port,
                user=self.user,
                password=self.password,
                database=database,
                autocommit=True,
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return list(cursor.fetchall())

    def _initialise(self) -> None:
        # What mariadb-install-db does, without the help tables; the script itself needs the client package.
        statements = [
            "CREATE DATABASE mysql;",
            "USE mysql;",
            "SET @auth_root_socket = NULL;",
            *(script.read_text() for script in self._programs.scripts),
            "DELETE FROM global_priv WHERE User IN ('', 'root');",
            "FLUSH PRIVILEGES;",
            f"CREATE USER '{self.user}'@'%' IDENTIFIED BY '{self.password}';",
            f"GRANT ALL ON *.* TO '{self.user}'@'%' WITH GRANT OPTION;",
            f"CREATE DATABASE {self.database};",
        ]
        data = self.folder / "data"
        data.mkdir()
        hand_over(data)
        self._run([*self._options(), "--bootstrap"], stdin="\n".join(statements) + "\n")

    def _command(self) -> Sequence[str | Path]:
        return [
            *self._options(),
            f"--bind-address={self.host}",
            f"--port={self.port}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            # Without names there is no list of hosts that are blocked after too many broken connections.
            "--skip-name-resolve",
            "--max-connections=300",
            "--default-time-zone=+05:45",
        ]

    def _options(self) -> Sequence[str | Path]:
        options = [
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--tmpdir={self.folder}",
            "--innodb-log-file-size=32M",
            "--innodb-buffer-pool-size=64M",
            f"--innodb-flush-log-at-trx-commit={1 if self.durable else 0}",
        ]
        return [self._programs.server, *options]

    def _is_ready(self, log: str) -> bool:
        return "ready for connections" in log


def find_programs() -> Programs | None:
    """Return the MariaDB of this machine, if it has one."""
    path = os.pathsep.join([os.environ.get("PATH", ""), _SYSTEM_FOLDERS])
    server = shutil.which("mariadbd", path=path)
    if server is None:
        return None
    share = Path(server).resolve().parent.parent / "share"
    for folder in (share / "mysql", share / "mariadb"):
        scripts = tuple(next(folder.glob(pattern), None) for pattern in _SYSTEM_TABLES)
        if all(scripts):
            return Programs(Path(server), tuple(script for script in scripts if script))
    return None
