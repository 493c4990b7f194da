"""A server that is told to stop keeps its word, in one process and in several."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests.serving.served import ADA, Served, served, until
from userkit import SyncUserKit

# Servers are started, in turn, on machines that may be busy.
pytestmark = pytest.mark.timeout(300)

CALLERS = 40


class Crowd:
    """People who register at the same moment; ``told`` are those who were told that they have an account."""

    def __init__(self, server: Served) -> None:
        """Take the server that they go to."""
        self.server = server
        self.told: list[str] = []
        self.first = threading.Event()

    def register(self, number: int) -> None:
        """Register, as far as anybody answers."""
        email = f"caller-{number}@example.com"
        try:
            answer = httpx.post(f"{self.server.url}/api/v1/users", json=ADA | {"email": email}, timeout=60)
        except httpx.TransportError:
            return
        if answer.status_code == 201:
            self.told.append(email)
            self.first.set()


def kept(folder: Path) -> set[str]:
    """Return the addresses in the database, read with the secret that the server has made."""
    secret = (folder / "userkit.db.secret").read_text().split()
    with SyncUserKit(f"sqlite:///{folder}/userkit.db", secret=secret, relay=False) as kit:
        return {user.email for user in kit.users.list(limit=1000).items}


@pytest.fixture(params=[1, 2], ids=["one process", "two workers"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """A server with a temporary folder of its own."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with served(tmp_path, "--workers", str(request.param), TMPDIR=str(temporary)) as server:
        yield server


def test_sigterm_loses_nothing_that_was_acknowledged(server: Served, tmp_path: Path) -> None:
    """Those who were told have an account, the exit code is 0, and no process and no folder is left."""
    crowd = Crowd(server)
    family = [psutil.Process(server.process.pid)]
    with ThreadPoolExecutor(CALLERS) as callers:
        for number in range(CALLERS):
            callers.submit(crowd.register, number)
        assert crowd.first.wait(60)
        family += family[0].children(recursive=True)
        assert server.stop() == 0
    assert set(crowd.told) <= kept(tmp_path)
    assert len(set(crowd.told)) == len(crowd.told)
    assert not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in family)
    assert [*(tmp_path / "temporary").glob("userkit-*")] == []
    assert "Traceback" not in server.log.read_text()


def test_control_c_ends_it_as_well(server: Served) -> None:
    """Without a traceback."""
    assert server.http.get("/readyz").status_code == 200
    assert server.stop(signal.SIGINT) == 0
    assert "Traceback" not in server.log.read_text()


def test_workers_are_counted_together(tmp_path: Path) -> None:
    """Whichever worker is asked tells of all of them, also when one has died and another come."""
    with served(tmp_path, "--workers", "2", "--no-pages") as server:
        assert server.register().status_code == 201
        bearer = {"authorization": f"Bearer {server.sign_in().json()['access_token']}"}
        for _ in range(20):  # a connection each, so that both workers get some
            httpx.get(f"{server.url}/api/v1/users/me", headers=bearer)
        sample = 'userkit_http_requests_total{method="GET",route="/api/v1/users/me",status="200"}'
        assert {server.metric(sample) for _ in range(4)} == {20.0}
        workers = [
            each
            for each in psutil.Process(server.process.pid).children()
            if "resource_tracker" not in " ".join(each.cmdline())
        ]
        assert len(workers) == 2
        workers[0].kill()
        until(lambda: "died" in server.log.read_text())
        assert until(lambda: httpx.get(f"{server.url}/readyz").status_code == 200)
        assert server.metric(sample) == 20
        assert server.metric("userkit_password_hashes_pending") == 0
