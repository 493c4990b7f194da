"""Bars: on a terminal, and nowhere else."""

import io
import json
import os
import pty
import re
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from tests.cli.calling import SECRET, Commands
from tests.cli.test_mail import entry, waiting
from userkit.cli.progress import Rate, progress, watched

# What is said of each command is between two lines of its own.
PROGRAM = """
import json, sys
from userkit.cli import main
for arguments in json.loads(sys.argv.pop()):
    sys.argv[1:] = arguments
    try:
        main()
    except SystemExit as ended:
        print("ended with", ended.code, file=sys.stderr)
"""


def on_a_terminal(folder: Path, *calls: list[str]) -> tuple[str, list[str]]:
    """Call commands with a terminal for standard error; return their output, and what each said there."""
    reader, writer = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if not key.startswith("USERKIT_")}
    environment |= {"USERKIT_SECRET": SECRET, "USERKIT_DATABASE": f"sqlite:///{folder}/app.db"}
    environment |= {"USERKIT_MAILER": f"directory://{folder}/mail", "USERKIT_BASE_URL": "https://app.example"}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, json.dumps(calls)],
        env={**environment, "TERM": "xterm", "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=writer,
        text=True,
    ) as process:
        os.close(writer)
        said = b""
        while piece := _read(reader):
            said += piece
        out, _ = process.communicate(timeout=60)
    os.close(reader)
    return out, re.split(r"ended with \d+\r\n", said.decode())[:-1]


def _read(reader: int) -> bytes:
    try:
        return os.read(reader, 65536)
    except OSError:
        return b""  # how Linux says that nobody holds the other end any more


@pytest.fixture
def userkit(tmp_path: Path) -> Commands:
    """The command line over a file, in which there is something to do."""
    userkit = Commands(tmp_path)
    userkit.create()
    waiting(userkit, *(entry() for _ in range(5)))
    (tmp_path / "people.csv").write_text("email,name\n" + "".join(f"p{n}@example.com,P\n" for n in range(20)))
    return userkit


CALLS = (
    "import {folder}/people.csv --from csv",
    "copy --from sqlite:///{folder}/app.db --to sqlite:///{folder}/other.db --verify",
    "db upgrade sqlite:///{folder}/new.db",
    "audit export --output {folder}/trail",
    "audit purge --dry-run",
    "mail work --once",
    "doctor",
)


def test_what_takes_its_time_has_a_bar(userkit: Commands, tmp_path: Path) -> None:
    """It is drawn on standard error, with the time that it takes."""
    calls = [call.format(folder=tmp_path).split() for call in CALLS]
    out, said = on_a_terminal(tmp_path, *calls)
    assert "━" not in out
    for call, told in zip(calls, said, strict=True):
        assert ("━" in told, "0:00:0" in told) == (True, True), (call, told)
    assert "100%" in said[0]
    assert "/s" in said[0]


def test_programs_see_no_bar(userkit: Commands, tmp_path: Path) -> None:
    """Not even on a terminal."""
    calls = [[*call.format(folder=tmp_path).split(), "--json"] for call in CALLS[:3]]
    assert on_a_terminal(tmp_path, *calls)[1] == ["", "", ""]


def test_a_file_is_no_terminal_whatever_colours_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR is about colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert progress().disable


def test_nothing_is_counted_that_nobody_sees() -> None:
    """Counting may take as long as what is counted."""

    def counted() -> int:
        raise AssertionError

    assert list(watched("people", range(3), total=counted, quiet=True)) == [0, 1, 2]


def test_the_rate_is_told_as_soon_as_there_is_one() -> None:
    """Of rows where steps are bytes; before anything was done there is none."""
    time = count(1.0)
    bar = Progress(console=Console(file=io.StringIO()), get_time=lambda: next(time), auto_refresh=False)
    bar.add_task("", total=10_000)
    (plain,) = bar.tasks
    assert Rate().render(plain).plain == ""
    plain.completed = 4_000
    assert Rate().render(plain).plain.endswith("/s")
    plain.finished_time = 2.0
    assert Rate().render(plain).plain == "2,000/s"
    plain.fields["rows"] = 10
    assert Rate().render(plain).plain == "5/s"
