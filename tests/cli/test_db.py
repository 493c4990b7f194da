"""``userkit db``: what it prints, and how it exits."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.servers.postgres import PostgresServer
from userkit.backends.sqlalchemy.schema import COLLECTIONS
from userkit.cli.app import app
from userkit.plugins.opening import open_store
from userkit.sync import run

COMMANDS = ("upgrade", "current", "check", "sql")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The URL of a file that is not there yet."""
    return f"sqlite:///{tmp_path}/app.db"


def call(*arguments: str, database: str | None = None) -> Result:
    return CliRunner().invoke(app, ["db", *arguments], env={"USERKIT_DATABASE": database})


def document(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call(*arguments, "--json").stdout)
    return found


def enter_a_kit(url: str) -> None:
    """Create the tables without a version row."""
    store = open_store(url, blocking=True)
    run(store.prepare(COLLECTIONS))
    run(store.close())


def execute(url: str, script: str) -> None:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.executescript(script)
    connection.close()


def test_an_upgrade_creates_the_tables_and_says_so(url: str) -> None:
    """The second one has nothing to do."""
    result = call("upgrade", url)
    assert (result.exit_code, result.stdout.splitlines()) == (
        0,
        [
            "0001 was run: Create the tables of users and of the words they are searched by.",
            "0002 was run: Create the tables of authentication, and give users a session epoch.",
            "The tables are at 0002.",
        ],
    )
    assert call("upgrade", url).stdout.splitlines() == ["There is nothing to do.", "The tables are at 0002."]


def test_the_url_comes_from_the_environment(url: str) -> None:
    """So a password need not be in the list of processes; an argument wins."""
    assert call("upgrade", database=url).exit_code == 0
    assert call("check", database=url).exit_code == 0
    assert call("check", "memory://", database=url).exit_code == 1
    assert "password" in " ".join(call("upgrade", "--help").stdout.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_without_a_url_it_says_what_to_give(command: str) -> None:
    """One line on standard error."""
    result = call(command)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "error: Give a store URL, such as sqlite:///app.db, or set USERKIT_DATABASE.\n"


def test_a_dry_run_changes_nothing(url: str) -> None:
    """It prints what would be done."""
    result = call("upgrade", "--dry-run", url)
    assert (result.exit_code, result.stdout[:18]) == (0, "0001 would be run:")
    assert document("current", url)["revision"] is None
    dry = document("upgrade", "--dry-run", url)
    assert (dry["dry_run"], dry["after"], dry["before"]["pending"][0]["revision"]) == (True, None, "0001")


def test_current_tells_where_the_tables_are(url: str) -> None:
    """Before anything, with tables of a kit, and after an upgrade."""
    assert call("current", url).stdout.splitlines()[0] == "There are no tables yet."
    enter_a_kit(url)
    assert call("current", url).stdout.splitlines() == [
        "The tables look like 0002; no upgrade has recorded it yet.",
        "This version of userkit has 0002.",
    ]
    recorded = "0002 was recorded: the tables look like it."
    assert call("upgrade", url).stdout.splitlines() == [recorded, "The tables are at 0002."]
    assert call("current", url).stdout.splitlines()[0] == "The tables are at 0002."


def test_programs_get_json(url: str) -> None:
    """Its keys are a promise."""
    nothing = {"revision": None, "recognised": None, "head": "0002", "obstacles": []}
    pending = [
        {"revision": "0001", "summary": "Create the tables of users and of the words they are searched by."},
        {
            "revision": "0002",
            "summary": "Create the tables of authentication, and give users a session epoch.",
        },
    ]
    assert document("current", url) == {"schema": 1, **nothing, "pending": pending}
    after = {**nothing, "revision": "0002", "pending": []}
    assert document("upgrade", url) == {
        "schema": 1,
        "dry_run": False,
        "before": {**nothing, "pending": pending},
        "after": after,
    }
    assert document("check", url) == {"schema": 1, "ok": True, "differences": [], **after}


def test_a_check_passes_when_the_tables_are_as_they_should_be(url: str) -> None:
    """Whoever created them."""
    enter_a_kit(url)
    result = call("check", url)
    assert (result.exit_code, result.stdout) == (0, "The tables are as 0002 made them.\n")


@pytest.mark.parametrize(
    ("script", "recorded", "difference", "advice"),
    [
        ("", False, "There is no table userkit_users.", "run `userkit db upgrade`"),
        ("DROP INDEX ix_userkit_users_realm_id", True, "userkit_users has no index", "No upgrade mends this"),
        (
            "DROP INDEX ix_userkit_users_realm_id",
            False,
            "userkit_users has no index",
            "An upgrade would refuse",
        ),
    ],
)
def test_a_check_names_what_differs_and_what_to_do(
    url: str, script: str, recorded: bool, difference: str, advice: str
) -> None:
    """And fails; as JSON, too."""
    if script:
        enter_a_kit(url)
        if recorded:
            call("upgrade", url)
        execute(url, script)
    result = call("check", url)
    assert result.exit_code == 1
    *differences, last = result.stdout.splitlines()
    assert any(difference in each for each in differences)
    assert advice in last
    assert call("check", url, "--json").exit_code == 1
    found = document("check", url)
    assert (found["ok"], found["differences"]) == (False, differences)


def test_tables_that_nobody_made_are_refused(url: str) -> None:
    """By the upgrade, its dry run and the SQL; `current` says why."""
    execute(url, "CREATE TABLE userkit_users (id INTEGER)")
    for arguments in (("upgrade",), ("upgrade", "--dry-run"), ("sql",)):
        result = call(*arguments, url)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "userkit_users has no column realm." in result.stderr
        assert len(result.stderr.splitlines()) == 1
    result = call("current", url)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == "No revision made these tables."
    assert "userkit_users has no column realm." in result.stdout


def test_a_newer_userkit_is_named_as_the_cause(url: str) -> None:
    """Its revisions are not known here."""
    call("upgrade", url)
    execute(url, "UPDATE userkit_alembic_version SET version_num = '0815'")
    for command in COMMANDS:
        result = call(command, url)
        assert result.exit_code == 1
        assert "0815, which this userkit does not know: a newer one has upgraded the tables." in result.stderr


def test_the_sql_is_a_script(url: str, tmp_path: Path) -> None:
    """It can be piped into the system's client, and says so when there is nothing to do."""
    result = call("sql", url)
    assert result.exit_code == 0
    assert result.stdout == call("sql", "--from-nothing", url).stdout
    execute(url, result.stdout)
    assert call("sql", url).stdout == "-- There is nothing to do.\n"
    assert call("check", url).exit_code == 0


@pytest.mark.parametrize("option", ["--from-nothing", "--offline"])
@pytest.mark.parametrize("system", ["postgresql", "mariadb", "mysql"])
def test_sql_for_an_empty_database_needs_no_server(option: str, system: str) -> None:
    """The types are those of the system that the URL names."""
    result = call("sql", option, f"{system}://user:hunter2@127.0.0.1:1/app")
    assert result.exit_code == 0
    assert {"postgresql": "JSONB", "mariadb": "nopad_bin", "mysql": "0900_bin"}[system] in result.stdout
    assert "hunter2" not in result.output


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unreachable_server_is_one_line(command: str) -> None:
    """Without the password."""
    result = call(command, "postgresql://user:hunter2@127.0.0.1:1/app?connect_timeout=2")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: The PostgreSQL database app at 127.0.0.1:1 cannot be reached")
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr
    assert ("--offline" in result.stderr) == (command == "sql")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_password_is_one_line(postgres16: PostgresServer, command: str) -> None:
    """Without the password."""
    result = call(command, postgres16.url("psycopg", password="hunter2"))
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) == 1
    assert "hunter2" not in result.stderr


def test_the_stores_own_engine_upgrades_a_server(postgres16: PostgresServer) -> None:
    """With its time-outs and its autocommit mode."""
    url = postgres16.url(database=postgres16.create_database())
    assert call("upgrade", url).stdout.splitlines()[-1] == "The tables are at 0002."
    assert call("check", url).exit_code == 0
    assert postgres16.password not in call("sql", url).output


@pytest.mark.parametrize("command", COMMANDS)
def test_a_store_without_tables_has_no_migrations(command: str) -> None:
    """That is a sentence and no traceback."""
    result = call(command, "memory://")
    assert (result.exit_code, result.stderr) == (1, "error: MemoryStore cannot run migrations.\n")


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    """And it stays as it is."""
    file = tmp_path / "letter.txt"
    file.write_text("Dear Ada, " * 100)
    for command in COMMANDS:
        result = call(command, f"sqlite:///{file}")
        assert result.exit_code == 1
        assert len(result.stderr.splitlines()) == 1
    assert file.read_text() == "Dear Ada, " * 100


def test_without_alembic_the_extra_is_named(url: str) -> None:
    """It is an extra of its own."""
    program = "import sys; sys.modules['alembic'] = None; from userkit.cli import main; main()"
    command = [sys.executable, "-c", program, "db", "current", url]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: Migrations need alembic, which is not installed: pip install 'userkit-sdk[migrations]'\n"
    )
