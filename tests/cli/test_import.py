"""``userkit import``: what it prints, and how it exits."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.cli.calling import Commands
from tests.importing.importers import ARGON, SAMPLES, opens
from userkit.cli.import_ import import_
from userkit.errors import ConfigurationError

DJANGO = str(SAMPLES / "django" / "auth_user.json")


class Imports:
    """``userkit import`` over a file."""

    def __init__(self, folder: Path) -> None:
        self.commands = Commands(folder)
        self.app = typer.Typer()
        self.app.command()(import_)

    def __call__(self, *arguments: str, **environment: str | None) -> Result:
        return CliRunner().invoke(self.app, arguments, env={**self.commands.environment, **environment})

    def document(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        result = self(*arguments, "--json")
        assert result.exit_code == code, result.output
        found: dict[str, Any] = json.loads(result.stdout)
        return found


@pytest.fixture
def imports(tmp_path: Path) -> Imports:
    """The command over a file."""
    return Imports(tmp_path)


@pytest.fixture
def people(tmp_path: Path) -> str:
    """Three people, one of them without an address."""
    path = tmp_path / "people.csv"
    path.write_text(
        f'email,name,password_hash\nada@example.com,Ada,"{ARGON}"\nx,X,\ngrace@example.com,Grace,\n'
    )
    return str(path)


def test_people_are_imported(imports: Imports, people: str) -> None:
    """As JSON for programs; the exit code says that a row was refused."""
    found = imports.document(people, "--from", "csv", code=1)
    assert found == {
        "schema": 1,
        "ok": False,
        "stopped": False,
        "dry_run": False,
        "rows": 3,
        "imported": 2,
        "updated": 0,
        "unchanged": 0,
        "skipped": 0,
        "refused": 1,
        "without_password": 1,
        "reasons": {"email": 1, "no_hash": 1},
        "first": [
            {"line": 3, "outcome": "refused", "reason": "email"},
            {"line": 4, "outcome": "imported", "reason": "no_hash"},
        ],
    }
    with imports.commands.kit() as kit:
        assert opens(kit, "ada@example.com")


def test_the_terminal_shows_nobody(imports: Imports) -> None:
    """Numbers, reasons and lines; addresses are in the report, and hashes nowhere."""
    report = imports.commands.folder / "report.jsonl"
    result = imports(DJANGO, "--from", "django", "--report", str(report))
    assert result.exit_code == 1
    assert "1 row: a row before has the same address, line 1" in result.output
    assert "example.com" not in result.output.lower()
    assert "pbkdf2" not in result.output
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert len(lines) == 9
    assert sum(line.get("email") == "ADA@example.com" for line in lines) == 1
    assert "pbkdf2" not in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_dry_run_writes_nothing(imports: Imports, people: str) -> None:
    """And says so."""
    result = imports(people, "--from", "csv", "--dry-run")
    assert result.exit_code == 1
    assert "nothing was written" in result.output
    with imports.commands.kit() as kit:
        assert kit.users.count() == 0


def test_conflicts_are_dealt_with_as_asked(imports: Imports, people: str) -> None:
    """Fail stops, skip leaves alone, update takes over."""
    with imports.commands.kit() as kit:
        kit.users.register(email="ada@example.com", name="Countess")
    failed = imports.document(people, "--from", "csv", "--on-conflict", "fail", code=1)
    assert (failed["stopped"], failed["imported"]) == (True, 0)
    assert "has stopped" in imports(people, "--from", "csv", "--on-conflict", "fail").output
    assert imports.document(people, "--from", "csv", code=1)["skipped"] == 1
    assert imports.document(people, "--from", "csv", "--on-conflict", "update", code=1)["updated"] == 1


def test_a_realm_has_people_of_its_own(imports: Imports, people: str) -> None:
    """The same file may be imported into several."""
    assert imports.document(people, "--from", "csv", "--realm", "acme", code=1)["imported"] == 2
    assert imports.document(people, "--from", "csv", code=1)["imported"] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--from", "ldap"),
        ("--from", "csv", "--dry-run", "--resume", "r"),
        ("--from", "csv", "--on-conflict", "maybe"),
        (),
    ],
)
def test_wrong_usage_exits_with_2(imports: Imports, people: str, arguments: tuple[str, ...]) -> None:
    """Before anything is opened."""
    assert imports(people, *arguments).exit_code == 2
    assert imports(people, "--from", "csv", "--report", people).exit_code == 2


def test_a_missing_file_is_said_in_a_sentence(imports: Imports) -> None:
    """The same for what describes the hashes."""
    assert isinstance(imports("no.csv", "--from", "csv").exception, ConfigurationError)
    assert isinstance(imports("no.csv", "--from", "csv", "--resume", "r").exception, ConfigurationError)
    refused = imports("no.csv", "--from", "csv", "--hash-parameters", "no")
    assert isinstance(refused.exception, ConfigurationError)


_KILLED = """
import os, signal, sys
from userkit.cli.import_ import import_
from userkit.importing import Bookmark
import typer

left = [3]
arrived = Bookmark.arrived

def doomed(self, *arguments, **named):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    arrived(self, *arguments, **named)

Bookmark.arrived = doomed
app = typer.Typer()
app.command()(import_)
app()
"""


def test_an_import_that_was_killed_goes_on(imports: Imports, tmp_path: Path) -> None:
    """It was killed when a batch was written, and not noted yet."""
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps({"email": f"p{n}@example.com"}) + "\n" for n in range(50)))
    how = (str(path), "--from", "jsonl", "--batch", "10", "--resume", str(tmp_path / "resume"))
    how = (*how, "--report", str(tmp_path / "report"))
    set_ = {key: value for key, value in imports.commands.environment.items() if value is not None}
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("USERKIT")},
        **set_,
    }
    killed = subprocess.run([sys.executable, "-c", _KILLED, *how], env=environment, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    with imports.commands.kit() as kit:
        assert kit.users.count() == 30
    done = imports.document(*how)
    assert (done["rows"], done["imported"] + done["unchanged"]) == (50, 50)
    with imports.commands.kit() as kit:
        assert kit.users.count() == 50
    lines = [json.loads(line)["line"] for line in (tmp_path / "report").read_text().splitlines()]
    assert sorted(lines) == list(range(1, 51))
    assert imports.document(*how) == done
