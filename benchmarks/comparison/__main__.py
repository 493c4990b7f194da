"""Make the comparison again: ``python -m benchmarks.comparison [FOLDER]``.

Each package is installed at its newest version into an environment of its own, below the folder or a
temporary one, and asked there. What was found is written into ``facts.json`` and ``facts.md`` beside this
file; ``docs/comparison.md`` includes the second.
"""

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.comparison.table import table

__all__ = ["main"]

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """What to install, and what to ask."""

    probe: str
    distribution: str | None
    install: tuple[str, ...]


CONTENDERS = (
    Contender(
        probe="userkit",
        distribution=None,
        install=(f"{ROOT}[fastapi,flask,sqlite]", "httpx"),
    ),
    Contender(
        probe="fastapi_users",
        distribution="fastapi-users",
        install=("fastapi-users[sqlalchemy]", "aiosqlite", "httpx"),
    ),
    Contender(
        probe="flask_security",
        distribution="Flask-Security",
        install=("Flask-Security[common]", "Flask-SQLAlchemy", "argon2-cffi"),
    ),
    Contender(
        probe="django_allauth",
        distribution="django-allauth",
        install=("django-allauth[headless]", "Django"),
    ),
    Contender(
        probe="better_auth",
        distribution="better-auth-server",
        install=("better-auth-server[fastapi,sqlalchemy]", "aiosqlite"),
    ),
)


def main(folder: Path) -> None:
    """Ask all of them and write what they said."""
    found = {each.probe: _asked(each, folder / each.probe) for each in CONTENDERS}
    told = {"made": datetime.now(UTC).date().isoformat(), "machine": _machine(), "facts": found}
    (HERE / "facts.json").write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    (HERE / "facts.md").write_text(table(told), "utf-8")


def _asked(contender: Contender, folder: Path) -> Mapping[str, Any]:
    print(contender.probe, flush=True)
    python = _environment(folder, contender.install)
    with tempfile.TemporaryDirectory() as data:
        command = [python, "-W", "ignore", "-m", f"benchmarks.comparison.probes.{contender.probe}", data]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if contender.distribution is not None:
        version = re.search(rf"{re.escape(contender.distribution)} ([\w.]+)", facts["version"])
        assert version is not None
        facts["released"] = _released(python, f"{contender.distribution}=={version[1]}").isoformat()
    return facts


def _environment(folder: Path, install: tuple[str, ...]) -> str:
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        # This is the pip that can be asked what was there on a day.
        _pip(str(python), "install", "--quiet", "--upgrade", "pip>=26")
    _pip(str(python), "install", "--quiet", "--upgrade", *install)
    return str(python)


def _pip(python: str, *arguments: str, check: bool = True) -> bool:
    command = [python, "-m", "pip", *arguments]
    return subprocess.run(command, check=check, capture_output=not check).returncode == 0


def _released(python: str, requirement: str) -> date:
    """Return the day of a release, by asking on which days the index had it."""
    first, last = date(2020, 1, 1), datetime.now(UTC).date() + timedelta(days=1)
    while (last - first).days > 1:
        middle = first + (last - first) // 2
        if _is_there(python, requirement, middle):
            last = middle
        else:
            first = middle
    return first


def _is_there(python: str, requirement: str, before: date) -> bool:
    asked = ("install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet", requirement)
    return _pip(python, *asked, f"--uploaded-prior-to={before.isoformat()}", check=False)


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(Path(temporary))
