"""Under uvicorn: several workers on one database, and an end in the middle of the work."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.integrations.fastapi.world import EMAIL, PASSWORD, SECRET, bearer, sign_up
from tests.servers.answering import until_it_answers
from tests.servers.postgres import PostgresServer
from tests.servers.reaper import reaper
from tests.serving.served import environment
from userkit import SyncUserKit
from userkit.testing.bench import PATIENCE

ROOT = Path(__file__).parents[3]


@contextmanager
def uvicorn(store: str, log: Path, *options: str) -> Generator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """Serve tests.integrations.fastapi.served on a free port; end it by its id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "tests.integrations.fastapi.served:app", "--port", str(port)]
    settings = environment(USERKIT_STORE=store, USERKIT_APP_SECRET=SECRET)
    with log.open("wb") as told:
        process = subprocess.Popen([*command, *options], cwd=ROOT, env=settings, stdout=told, stderr=told)
    reaper().watch_process(process.pid, signal_number=signal.SIGTERM)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            until_it_answers(client, "/docs", process, log, patience=PATIENCE)
            yield process, client
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reaper().forget_process(process.pid)


def _ask(client: httpx.Client, headers: dict[str, str]) -> int:
    # A connection each, so that either worker may take it.
    answer = httpx.get(client.base_url.join("/protected"), headers=headers, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    assert answer.json()["email"] == EMAIL
    process: int = answer.json()["process"]
    return process


def several_workers(store: str, log: Path) -> None:
    """Let two workers share what one of them has stored."""
    with uvicorn(store, log, "--workers", "2") as (process, client):
        headers = bearer(sign_up(client))
        end = time.monotonic() + PATIENCE
        answered: set[int] = set()
        while len(answered) < 2:
            assert time.monotonic() < end, "only one worker answers"
            with ThreadPoolExecutor(8) as pool:
                answered.update(pool.map(lambda _: _ask(client, headers), range(16)))
        process.terminate()
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
    assert "Traceback" not in log.read_text()


def test_two_workers_share_a_sqlite_file(tmp_path: Path) -> None:
    """Both open it at the same moment, and each knows whom the other has signed in."""
    several_workers(f"sqlite:///{tmp_path / 'app.db'}", tmp_path / "log")


def test_two_workers_share_a_postgresql_database(postgres18: PostgresServer, tmp_path: Path) -> None:
    """Both create the tables at the same moment, and each knows whom the other has signed in."""
    several_workers(postgres18.url(database=postgres18.create_database()), tmp_path / "log")


def test_x18_an_end_in_the_middle_of_the_work_finishes_it(tmp_path: Path) -> None:
    """SIGTERM lets requests that have begun come to their end, then the kit is closed."""
    store, log = f"sqlite:///{tmp_path / 'app.db'}", tmp_path / "log"
    body = b'{"email": "ada@example.com", "name": "Ada", "password": "' + PASSWORD.encode() + b'"}'
    head = (
        b"POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    )
    with uvicorn(store, log) as (process, client):
        client.close()
        address = (client.base_url.host, client.base_url.port or 80)
        with socket.create_connection(address, PATIENCE) as wire:
            wire.sendall(head + body[:-1])
            _until_told(log, "does not come", "Application startup complete")
            # The server answers another one first, so that it has taken up ours.
            httpx.get(client.base_url.join("/docs"), timeout=PATIENCE)
            process.send_signal(signal.SIGTERM)
            _until_told(log, "no end in sight", "Shutting down")
            wire.sendall(body[-1:])
            answer = b"".join(iter(lambda: wire.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 201"), answer
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
    told = log.read_text()
    assert "Application shutdown complete" in told
    assert "Traceback" not in told
    with SyncUserKit(store, secret=SECRET) as kit:
        assert kit.users.get_by_email(EMAIL).name == "Ada"


def _until_told(log: Path, otherwise: str, text: str) -> None:
    end = time.monotonic() + PATIENCE
    while text not in log.read_text():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)


@pytest.mark.parametrize("chunked", [False, True], ids=["with a length", "in chunks"])
def test_a_body_that_is_too_long_is_refused_on_the_wire(tmp_path: Path, chunked: bool) -> None:
    """The answer comes while the client is still sending, and the server goes on."""
    log = tmp_path / "log"
    with uvicorn(f"sqlite:///{tmp_path / 'app.db'}", log) as (_, client):
        length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: 1000000000"
        head = b"POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        address = (client.base_url.host, client.base_url.port or 80)
        with socket.create_connection(address, PATIENCE) as wire:
            wire.sendall(head + length + b"\r\n\r\n")
            if chunked:
                wire.sendall(b"50000\r\n" + b" " * 0x50000 + b"\r\n")
            answer = wire.recv(65536)
        assert answer.startswith(b"HTTP/1.1 413"), answer
        assert client.get("/protected").status_code == 401
    assert "Traceback" not in log.read_text()


def test_a_client_that_hangs_up_leaves_no_error_in_the_log(tmp_path: Path) -> None:
    """In the middle of its body, on a real wire."""
    log = tmp_path / "log"
    with uvicorn(f"sqlite:///{tmp_path / 'app.db'}", log) as (_, client):
        address = (client.base_url.host, client.base_url.port or 80)
        for _ in range(3):
            with socket.create_connection(address, PATIENCE) as wire:
                wire.sendall(
                    b"POST /api/v1/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    b'Content-Length: 100\r\n\r\n{"email"'
                )
            assert client.get("/protected").status_code == 401
    told = log.read_text()
    assert "Traceback" not in told
    assert "ERROR" not in told
