"""The example in FastAPI, started as its README says, and called from outside."""

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.servers.answering import until_it_answers
from tests.servers.reaper import reaper
from tests.serving.served import environment
from userkit.testing.bench import PATIENCE

ROOT = Path(__file__).parents[2]
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "mauve otters juggle teapots"}
COMMANDS = {
    "python": ["examples/fastapi_app/main.py"],
    "uvicorn": ["-m", "uvicorn", "examples.fastapi_app.main:app"],
}


@contextmanager
def running(command: Sequence[str], folder: Path) -> Iterator[tuple[httpx.Client, Path]]:
    """Start the example on a free port, with its data in a folder; end it by its id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    more = ["--port", str(port)] if "uvicorn" in command else []
    log = folder / "log"
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, *command, *more],
            cwd=ROOT,
            env=environment(DATA=str(folder / "data"), PORT=str(port)),
            stdout=told,
            stderr=told,
        )
    reaper().watch_process(process.pid, signal_number=signal.SIGTERM)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            until_it_answers(client, "/greeting", process, log, patience=PATIENCE)
            yield client, log
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reaper().forget_process(process.pid)


def bearer(answer: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.mark.parametrize("how", COMMANDS)
def test_people_sign_up_and_have_a_profile(how: str, tmp_path: Path) -> None:
    """With a token, as programs do; the mail that asks for a confirmation is a file."""
    with running(COMMANDS[how], tmp_path) as (client, _):
        assert client.get("/greeting").json() == "Hello, stranger!"
        assert client.post("/api/v1/users", json=ADA).status_code == 201
        form = {"username": ADA["email"], "password": ADA["password"]}
        headers = bearer(client.post("/api/v1/auth/token", data=form))
        assert client.get("/greeting", headers=headers).json() == "Hello, Ada Lovelace!"
        assert client.get("/profile", headers=headers).json() == {"newsletter": "never"}
        assert client.post("/newsletter", headers=headers).json() == {"newsletter": "weekly"}
        wrong = client.patch(
            "/api/v1/users/me", json={"attributes": {"newsletter": "daily"}}, headers=headers
        )
        assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_attributes")
        assert client.get("/admin/people", headers=headers).json()["code"] == "forbidden"
        assert client.post("/api/v1/auth/password/forgot", json={"email": ADA["email"]}).status_code == 202
        end = time.monotonic() + PATIENCE
        while not list((tmp_path / "data" / "mail").glob("*.eml")):
            assert time.monotonic() < end, "no mail comes"
            time.sleep(0.05)


def test_the_administrator_signs_in_with_the_password_that_was_printed(tmp_path: Path) -> None:
    """Once: the second start prints nothing, and the account is still there."""
    with running(COMMANDS["python"], tmp_path) as (client, log):
        found = re.search(r"Administrator: (\S+), password: (\S+)", log.read_text())
        assert found is not None
        login = {"email": found[1], "password": found[2]}
    with running(COMMANDS["python"], tmp_path) as (client, log):
        assert "Administrator" not in log.read_text()
        headers = bearer(client.post("/api/v1/auth/login", json=login))
        assert client.get("/admin/people", headers=headers).json() == {"people": 1}


def test_a_browser_signs_in_with_a_cookie(tmp_path: Path) -> None:
    """As the page does: its requests say where they are from, and those of other pages change nothing."""
    with running(COMMANDS["python"], tmp_path) as (client, _):
        assert "<form" in client.get("/").text
        client.post("/api/v1/users", json=ADA)
        login = {"email": ADA["email"], "password": ADA["password"]}
        ours = {"Origin": str(client.base_url).rstrip("/")}
        answer = client.post("/api/v1/auth/login?transport=cookie", json=login, headers=ours)
        assert (answer.status_code, set(client.cookies)) == (204, {"userkit", "userkit-csrf"})
        assert client.get("/profile").json() == {"newsletter": "never"}
        assert client.post("/newsletter").json()["code"] == "csrf_failed"
        assert client.post("/newsletter", headers=ours).json() == {"newsletter": "weekly"}
        assert client.post("/api/v1/auth/logout", headers=ours).status_code == 204
        assert client.get("/greeting").json() == "Hello, stranger!"
