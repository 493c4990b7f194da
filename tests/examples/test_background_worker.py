"""The example with a worker, which is killed and comes back while the application goes on."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.examples.running import ADA, GRACE, ROOT, running
from tests.servers.reaper import reaper
from tests.serving.served import environment, until
from userkit.testing.bench import PATIENCE

MAIN = "background_worker/main.py"


@contextmanager
def worker(folder: Path) -> Iterator[None]:
    """Run the worker until it is killed, without a chance to say goodbye."""
    process = subprocess.Popen(
        [sys.executable, f"examples/{MAIN}", "worker"],
        cwd=ROOT,
        env=environment(DATA=str(folder)),
        stdout=subprocess.PIPE,
        text=True,
    )
    reaper().watch_process(process.pid, signal_number=signal.SIGKILL)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "The worker works.\n"
        yield
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.stdout.close()
        reaper().forget_process(process.pid)


def addressees(folder: Path, *, least: int) -> list[str]:
    """Wait for so many letters about forgotten passwords, and return whom they are to."""

    def found() -> list[str]:
        letters = [file.read_text() for file in (folder / "mail").glob("*.eml")]
        about = [text for text in letters if "reset-password" in text]
        return sorted(who["email"] for text in about for who in (ADA, GRACE) if f"To: {who['email']}" in text)

    return until(lambda: what if len(what := found()) >= least else None) if least else found()


def test_mail_waits_while_the_worker_is_dead(tmp_path: Path) -> None:
    """It is sent once the worker is back, each letter once; the application answers all the time."""
    data = tmp_path / "data"
    with running(MAIN, tmp_path, "app", DATA=str(data)) as client:

        def forget(who: dict[str, str]) -> None:
            answer = client.post("/api/v1/auth/password/forgot", json={"email": who["email"]})
            assert answer.status_code == 202

        for who in (ADA, GRACE):
            assert client.post("/api/v1/users", json=who).status_code == 201
        assert addressees(data, least=0) == []
        forget(ADA)
        with worker(data):
            assert addressees(data, least=1) == [ADA["email"]]
        forget(GRACE)
        assert addressees(data, least=0) == [ADA["email"]]
        with worker(data):
            assert addressees(data, least=2) == [ADA["email"], GRACE["email"]]


def test_one_command_runs_both(tmp_path: Path) -> None:
    """And ends both: somebody registers, and gets mail."""
    data = tmp_path / "data"
    with running(MAIN, tmp_path, DATA=str(data)) as client:
        assert client.post("/api/v1/users", json=ADA).status_code == 201
        client.post("/api/v1/auth/password/forgot", json={"email": ADA["email"]})
        assert addressees(data, least=1) == [ADA["email"]]
