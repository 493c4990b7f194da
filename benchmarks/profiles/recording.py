"""Where a process spends its time, by py-spy: one line for each stack that was seen, and how often."""

import subprocess
import sys
import tempfile
from pathlib import Path

__all__ = ["record"]

RATE, SECONDS = 997, 4
"""Samples a second, not in step with anything that happens a thousand times a second."""


def record(pid: int, *, seconds: float = SECONDS) -> str:
    """Return the stacks of a process, with those of C code; idle threads are left out.

    To look at a process that one has not started through py-spy takes root on most systems.
    """
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "stacks"
        command = [str(Path(sys.executable).with_name("py-spy")), "record", "--native", "--format=raw"]
        options = [f"--rate={RATE}", f"--duration={seconds}", f"--output={kept}", f"--pid={pid}"]
        done = subprocess.run(
            [*command, *options], check=False, capture_output=True, text=True, timeout=seconds + 60
        )
        if done.returncode:
            raise ChildProcessError(f"py-spy cannot look at the process: {done.stderr.strip()}")
        return kept.read_text(encoding="utf-8")
