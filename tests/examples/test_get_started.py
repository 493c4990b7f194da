"""The files that the pages of "Get started" show do what the pages say."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples" / "get_started"


def run(folder: Path, *arguments: str) -> str:
    """Run Python in a folder as a newcomer would, with warnings as errors."""
    environment = {name: value for name, value in os.environ.items() if name != "USERKIT_SECRET"}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=folder,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("framework", ["fastapi", "flask"])
def test_the_test_beside_an_application_passes(framework: str, tmp_path: Path) -> None:
    """In a folder of its own, as somebody has it who has copied both files from the page."""
    folder = shutil.copytree(EXAMPLES / framework, tmp_path / framework)
    told = run(folder, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".")
    assert "1 passed" in told


def test_plain_python_registers_once_and_signs_in_each_time(tmp_path: Path) -> None:
    """The second run meets the account of the first."""
    program = str(EXAMPLES / "python" / "accounts.py")
    signed_in = "Ada Lovelace is signed in; the token is good for 600 s.\n"
    assert run(tmp_path, program) == signed_in
    assert run(tmp_path, program) == "Ada has an account already.\n" + signed_in
