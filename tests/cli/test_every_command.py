"""Every command, over a real database: what it ends with, and the number of the form of its JSON."""

import json
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

import pytest

from tests.cli.calling import SECRET, Commands
from tests.cli.test_mail import given_up, waiting
from tests.cli.tree import commands, names, options
from tests.serving import test_life

COMMANDS = commands()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a command is called, where a user Ada and a letter that was given up are there already.

    ``{ada}``, ``{letter}``, ``{url}``, ``{other}`` and ``{folder}`` stand for what is only known then.
    """

    arguments: tuple[str, ...] = ()
    says: str


CALLS: dict[str, Call] = {
    "plugins": Call(arguments=("--check",), says="sqlite"),
    "copy": Call(arguments=("--from", "{url}", "--to", "{other}", "--verify"), says='"differences": 0'),
    "import": Call(arguments=("{folder}/people.csv", "--from", "csv"), says="no_hash"),
    "export": Call(arguments=("--subject", "{ada}"), says="ada@example.com"),
    "doctor": Call(arguments=("--sample", "10"), says="canonical form"),
    "db upgrade": Call(arguments=("{other}",), says="0002"),
    "db current": Call(says="0002"),
    "db check": Call(says="0002"),
    "db sql": Call(arguments=("{other}",), says="CREATE TABLE"),
    "db template": Call(arguments=("dynamodb://accounts",), says="AWS::DynamoDB::Table"),
    "users create": Call(
        arguments=("--email", "emmy@example.com", "--name", "Emmy", "--no-password"), says="emmy@example.com"
    ),
    "users list": Call(says="ada@example.com"),
    "users show": Call(arguments=("{ada}",), says="ada@example.com"),
    "users disable": Call(arguments=("ada@example.com",), says="disabled"),
    "users enable": Call(arguments=("{ada}",), says="ada@example.com"),
    "users delete": Call(arguments=("{ada}", "--yes"), says="was deleted"),
    "users erase": Call(arguments=("{ada}", "--yes"), says="{ada}"),
    "users roles": Call(arguments=("{ada}", "--add", "admin"), says="admin"),
    "users sessions": Call(arguments=("{ada}", "--end-all"), says=""),
    "mail work": Call(arguments=("--once",), says="0"),
    "mail failed": Call(says="{letter}"),
    "mail retry": Call(arguments=("{letter}",), says=""),
    "audit list": Call(says="user_registered"),
    "audit export": Call(says="user_registered"),
    "audit purge": Call(says="0"),
    "keys generate": Call(arguments=("--algorithm", "secret"), says=""),
    "keys list": Call(says=""),
    "keys rotate": Call(arguments=("{folder}/secret",), says="new secret"),
    "config show": Call(says="USERKIT_DATABASE"),
}
"""The commands that end by themselves."""

SERVED = {"serve": test_life}
"""Those that do not, and where a server of theirs is started over a database."""

# What is handed on is for other programs: a key set, and lines.
OTHER_FORMS = {"keys list"}
# They work on what is installed, and on files that are named.
UNSET = {"plugins", "keys generate", "keys rotate"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder with a user, a letter that was given up, a file of people, and one with a secret."""
    folder = tmp_path_factory.mktemp("filled")
    userkit = Commands(folder)
    ada = userkit.create()
    (letter,) = waiting(userkit, given_up())
    userkit.said("db", "upgrade")
    (folder / "people.csv").write_text("email,name,password_hash\ngrace@example.com,Grace Hopper,\n")
    (folder / "secret").write_text(f"{SECRET}\n")
    return folder, {"ada": ada, "letter": letter.id}


@pytest.fixture
def userkit(tmp_path: Path) -> Commands:
    """The command line over a file, with mail going to a folder."""
    return Commands(
        tmp_path, USERKIT_MAILER=f"directory://{tmp_path}/mail", USERKIT_BASE_URL="https://app.example"
    )


@pytest.fixture
def places(userkit: Commands, filled: tuple[Path, dict[str, str]]) -> dict[str, str]:
    """What the arguments of a call stand for, in a folder of its own."""
    folder, known = filled
    copytree(folder, userkit.folder, dirs_exist_ok=True)
    other = f"sqlite:///{userkit.folder}/other.db"
    return {**known, "url": userkit.url, "other": other, "folder": str(userkit.folder)}


def test_no_command_is_left_out() -> None:
    """A new one is called here, or says where a server of its is started."""
    assert CALLS.keys() | SERVED.keys() == COMMANDS.keys()
    for module in SERVED.values():
        assert any(name.startswith("test_") for name in vars(module))


@pytest.mark.parametrize("path", CALLS)
def test_a_command_works_over_a_database(path: str, userkit: Commands, places: dict[str, str]) -> None:
    """Without a traceback, and for programs as one object with the number of its form."""
    call = CALLS[path]
    arguments = [each.format_map(places) for each in call.arguments]
    result = userkit(*path.split(), *arguments, *_json(path))
    assert (result.exit_code, "Traceback" in result.output) == (0, False), result.output
    assert call.says.format_map(places) in result.stdout
    if _json(path) and path not in OTHER_FORMS:
        assert json.loads(result.stdout)["schema"] == 1


@pytest.mark.parametrize("path", [path for path in CALLS if path not in UNSET])
def test_a_variable_that_is_wrong_is_one_line(path: str, userkit: Commands) -> None:
    """Of standard error, before anything is looked at."""
    nowhere = dict.fromkeys(("ada", "letter", "url", "folder"), str(userkit.folder / "nothing"))
    arguments = [each.format(other="sqlite://", **nowhere) for each in CALLS[path].arguments]
    if path.startswith("db"):
        arguments = []
    wrong = {"USERKIT_REALM": "no such realm", "USERKIT_PREPARE": "perhaps"}
    told = userkit.refused(*path.split(), *arguments, *_json(path), **wrong)
    assert told.startswith("The settings are not valid: USERKIT_REALM")


def _json(path: str) -> list[str]:
    has = any("--json" in names(option) for option in options(COMMANDS[path]))
    return ["--json"] if has else []
