"""Completion in a shell: what is offered, and that nothing is opened for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

# Answers each question as a process of its own would, and says what it has imported or made meanwhile.
PROGRAM = """
import contextlib, io, json, os, sys
from userkit.cli import main
answers = []
for asked in json.load(sys.stdin):
    os.environ.update(asked)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        try:
            main()
        except SystemExit as ended:
            assert not ended.code
    answers.append(said.getvalue().split())
# Not sqlite3: what measures coverage has it.
heavy = {"sqlalchemy", "pymongo", "boto3", "redis", "fastapi", "flask", "argon2", "cryptography"}
json.dump([answers, [*sorted(heavy & sys.modules.keys()), *os.listdir()]], sys.stdout)
"""

OFFERED = {
    "userkit us": {"users"},
    "userkit users cr": {"create"},
    "userkit mail work --d": {"--dry-run"},
    "userkit db upgrade sq": {"sqlite:///"},
    "userkit copy --from redi": {"redis://", "rediss://"},
    "userkit doctor mem": {"memory://"},
    "userkit import people.csv --from f": {"flask-security", "fastapi-users", "firebase"},
    "userkit import people.csv --on-conflict ": {"skip", "update", "fail"},
    "userkit copy --collection api": {"api_keys"},
    "userkit users roles ada --add ": {"admin"},
    "userkit keys generate --algorithm E": {"EdDSA", "ES256"},
    "userkit keys rotate sec": set(),
}


def complete(folder: Path, shell: str, *questions: dict[str, str]) -> list[list[str]]:
    """Return what a shell would offer, having seen that nothing was opened for it."""
    # No setting is needed for it, and one that is wrong is in nobody's way.
    environment = {**os.environ, "_USERKIT_COMPLETE": f"complete_{shell}", "USERKIT_DATABASE": "?"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        input=json.dumps(questions),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answers, traces = json.loads(done.stdout)
    assert traces == []
    found: list[list[str]] = answers
    return found


def test_bash_completes_commands_options_and_values(tmp_path: Path) -> None:
    """Where nothing is offered the shell completes the names of files."""
    asked = [{"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))} for line in OFFERED]
    answers = complete(tmp_path, "bash", *asked)
    for (line, offered), answer in zip(OFFERED.items(), answers, strict=True):
        begun = line.rpartition(" ")[2]
        assert offered <= {*answer}, line
        assert all(each.startswith(begun) for each in answer), line


def test_zsh_completes_as_well(tmp_path: Path) -> None:
    """In its own form, in which a colon is written otherwise."""
    (answer,) = complete(tmp_path, "zsh", {"_TYPER_COMPLETE_ARGS": "userkit import people.csv --from fi"})
    assert answer == ["_arguments", "'*:", ':(("firebase"))\'']


def test_fish_completes_as_well(tmp_path: Path) -> None:
    """One a line."""
    asked = {"_TYPER_COMPLETE_ARGS": "userkit db upgrade sq", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    assert complete(tmp_path, "fish", asked) == [["sqlite:///"]]


def test_the_script_for_a_shell_is_printed(tmp_path: Path) -> None:
    """For the one that it is called in."""
    line = f"{sys.executable} -m userkit.cli --show-completion; true"
    done = subprocess.run(
        ["bash", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""
    assert "complete -o default -F _userkit_completion userkit" in done.stdout
