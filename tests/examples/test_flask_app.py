"""The example in Flask, started as its README says and used as a person would."""

import email
import email.policy
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers.ports import free_port
from tests.servers.reaper import reaper
from userkit.testing.bench import PATIENCE

APP = Path(__file__).parents[2] / "examples" / "flask_app" / "app.py"
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "mauve otters juggle teapots"}
NEW_PASSWORD = "quiet lanterns drift upstream"


@dataclass(frozen=True)
class Example:
    """The running example."""

    client: httpx.Client
    folder: Path
    environment: Mapping[str, str]

    def sign_in(self, password: str = ADA["password"]) -> dict[str, str]:
        """Sign in, and return the header that shows it."""
        answer = self.client.post("/api/v1/auth/login", json={"email": ADA["email"], "password": password})
        assert answer.status_code == 200, answer.text
        return {"authorization": f"Bearer {answer.json()['access_token']}"}

    def give(self, *arguments: str) -> str:
        """Run the command that gives roles."""
        command = [sys.executable, "-m", "flask", "--app", str(APP), "give", *arguments]
        return subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True, timeout=PATIENCE
        ).stdout

    def token_in_mail(self) -> str:
        """Wait for a mail with a link in it, whose page is there, and return the token of the link."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.client.get("/")
            for mail in self.folder.glob("mail/*.eml"):
                link = re.search(r"http://localhost:\d+/account/reset-password\S*", _text(mail))
                if link is not None:
                    assert self.client.get(link[0].partition("#")[0]).status_code == 200
                    return re.findall(r"ukl_[A-Za-z0-9_-]+", link[0])[0]
        raise AssertionError("no mail came")


def _text(mail: Path) -> str:
    message: Any = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
    return str(message.get_body(("plain",)).get_content())


@contextmanager
def started(environment: Mapping[str, str]) -> Iterator[None]:
    """Start the example, and end it."""
    server = subprocess.Popen(
        [sys.executable, "-u", str(APP)], env=environment, stderr=subprocess.PIPE, text=True
    )
    reaper().watch_process(server.pid, signal_number=signal.SIGKILL)
    ready = threading.Event()
    reader = threading.Thread(target=_read, args=(server.stderr, ready), daemon=True)
    reader.start()
    try:
        assert ready.wait(PATIENCE), "it did not start"
        yield
    finally:
        server.kill()
        reader.join(PATIENCE)
        server.communicate()
        reaper().forget_process(server.pid)


def _read(lines: Iterable[str], ready: threading.Event) -> None:
    """Read what the server logs, so that it never waits for a reader."""
    for line in lines:
        if "Running on" in line:
            ready.set()


@pytest.fixture
def example(tmp_path: Path) -> Iterator[Example]:
    """Start the example with an empty folder."""
    port, folder = free_port(), tmp_path / "data"
    environment = {**os.environ, "PORT": str(port), "NOTES_FOLDER": str(folder)}
    with (
        started(environment),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client,
    ):
        yield Example(client, folder, environment)


def test_a_newcomer_gets_through(example: Example) -> None:
    """Register, sign in, write a note, be refused, become an editor, forget the password."""
    client = example.client
    assert "stranger" in client.get("/").text
    assert client.get("/api/v1/docs").status_code == 200
    assert client.get("/account/sign-up").status_code == 200
    assert client.post("/api/v1/users", json=ADA).status_code == 201
    assert client.get("/notes").status_code == 401
    ada = example.sign_in()
    assert client.get("/", headers=ada).text == "Hello Ada Lovelace!\n"
    assert client.post("/notes", json={"text": "Tea."}, headers=ada).status_code == 201
    assert [note["text"] for note in client.get("/notes", headers=ada).json()] == ["Tea."]
    assert client.get("/secret-note", headers=ada).status_code == 200

    assert client.delete("/notes", headers=ada).json()["code"] == "forbidden"
    assert example.give(ADA["email"], "editor") == "ada@example.com is editor now.\n"
    assert client.delete("/notes", headers=ada).status_code == 204

    assert client.post("/api/v1/auth/password/forgot", json={"email": ADA["email"]}).status_code == 202
    reset = {"token": example.token_in_mail(), "password": NEW_PASSWORD}
    assert client.post("/api/v1/auth/password/reset", json=reset).status_code == 204
    example.sign_in(NEW_PASSWORD)


def test_what_it_keeps_outlives_it_and_its_secret_is_its_own(example: Example) -> None:
    """Only the user of the system reads the secret; sign-ins of before go on after a restart."""
    client = example.client
    client.post("/api/v1/users", json=ADA)
    ada = example.sign_in()
    assert stat.S_IMODE((example.folder / "secret").stat().st_mode) == 0o600
    port = str(free_port())
    with started({**example.environment, "PORT": port}):
        assert httpx.get(f"http://127.0.0.1:{port}/notes", headers=ada, timeout=PATIENCE).json() == []
