"""A server of its own: `userkit serve` as a process, on a free port, over a folder of its own."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.servers.reaper import reaper

T = TypeVar("T")

PASSWORD = "mauve otters juggle teapots"
NEW_PASSWORD = "seven quiet lamps below deck"
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": PASSWORD}

_PATIENCE = 60.0


def until(found: Callable[[], T | None]) -> T:
    """Return what is found at last."""
    end = time.monotonic() + _PATIENCE
    while not (what := found()):
        assert time.monotonic() < end, "it never came to pass"
        time.sleep(0.02)
    return what


def environment(**more: str) -> dict[str, str]:
    """Return an environment that says nothing of userkit but what is given."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("USERKIT_")}
    return bare | more


class Served:
    """A server that runs. ``said`` is what it has printed, ``log`` where its log goes."""

    def __init__(self, folder: Path, *arguments: str, **more: str) -> None:
        """Start it and wait until it says where it is."""
        self.folder, self.log = folder, folder / "log"
        command = [sys.executable, "-m", "userkit.cli", "serve", "--port", "0", *arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=folder, env=environment(**more)
            )
        reaper().watch_process(self.process.pid, signal_number=signal.SIGTERM)
        self.said: dict[str, str] = {}
        # Else a server that says nothing would keep the test for ever.
        patience = threading.Timer(_PATIENCE, self.process.kill)
        patience.start()
        self._listen()
        patience.cancel()
        self.url = self.said["API docs"].removesuffix("/docs")
        self.http = httpx.Client(base_url=self.url, timeout=_PATIENCE)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        while "Mail" not in self.said:
            line = self.process.stdout.readline()
            assert line, self.log.read_text()
            label, _, fact = line.rstrip().partition(":")
            self.said[label] = fact.strip()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end, and return its exit code."""
        self.process.send_signal(number)
        return self.finish()

    def finish(self) -> int:
        """Wait for its end, and return its exit code."""
        assert self.process.stdout is not None
        code = self.process.wait(_PATIENCE)
        reaper().forget_process(self.process.pid)
        self.process.stdout.close()
        self.http.close()
        return code

    def post(self, path: str, **body: Any) -> httpx.Response:
        """Send JSON below /api/v1."""
        return self.http.post(f"/api/v1{path}", json=body)

    def register(self, **changes: str) -> httpx.Response:
        """Open an account."""
        return self.post("/users", **(ADA | changes))

    def sign_in(self, password: str = PASSWORD) -> httpx.Response:
        """Sign Ada in."""
        return self.post("/auth/login", email=ADA["email"], password=password)

    def me(self, access_token: str) -> httpx.Response:
        """Ask for whoever is signed in."""
        return self.http.get("/api/v1/users/me", headers={"authorization": f"Bearer {access_token}"})

    def metric(self, sample: str) -> float:
        """Return the figure of a sample, 0 when there is none."""
        text = self.http.get("/metrics").raise_for_status().text
        found = [line.rpartition(" ")[2] for line in text.splitlines() if line.rpartition(" ")[0] == sample]
        return float(found[0]) if found else 0.0

    def mails(self, to: str, subject: str) -> list[str]:
        """Return the texts of the mails to an address, by time."""
        files = sorted(Path(self.said["Mail"]).glob("*.eml"))
        read = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
        texts = []
        for mail in read:
            if mail["to"] == to and subject in mail["subject"].lower():
                body = mail.get_body(("plain",))
                assert body is not None
                texts.append(body.get_content())
        return texts

    def link_token(self, to: str, subject: str) -> str:
        """Return the token of the link in a mail, as soon as it has come."""
        (text,) = until(lambda: self.mails(to, subject))
        found = re.search(r"#token=(\S+)", text)
        assert found is not None
        return found[1]

    def records(self) -> list[dict[str, Any]]:
        """Return the log, each line as JSON."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@contextmanager
def served(folder: Path, *arguments: str, **more: str) -> Iterator[Served]:
    """Run a server, and end it whatever happens."""
    server = Served(folder, *arguments, **more)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.stop()
