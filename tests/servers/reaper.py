"""Ends the servers of a test run that could not end them itself.

A second Python process holds the reading end of a pipe. When the run is over, be it by a crash, a SIGKILL or
`os._exit`, the operating system closes the pipe, and the servers still on the list are ended and their
folders removed. Unlike Linux's parent-death signal this also holds on macOS, and for servers that were
started from a thread which is gone.
"""

import atexit
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import cache
from pathlib import Path

_PATIENCE = 3.0


class Reaper:
    """The list of what must not outlive this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A session of its own: Ctrl-C in the terminal must not reach the one who cleans up after it.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__], stdin=subprocess.PIPE, text=True, start_new_session=True
        )
        atexit.register(self._finish)

    def watch_folder(self, folder: Path) -> None:
        """Remove the folder when this process is gone."""
        self._say(folder=str(folder))

    def watch_process(self, pid: int, *, signal_number: int) -> None:
        """Send the signal to the process when this one is gone."""
        self._say(pid=pid, signal=signal_number)

    def forget_process(self, pid: int) -> None:
        """Take an ended process off the list: its number may soon be somebody else's."""
        self._say(pid=pid, signal=0)

    def _say(self, **fact: object) -> None:
        assert self._process.stdin is not None
        with self._lock:
            self._process.stdin.write(json.dumps(fact) + "\n")
            self._process.stdin.flush()

    def _finish(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


@cache
def reaper() -> Reaper:
    """Return the reaper of this process, started on first use."""
    return Reaper()


def _keep_watch() -> None:
    processes: dict[int, int] = {}
    folders: list[str] = []
    for line in sys.stdin:
        fact = json.loads(line)
        if "folder" in fact:
            folders.append(fact["folder"])
        elif fact["signal"]:
            processes[fact["pid"]] = fact["signal"]
        else:
            processes.pop(fact["pid"], None)
    for pid, signal_number in processes.items():
        _send(pid, signal_number)
    deadline = time.monotonic() + _PATIENCE
    while any(_send(pid, 0) for pid in processes) and time.monotonic() < deadline:
        time.sleep(0.01)
    for pid in processes:
        _send(pid, signal.SIGKILL)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def _send(pid: int, signal_number: int) -> bool:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal_number)
        return True
    return False


if __name__ == "__main__":
    _keep_watch()
