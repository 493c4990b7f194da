"""``userkit serve`` from the command line: what it needs, and what it says when it will not start."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.serving.served import environment

# Names that are None in sys.modules are neither found nor imported.
PROGRAM = """
import sys
sys.modules.update(dict.fromkeys(sys.argv.pop(1).split()))
from userkit.cli import main
main()
"""
SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
SERVER = "fastapi starlette uvicorn prometheus_client"


def call(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Call the command line with everything installed."""
    command = [sys.executable, "-m", "userkit.cli", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment(**more), check=False
    )


def call_without(
    missing: str, folder: Path, *arguments: str, **more: str
) -> subprocess.CompletedProcess[str]:
    """Call the command line where some modules are missing."""
    command = [sys.executable, "-c", PROGRAM, missing, *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment(**more), check=False
    )


def sentence(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a command ends with which has failed."""
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


def test_other_commands_do_without_the_extra(tmp_path: Path) -> None:
    """Neither help nor any other command imports the server."""
    for arguments in (["--help"], ["serve", "--help"], ["plugins"]):
        done = call_without(SERVER, tmp_path, *arguments)
        assert done.returncode == 0, done.stderr
    assert "--workers" in call_without(SERVER, tmp_path, "serve", "--help").stdout


def test_without_the_extra_it_is_named(tmp_path: Path) -> None:
    """And nothing is made."""
    line = sentence(call_without(SERVER, tmp_path, "serve"))
    assert line.startswith("error: `userkit serve` needs fastapi and prometheus_client and uvicorn")
    assert line.endswith("pip install 'userkit-sdk[serve]'")
    assert [*tmp_path.iterdir()] == []


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    """With the option that chooses another; nothing is made."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = sentence(call(tmp_path, "serve", "--port", str(port)))
    assert line == (
        f"error: Port {port} of 127.0.0.1 is taken by another program; choose another one with --port."
    )
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "no-such-host.invalid", "--base-url", "https://a.example"], "cannot be found"),
        (["--host", "192.0.2.1", "--base-url", "https://a.example"], "Choose others with --host and --port"),
        (["--host", "0.0.0.0"], "give --base-url"),
        (["--base-url", "http://accounts.example"], "must begin with https://"),
        (["--database", "app.db"], "begins with a scheme"),
        (["--database", "postgres://localhost/app"], "Did you mean 'postgresql'?"),
        (["--database", "sqlite:///missing/app.db"], "missing/app.db.secret cannot be made"),
        (["--database", "memory://"], "nothing would be left"),
        (["--database", "postgresql://localhost/app"], "USERKIT_SECRET_FILE"),
        (["--secret-file", "missing"], "cannot be read"),
        (["--mail-dir", "file/mail"], "Choose another folder with --mail-dir"),
        (["--port", "70000"], "--port"),
        (["--workers", "0"], "--workers"),
        (["--trusted-proxies", "proxy"], "trusted proxy"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_said_in_a_sentence(tmp_path: Path, arguments: list[str], said: str) -> None:
    """On one line, with exit code 1 and without a traceback."""
    (tmp_path / "file").touch()
    if "--port" not in arguments:
        arguments = [*arguments, "--port", "0"]
    assert said in sentence(call(tmp_path, "serve", "--no-pages", *arguments))


def test_a_driver_that_is_missing_is_named(tmp_path: Path) -> None:
    """With the extra that brings it, and without the URL."""
    arguments = ("serve", "--port", "0", "--database", "postgresql://ada:hidden@db.example/app")
    done = call_without("psycopg", tmp_path, *arguments, USERKIT_SECRET=SECRET)
    line = sentence(done)
    assert "userkit-sdk[postgresql]" in line
    assert "hidden" not in line
