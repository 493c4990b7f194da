"""The reference page names every command, every option and every exit code, and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import userkit.cli
from tests.cli.tree import commands, names, options, usage
from userkit.cli.app import EXIT_CODES

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGE = (REFERENCE / "cli.md").read_text(encoding="utf-8")
ELSEWHERE = {"serve": (REFERENCE / "serve.md").read_text(encoding="utf-8")}
COMMANDS = commands()
SOURCES = sorted(Path(userkit.cli.__file__).parent.rglob("*.py"))

ENDINGS = ("typer.Exit", "sys.exit", "SystemExit")

# What it is called, and what it takes instead of the secret itself.
SECRETIVE = re.compile(r"pass(word|phrase)?|secret|token|key|pin|credentials?")
INSTEAD = re.compile(r"-file$|^--hash-parameters$")


def sections(page: str) -> dict[str, str]:
    """Return the text below each heading, up to the next one."""
    parts = re.split(r"^#+ (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(section: str) -> list[str]:
    """Return the names of options in the first column of tables."""
    rows = re.findall(r"^\| (`-[^|]*) \|", section, flags=re.MULTILINE)
    return [name for row in rows for name in re.findall(r"`(--[a-z-]+)", row)]


def exit_codes() -> Iterator[int]:
    """Yield every code that the source of the command line ends with."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ENDINGS:
                yield from (int(ast.unparse(each)) for each in node.args)


@pytest.mark.parametrize("path", COMMANDS)
def test_a_command_has_a_heading_and_each_option_a_row(path: str) -> None:
    """With the arguments that it takes; a row that stands for no option is out of date."""
    command = COMMANDS[path]
    section = sections(PAGE)[usage(path, command)]
    expected = [name for option in options(command) for name in names(option)]
    assert sorted(documented(ELSEWHERE.get(path, section))) == sorted(expected)


def test_no_heading_is_of_a_command_that_is_gone() -> None:
    """Groups have headings as well."""
    groups = {f"userkit {path.split()[0]}" for path in COMMANDS if " " in path}
    known = {usage(path, command) for path, command in COMMANDS.items()} | groups
    assert {heading for heading in sections(PAGE) if heading.startswith("userkit")} - known == set()


def test_exit_codes_are_those_of_the_code() -> None:
    """One table, for readers and for programs."""
    rows = re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, flags=re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == EXIT_CODES
    assert {*exit_codes()} <= EXIT_CODES.keys()


@pytest.mark.parametrize("path", COMMANDS)
def test_no_secret_is_the_value_of_an_option(path: str) -> None:
    """Everybody on a machine can see the arguments of its programs; a file is named instead."""
    for option in options(COMMANDS[path]):
        for name in names(option):
            words = name.removeprefix("--").split("-")
            if not option.is_flag and any(map(SECRETIVE.fullmatch, words)):
                assert INSTEAD.search(name), name


def test_a_url_that_may_hold_a_password_says_where_else_it_may_come_from() -> None:
    """Either a variable is read by itself, or the help names it."""
    urls = [
        (each.name, f"{each.envvar} {getattr(each, 'help', '')}")
        for command in COMMANDS.values()
        for each in command.params
        if each.metavar == "URL" and each.name != "base_url"
    ]
    assert len(urls) >= 9
    for name, told in urls:
        assert "USERKIT_" in told, name
