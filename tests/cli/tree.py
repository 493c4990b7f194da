"""The commands as typer has them."""

from collections.abc import Iterator

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from userkit.cli.app import app

Path = tuple[str, ...]


def commands() -> dict[str, TyperCommand]:
    """Return every command by the words that call it."""
    return {" ".join(path): command for path, command in _leaves(typer.main.get_command(app), ())}


def options(command: TyperCommand) -> list[TyperOption]:
    """Return the options of a command."""
    return [each for each in command.params if isinstance(each, TyperOption)]


def names(option: TyperOption) -> list[str]:
    """Return everything that an option can be called."""
    return [*option.opts, *option.secondary_opts]


def usage(path: str, command: TyperCommand) -> str:
    """Return how a command is called, without its options."""
    words = ["userkit", path]
    for each in command.params:
        if not isinstance(each, TyperOption):
            shown = each.metavar or str(each.name).upper()
            words.append(shown if each.required or shown.startswith("[") else f"[{shown}]")
    return " ".join(words)


def _leaves(command: object, path: Path) -> Iterator[tuple[Path, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for name, child in command.commands.items():
            yield from _leaves(child, (*path, name))
    else:
        assert isinstance(command, TyperCommand)
        yield path, command
