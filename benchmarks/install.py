"""What an installation brings: distributions and megabytes in a fresh environment, against fastapi-users."""

import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from benchmarks.measure import Contest, Count, Result

__all__ = ["run"]

ROOT = Path(__file__).parent.parent
RIVAL = "fastapi-users[sqlalchemy]"
MOST_DISTRIBUTIONS, MOST_MEGABYTES = 16, 25


def run() -> Iterator[Result]:
    """Install a wheel of this tree, with and without extras, and the rival."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        wheel = _wheel(folder)
        rival = _installed(folder / "rival", RIVAL)
        for number, extras in enumerate(("", "[sqlite]", "[sqlite,fastapi]")):
            ours = _installed(folder / str(number), f"{wheel}{extras}")
            yield from _told(f"pip install userkit-sdk{extras}", ours, rival, is_core=not extras)


def _told(
    name: str, ours: tuple[int, float], rival: tuple[int, float], *, is_core: bool
) -> Iterator[Contest | Count]:
    bounds = (MOST_DISTRIBUTIONS, MOST_MEGABYTES) if is_core else (None, None)
    goal = "P16" if is_core else ""
    for unit, mine, other, bound in zip(("distributions", "MB"), ours, rival, bounds, strict=True):
        yield Count(name=name, value=mine, unit=unit, goal=goal, at_most=bound)
        yield Contest(
            name=name,
            rival=RIVAL,
            ours_us=mine,
            rival_us=other,
            ratio=mine / other,
            lowest=mine / other,
            highest=mine / other,
            unit=unit,
        )


def _wheel(folder: Path) -> Path:
    _run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder))
    return next(folder.glob("*.whl"))


def _installed(folder: Path, requirement: str) -> tuple[int, float]:
    """Install into an environment with nothing else in it; return distributions and megabytes."""
    venv.create(folder, with_pip=False)
    python = str(folder / "bin" / "python")
    _run(sys.executable, "-m", "pip", "--python", python, "install", "-qq", "--no-compile", requirement)
    found = list(distributions(path=map(str, folder.glob("lib/python*/site-packages"))))
    files = {Path(str(file.locate())).resolve() for each in found for file in each.files or ()}
    size = sum(file.stat().st_size for file in files if file.is_file() and "__pycache__" not in file.parts)
    return len(found), size / 1e6


def _run(*command: str) -> None:
    subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.DEVNULL)
