"""Instructions and allocations per operation, counted by valgrind's callgrind in a process of its own."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Executed", "executed", "is_installed", "per_operation", "read_account"]

_MARK = "ctermid"  # of the C library; see benchmarks.counting.instructed
_TIMES = 10
_ALLOCATORS = {"_PyObject_Malloc", "_PyObject_Calloc"}
# One that is new, or grows beyond what it had; freed and reused objects of the free lists are none.


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """Of one operation, or of many."""

    instructions: float
    allocations: float


def is_installed() -> bool:
    """Say whether there is a valgrind."""
    return shutil.which("valgrind") is not None


def executed() -> dict[str, Executed]:
    """Return what one operation of each kind executes, by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        told = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", f"--dump-before={_MARK}", "--compress-strings=no"),
                *("--quiet", f"--callgrind-out-file={folder / 'account'}"),
                *(sys.executable, "-m", "benchmarks.counting.instructed", name, str(_TIMES)),
            ],
            env={**os.environ, "PYTHONHASHSEED": "0"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        accounts = [folder / f"account.{number + 1}" for number in range(3 * len(told.splitlines()))]
        return per_operation(told.splitlines(), [read_account(each.read_text()) for each in accounts], _TIMES)


def per_operation(names: Sequence[str], accounts: Sequence[Executed], times: int) -> dict[str, Executed]:
    """Take the difference of two accounts, so that neither what is around them counts nor the mark.

    There are three of each name: until the first mark, of the work, and of twice the work.
    """
    differences = {}
    for name, once, twice in zip(names, accounts[1::3], accounts[2::3], strict=True):
        differences[name] = Executed(
            instructions=(twice.instructions - once.instructions) / times,
            allocations=(twice.allocations - once.allocations) / times,
        )
    return differences


def read_account(text: str) -> Executed:
    """Read what callgrind has written: the sum, and how often memory for objects was asked for."""
    total = re.search(r"^(?:summary|totals): (\d+)", text, re.MULTILINE)
    if total is None:
        raise ValueError("callgrind has written no sum.")
    calls = re.findall(r"^cfn=(\S+)\ncalls=(\d+)", text, re.MULTILINE)
    asked = sum(int(times) for function, times in calls if function in _ALLOCATORS)
    return Executed(instructions=int(total[1]), allocations=asked)
