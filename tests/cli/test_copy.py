"""``userkit copy``: what it prints, and how it exits."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.copying.people import COLLECTIONS, fill
from userkit.cli.app import app
from userkit.plugins.opening import open_store
from userkit.sync import run

NO_COPY = {
    "USERKIT_COPY_FROM": None,
    "USERKIT_COPY_TO": None,
    "USERKIT_HOOKS": None,
    "USERKIT_TRACEBACK": None,
}


@pytest.fixture
def source(tmp_path: Path) -> str:
    """A file with a few people of two realms."""
    url = f"sqlite:///{tmp_path}/source.db"
    store = open_store(url, blocking=True)
    run(store.prepare(COLLECTIONS))
    run(fill(store, 20, realms=("acme", "default")))
    run(store.close())
    return url


@pytest.fixture
def target(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite:///{tmp_path}/target.db"


def call(*arguments: str, **environment: str | None) -> Result:
    return CliRunner().invoke(app, ["copy", *arguments], env={**NO_COPY, **environment})


def between(source: str, target: str, *arguments: str) -> Result:
    return call("--from", source, "--to", target, *arguments)


def document(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def execute(url: str, statement: str) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_everything_is_copied_and_compared(source: str, target: str) -> None:
    """A line for each place in which there is something."""
    result = between(source, target, "--verify")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["acme", "users", "10", "10", "0", "0", "0"] in lines
    assert ["default", "audit", "20", "20", "0", "0", "0"] in lines
    assert lines[-1] == ["The", "two", "are", "equal."]


def test_for_programs_there_is_json(source: str, target: str) -> None:
    """With counts and digests of both sides."""
    found = document(between(source, target, "--verify", "--json"))
    assert (found["schema"], found["ok"]) == (1, True)
    users = {"realm": "acme", "collection": "users"}
    (copied,) = [each for each in found["copied"] if users.items() <= each.items()]
    counts = {"total": 10, "read": 10, "loaded": 10, "there": 0, "levelled": 0, "conflicts": 0, "first": []}
    assert copied == users | counts
    (verified,) = [each for each in found["verified"] if users.items() <= each.items()]
    assert verified["source"] == verified["target"]
    assert (verified["source"]["count"], len(verified["source"]["sha256"])) == (10, 64)
    assert document(between(source, target, "--verify-only", "--json"))["copied"] is None


def test_urls_come_from_the_environment(source: str, target: str) -> None:
    """So that a password need not be in the list of processes."""
    result = call(USERKIT_COPY_FROM=source, USERKIT_COPY_TO=target)
    assert result.exit_code == 0, result.output
    assert call("--verify-only", USERKIT_COPY_FROM=source, USERKIT_COPY_TO=target).exit_code == 0
    assert call(USERKIT_COPY_FROM=source).exit_code == 2
    assert "password" in " ".join(call("--help").stdout.split())


def test_realms_and_collections_are_chosen(source: str, target: str) -> None:
    """Each option may be repeated; what was not copied is a difference to what is there."""
    result = between(
        source, target, "--realm", "acme", "--collection", "users", "--collection", "audit", "--json"
    )
    assert {(each["realm"], each["collection"]) for each in document(result)["copied"]} == {
        ("acme", "users"),
        ("acme", "audit"),
    }
    assert between(source, target, "--realm", "acme", "--collection", "users", "--verify-only").exit_code == 0
    unready = between(source, target, "--verify-only")
    assert (unready.exit_code, "The target of the copy: The database lacks" in unready.stderr) == (1, True)
    assert between(source, target, "--realm", "acme", "--replace").exit_code == 0
    result = between(source, target, "--verify-only")
    assert result.exit_code == 1
    assert "it is missing in the target" in result.stdout
    assert "differences." in result.stdout.splitlines()[-1]
    wrong = between(source, target, "--collection", "people")
    assert (wrong.exit_code, wrong.stderr.startswith("error: There is no collection 'people'")) == (1, True)


def test_a_target_that_is_not_empty_is_refused(source: str, target: str, tmp_path: Path) -> None:
    """It says by which options it is not."""
    assert between(source, target).exit_code == 0
    refused = between(source, target)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: The target is not empty: there are users in the realm acme.")
    assert "--resume FILE" in refused.stderr
    again = document(between(source, target, "--resume", str(tmp_path / "mark"), "--json"))
    assert sum(each["there"] for each in again["copied"]) == sum(each["read"] for each in again["copied"]) > 0
    other = between(target, source, "--resume", str(tmp_path / "mark"))
    assert (other.exit_code, "two other stores" in other.stderr) == (1, True)


def test_a_conflict_is_named_and_stays(source: str, target: str, tmp_path: Path) -> None:
    """The exit code is 1, until the target is to be made equal."""
    assert between(source, target).exit_code == 0
    execute(target, "UPDATE userkit_users SET name = 'Somebody else' WHERE email_key LIKE 'person0@%'")
    result = between(source, target, "--resume", str(tmp_path / "mark"))
    assert result.exit_code == 1
    assert "the target has something else, which stays" in result.stdout
    assert between(source, target, "--verify-only").exit_code == 1
    result = between(source, target, "--replace", "--verify")
    assert result.exit_code == 0, result.output


def test_nothing_to_copy_is_no_mistake(target: str, tmp_path: Path) -> None:
    """Two empty stores are equal."""
    empty = f"sqlite:///{tmp_path}/empty.db"
    store = open_store(empty, blocking=True)
    run(store.prepare(COLLECTIONS))
    run(store.close())
    result = between(empty, target, "--verify")
    assert result.exit_code == 0
    assert result.stdout.startswith("There was nothing to copy.")


def test_a_side_that_fails_is_told_in_one_line(source: str, target: str, tmp_path: Path) -> None:
    """Without its URL and its password."""
    dead = "postgresql://ada:hunter2@127.0.0.1:9/app?connect_timeout=1"
    for arguments, side in (((dead, target), "source"), ((source, dead), "target")):
        result = between(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        (line,) = result.stderr.splitlines()
        assert line.startswith(f"error: The {side} of the copy: ")
        assert "hunter2" not in line
    nothing = tmp_path / "nothing.db"
    missing = between(f"sqlite:///{nothing}", target)
    assert "The source of the copy: The SQLite database" in missing.stderr
    assert "cannot be opened" in missing.stderr
    assert not nothing.exists()
    nothing.touch()
    (told,) = between(f"sqlite:///{nothing}", target).stderr.splitlines()
    assert "The source of the copy: The database lacks" in told
    assert "other tables and indexes" in told


def test_a_comparison_takes_no_options_of_a_copy(source: str, target: str, tmp_path: Path) -> None:
    """It writes nothing, so there is nothing to resume or to replace."""
    for option in (("--replace",), ("--resume", str(tmp_path / "mark"))):
        result = between(source, target, "--verify-only", *option)
        assert result.exit_code == 2
        assert "copies nothing" in " ".join(result.stderr.split())


def test_hooks_are_named_as_for_the_application(source: str, target: str) -> None:
    """Their features have collections, too, so an unknown one is an error."""
    result = call("--from", source, "--to", target, USERKIT_HOOKS="no-such-hook")
    assert (result.exit_code, "no-such-hook" in result.stderr) == (1, True)


def test_a_dry_run_counts_both_sides(source: str, target: str) -> None:
    """The tables of the target are yet to be made, and still are afterwards."""
    result = between(source, target, "--dry-run")
    lines = result.stdout.splitlines()
    assert (result.exit_code, ["acme", "users", "10"] in [line.split() for line in lines]) == (0, True)
    assert lines[-2:] == [
        "The target has not all tables yet: the copy would make them.",
        "This was a dry run: nothing was copied.",
    ]
    only = ("--realm", "acme", "--collection", "users")
    assert document(between(source, target, "--dry-run", *only, "--json")) == {
        "schema": 1,
        "ok": True,
        "dry_run": True,
        "planned": [{"realm": "acme", "collection": "users", "source": 10, "target": None}],
        "verified": None,
    }
    assert "lacks" in between(source, target, "--verify-only").stderr


def test_a_dry_run_says_whether_a_copy_would_begin(source: str, target: str, tmp_path: Path) -> None:
    """Where it may change what is there, the two are compared."""
    assert between(source, target).exit_code == 0
    refused = between(source, target, "--dry-run")
    assert refused.exit_code == 1
    assert "The target is not empty, as acme/users shows" in refused.stdout
    assert document(between(source, target, "--dry-run", "--json"))["ok"] is False
    execute(target, "UPDATE userkit_users SET name = 'Somebody else' WHERE email_key LIKE 'person0@%'")
    for option in (("--replace",), ("--resume", str(tmp_path / "mark"))):
        result = between(source, target, "--dry-run", *option)
        assert (result.exit_code, "it is another one in the target" in result.stdout) == (0, True)
    assert not (tmp_path / "mark").exists()
    verified = document(between(source, target, "--dry-run", "--replace", "--json"))["verified"]
    assert sum(each["differences"] for each in verified) >= 1


def test_a_dry_run_has_nothing_to_verify(source: str, target: str) -> None:
    """Nor anything to say about a source that is not there."""
    for option in ("--verify", "--verify-only"):
        assert between(source, target, "--dry-run", option).exit_code == 2
    assert "The source of the copy" in between(target, source, "--dry-run").stderr


def test_a_dry_run_of_nothing_says_so(target: str, tmp_path: Path) -> None:
    """Two empty stores have nothing to copy."""
    empty = f"sqlite:///{tmp_path}/empty.db"
    store = open_store(empty, blocking=True)
    run(store.prepare(COLLECTIONS))
    run(store.close())
    assert between(empty, target, "--dry-run").stdout == "There is nothing to copy.\n"
