"""What every private server has: a folder, a port, a life that tests may interrupt."""

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote

import psutil

from tests.servers.ports import LOOPBACK, free_port
from tests.servers.reaper import reaper

_START_PATIENCE = 30.0
_STOP_PATIENCE = 20.0
_MEMORY_FOLDER = Path("/dev/shm")
# Containers often have 64 MiB there, which is less than two empty databases.
_MEMORY_NEEDED = 1 << 30


class ServerError(Exception):
    """A server did not start; the message holds the end of its log."""


class Server:
    """One private server, running. It listens on the loopback interface and knows one user and a password."""

    scheme: ClassVar[str]
    host = LOOPBACK
    user = "userkit"
    database = "userkit"

    _stop_signal: ClassVar[signal.Signals]
    _discard_signal: ClassVar[signal.Signals]

    def __init__(self, *, durable: bool = False) -> None:
        """Start the server on an empty database. Only a durable one keeps every commit through `kill`."""
        self.durable = durable
        self.password = secrets.token_hex(12)
        self.folder = private_folder()
        self.port = free_port()
        self._log = self.folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise()
        self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(
        self,
        driver: str | None = None,
        *,
        scheme: str | None = None,
        database: str | None = None,
        user: str | None = None,
        password: str | None = None,
    ) -> str:
        """Return the URL of a database here, for instance `postgresql+asyncpg://user:password@host:port/name`."""
        scheme = scheme or self.scheme
        name = f"{scheme}+{driver}" if driver else scheme
        account = f"{quote(user or self.user)}:{quote(password or self.password, safe='')}"
        return f"{name}://{account}@{self.host}:{self.port}/{database or self.database}"

    def create_database(self, name: str | None = None) -> str:
        """Create an empty database and return its name, which is a new one when none is given."""
        name = name or f"db_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def execute(self, statement: str, *, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run one statement as the server's administrator and return the rows, if there are any."""
        raise NotImplementedError

    @property
    def pid(self) -> int:
        """The process to look at; fails when the server does not run."""
        assert self._process is not None, "the server does not run"
        return self._process.pid

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start a stopped server on its old port and data; return when it takes connections."""
        assert not self.is_running, "the server runs already"
        with self._log.open("ab") as log:
            before = log.tell()
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **unprivileged(),
            )
        reaper().watch_process(self._process.pid, signal_number=self._discard_signal)
        deadline = time.monotonic() + _START_PATIENCE
        while not self._is_ready(self._log_since(before)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise ServerError(f"{self._command()[0]} did not start:\n{self._log_since(before)[-4000:]}")
            time.sleep(0.005)

    def stop(self) -> None:
        """Shut the server down in good order. Its data stay for `start`."""
        if self._process is not None:
            self._process.send_signal(self._stop_signal)
            self._wait(_STOP_PATIENCE)

    def kill(self) -> None:
        """End the server and all its children with SIGKILL, as a lack of memory or a power cut would."""
        if self._process is None:
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            family = psutil.Process(self._process.pid)
            # A stopped parent does not tidy up, nor starts children that would be missed here.
            family.suspend()
            members = [family, *family.children(recursive=True)]
            for member in members:
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
            while any(_is_alive(member) for member in members):
                time.sleep(0.005)
        self._wait(_STOP_PATIENCE)

    def restart(self) -> None:
        """Stop the server, if it runs, and start it again on the same port and data."""
        self.stop()
        self.start()

    def close(self) -> None:
        """End the server at once and delete its data."""
        if self._process is not None:
            self._process.send_signal(self._discard_signal)
            self._wait(_STOP_PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _wait(self, patience: float) -> None:
        assert self._process is not None
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        reaper().forget_process(self._process.pid)
        self._process = None

    def _log_since(self, position: int) -> str:
        return self._log.read_bytes()[position:].decode(errors="replace")

    def _run(self, command: Sequence[str | Path], *, stdin: str = "") -> None:
        done = subprocess.run(
            command, input=stdin.encode(), capture_output=True, cwd=self.folder, check=False, **unprivileged()
        )
        if done.returncode:
            raise ServerError(f"{command[0]} failed:\n{(done.stdout + done.stderr).decode(errors='replace')}")

    def _initialise(self) -> None:
        """Create the data folder, the user and the first database."""
        raise NotImplementedError

    def _command(self) -> Sequence[str | Path]:
        """Return what to start; the program must stay in the foreground."""
        raise NotImplementedError

    def _is_ready(self, log: str) -> bool:
        """Say whether the server takes connections. `log` is what it wrote since this start."""
        raise NotImplementedError


def _is_alive(process: psutil.Process) -> bool:
    # In a container nobody may collect the orphans, so being a zombie has to do.
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def private_folder() -> Path:
    """Create a folder that only the servers' user may enter, in memory where there is enough of it."""
    parent = None
    if os.access(_MEMORY_FOLDER, os.W_OK) and shutil.disk_usage(_MEMORY_FOLDER).free > _MEMORY_NEEDED:
        parent = _MEMORY_FOLDER
    folder = Path(tempfile.mkdtemp(prefix="userkit-", dir=parent))
    reaper().watch_folder(folder)
    return hand_over(folder)


def hand_over(path: Path) -> Path:
    """Give a file or a folder to the servers' user."""
    if account := unprivileged():
        os.chown(path, account["user"], account["group"])
    return path


def unprivileged() -> dict[str, Any]:
    """Return the `subprocess` arguments that drop root's rights; database servers refuse to run with them."""
    if os.geteuid() != 0:
        return {}
    for name in ("nobody", "daemon"):
        with contextlib.suppress(KeyError):
            account = pwd.getpwnam(name)
            return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return {"user": 65534, "group": 65534, "extra_groups": []}


def is_reachable(path: Path) -> bool:
    """Say whether the servers' user may enter the folder: not below a home of mode 0700, for instance."""
    return not unprivileged() or all(
        folder.stat().st_mode & stat.S_IXOTH for folder in path.resolve().parents
    )


def readable_copy(*folders: Path, relative_to: Path) -> Path:
    """Copy folders to where every user can run programs from; return what took the place of `relative_to`.

    That is never a folder in memory, because containers forbid running programs from there.
    """
    copy = Path(tempfile.mkdtemp(prefix="userkit-programs-"))
    reaper().watch_folder(copy)
    copy.chmod(0o755)
    for folder in folders:
        shutil.copytree(folder, copy / folder.relative_to(relative_to), symlinks=True)
    return copy
