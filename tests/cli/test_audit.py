"""``userkit audit``: what it prints, and how it exits."""

import json
import stat
from pathlib import Path

import pytest

from tests.cli.calling import NOBODY, Commands
from userkit.features.audit import audit
from userkit.kernel.clock import utc_now
from userkit.kernel.origin import coming_from


@pytest.fixture
def userkit(tmp_path: Path) -> Commands:
    """The command line over a file."""
    return Commands(tmp_path)


def test_what_the_command_line_does_is_in_the_trail(userkit: Commands) -> None:
    """With the program; who sat before it is not known."""
    ada = userkit.create()
    (entry,) = userkit.document("audit", "list")["entries"]
    assert (entry["event"], entry["user_id"], entry["actor_id"]) == ("user_registered", ada, None)
    assert entry["user_agent"].startswith("userkit-cli/")


def test_the_newest_come_first(userkit: Commands) -> None:
    """Or last."""
    ada = userkit.create()
    userkit.said("users", "disable", ada)
    rows = userkit.said("audit", "list").splitlines()
    assert rows[0].split() == ["Time", "Event", "User", "By", "From", "Program", "Facts"]
    assert ["user_disabled" in rows[1], "user_registered" in rows[2], len(rows)] == [True, True, 3]
    assert "user_registered" in userkit.said("audit", "list", "--oldest-first").splitlines()[1]


def test_a_user_is_named_by_id_or_address(userkit: Commands) -> None:
    """One who is gone by id only."""
    ada, grace = userkit.create(), userkit.create("grace@example.com", "Grace Hopper")
    for user in (ada, "Ada@Example.com"):
        entries = userkit.document("audit", "list", "--user", user)["entries"]
        assert [entry["user_id"] for entry in entries] == [ada]
    userkit.said("users", "delete", ada, "--yes")
    entries = userkit.document("audit", "list", "--user", ada)["entries"]
    assert [entry["event"] for entry in entries] == ["user_deleted", "user_registered"]
    assert userkit.refused("audit", "list", "--user", "ada@example.com") == "There is no such user."
    assert userkit.document("audit", "list", "--user", NOBODY)["entries"] == []
    assert {entry["user_id"] for entry in userkit.document("audit", "list")["entries"]} == {ada, grace}


def test_pages_follow_each_other(userkit: Commands) -> None:
    """The cursor is printed at the end, and good in the next call."""
    ada = userkit.create()
    userkit.said("users", "disable", ada)
    first = userkit.document("audit", "list", "--limit", "1")
    second = userkit.document("audit", "list", "--limit", "1", "--after", first["next"])
    assert [page["entries"][0]["event"] for page in (first, second)] == ["user_disabled", "user_registered"]
    assert second["next"] is None
    shown = userkit.said("audit", "list", "--limit", "1").splitlines()
    assert shown[-1] == f"There is more: --after {first['next']}"
    assert userkit.refused("audit", "list", "--after", "made-up").startswith("The cursor is not valid")
    assert userkit("audit", "list", "--limit", "0").exit_code == 2


def test_each_realm_has_its_trail(userkit: Commands) -> None:
    """By option or by setting."""
    userkit.create("ada@example.com", "Ada", "--realm", "acme")
    assert userkit.document("audit", "list")["entries"] == []
    assert len(userkit.document("audit", "list", "--realm", "acme")["entries"]) == 1
    assert len(userkit.document("audit", "list", USERKIT_REALM="acme")["entries"]) == 1


def test_what_strangers_sent_does_not_reach_the_terminal(userkit: Commands) -> None:
    """One entry is one line, whatever is in it."""
    with userkit.kit() as kit, coming_from(user_agent="\x1b[2J\r\nall is well\u202e"):
        kit.users.register(email="ada@example.com", name="Ada")
    shown = userkit.said("audit", "list")
    assert len(shown.splitlines()) == 2
    assert all(line.isprintable() for line in shown.splitlines())
    assert "all is well" in shown


def test_an_export_is_json_lines(userkit: Commands) -> None:
    """To standard output; the count is beside it."""
    ada = userkit.create()
    userkit.create("grace@example.com", "Grace Hopper")
    result = userkit("audit", "export")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert (result.exit_code, result.stderr) == (0, "2 entries were exported.\n")
    assert lines == userkit.document("audit", "list", "--oldest-first")["entries"]
    only = userkit("audit", "export", "--user", "ada@example.com").stdout
    assert [json.loads(line)["user_id"] for line in only.splitlines()] == [ada]


def test_an_export_goes_to_a_new_file_that_nobody_else_reads(userkit: Commands, tmp_path: Path) -> None:
    """What is there already stays."""
    userkit.create()
    file = tmp_path / "trail.jsonl"
    result = userkit("audit", "export", "--output", str(file))
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "1 entries were exported.\n")
    assert json.loads(file.read_text())["event"] == "user_registered"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    told = userkit.refused("audit", "export", "--output", str(file))
    assert told == "The file cannot be created: File exists."
    assert len(file.read_text().splitlines()) == 1


def test_what_has_expired_is_purged(userkit: Commands) -> None:
    """The application says for how long entries are kept."""
    from datetime import timedelta

    long_ago = utc_now() - timedelta(days=2)
    with userkit.kit(features=[audit(keep=timedelta(days=1))], clock=lambda: long_ago) as kit:
        kit.users.register(email="ada@example.com", name="Ada")
    userkit.create("grace@example.com", "Grace Hopper")
    assert userkit.said("audit", "purge", "--dry-run") == "1 entries would be purged.\n"
    assert userkit.document("audit", "purge", "--dry-run") == {"schema": 1, "dry_run": True, "purged": 1}
    assert userkit.document("audit", "purge") == {"schema": 1, "dry_run": False, "purged": 1}
    assert userkit.said("audit", "purge") == "0 entries were purged.\n"
    assert len(userkit.document("audit", "list")["entries"]) == 1


@pytest.mark.parametrize("command", ["list", "export", "purge"])
def test_what_is_not_set_is_named(userkit: Commands, command: str) -> None:
    """In one line."""
    told = userkit.refused("audit", command, USERKIT_SECRET=None)
    assert told.startswith("Set either USERKIT_SECRET or USERKIT_SECRET_FILE to the secret")
    assert "USERKIT_DATABASE" in userkit.refused("audit", command, USERKIT_DATABASE=None)
