"""What ``import userkit`` spends its time on, from ``python -X importtime``."""

import re
import subprocess
import sys

from benchmarks.profiles.stacks import Frame, Profile, Stack

__all__ = ["imported", "read_imports"]

_LINE = re.compile(r"import time:\s+(?P<own>\d+) \|\s+\d+ \| (?P<indent> *)(?P<module>\S+)")


def imported(module: str) -> Profile:
    """Import a module in a process of its own."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr
    return read_imports(told, module)


def read_imports(told: str, module: str) -> Profile:
    """Read what is below a module; microseconds take the place of samples."""
    lines = [found for found in map(_LINE.match, told.splitlines()) if found]
    stacks: dict[Stack, int] = {}
    within: list[Frame] = []
    # What a module imports is told before the module itself.
    for line in reversed(lines):
        depth = len(line["indent"]) // 2
        within[depth:] = [_frame(line["module"])]
        if within[0] == _frame(module):
            stacks[tuple(within)] = int(line["own"])
    return Profile(stacks=stacks, waiting=0)


def _frame(module: str) -> Frame:
    return Frame(module, f"{module.replace('.', '/')}.py")
