"""Examples, started as their READMEs say, and people to call them with."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers.answering import until_it_answers
from tests.servers.ports import free_port
from tests.servers.reaper import reaper
from tests.serving.served import environment
from userkit.testing.bench import PATIENCE

ROOT = Path(__file__).parents[2]
ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "mauve otters juggle teapots"}
GRACE = {"email": "grace@example.com", "name": "Grace Hopper", "password": "seven quiet lamps below deck"}


@contextmanager
def running(script: str, folder: Path, *arguments: str, **more: str) -> Iterator[httpx.Client]:
    """Start a script of an example on a free port, with a log in a folder; end it by its id."""
    port, log = free_port(), folder / f"{Path(script).stem}.log"
    with log.open("ab") as told:
        process = subprocess.Popen(
            [sys.executable, f"examples/{script}", *arguments],
            cwd=ROOT,
            env=environment(PORT=str(port), **more),
            stdout=told,
            stderr=told,
        )
    reaper().watch_process(process.pid, signal_number=signal.SIGTERM)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            until_it_answers(client, "/", process, log, patience=PATIENCE)
            yield client
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reaper().forget_process(process.pid)


def bearer(client: httpx.Client, email: str, password: str) -> dict[str, str]:
    """Sign somebody in, and return the header that shows it."""
    answer = client.post("/api/v1/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
