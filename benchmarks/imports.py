"""What ``import userkit`` costs: modules (exact) and CPU, against importing fastapi-users."""

import resource
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Contest, contest

__all__ = ["run"]

_COUNT = "import sys; before = set(sys.modules); import {0}; print(len(set(sys.modules) - before))"
_PER_ROUND = 5


def run() -> Iterator[Contest | str]:
    """Compare with fastapi-users where it is installed."""
    yield f"`import userkit` loads {_modules('userkit')} modules above bare Python."
    if not _installed("fastapi_users"):
        yield "fastapi-users is not installed here: nothing to compare with."
        return
    yield f"`import fastapi_users` loads {_modules('fastapi_users')}."
    yield contest(
        "import userkit",
        "import fastapi_users",
        lambda: _several("userkit"),
        lambda: _several("fastapi_users"),
        clock=_cpu_of_children,
    )


def _several(module: str) -> int:
    for _ in range(_PER_ROUND):
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
    return _PER_ROUND


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _modules(module: str) -> int:
    command = [sys.executable, "-c", _COUNT.format(module)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _installed(module: str) -> bool:
    found = subprocess.run([sys.executable, "-c", f"import {module}"], check=False, capture_output=True)
    return found.returncode == 0
