"""Waiting for a server in a process of its own, without guessing how long it takes to start."""

import subprocess
import time
from pathlib import Path

import httpx

__all__ = ["until_it_answers"]


def until_it_answers(
    client: httpx.Client, path: str, process: subprocess.Popen[bytes], log: Path, *, patience: float
) -> None:
    """Wait until a path is answered; fail with the log when the process ends or takes too long."""
    end = time.monotonic() + patience
    while True:
        try:
            client.get(path)
        except httpx.TransportError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        else:
            return
