"""The commands, put together."""

import os
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from userkit.cli.audit import audit
from userkit.cli.config import config
from userkit.cli.copy import copy
from userkit.cli.db import db
from userkit.cli.doctor import doctor
from userkit.cli.erase import erase
from userkit.cli.export import export
from userkit.cli.import_ import import_
from userkit.cli.keys import keys
from userkit.cli.mail import mail
from userkit.cli.output import print_error
from userkit.cli.plugins import plugins
from userkit.cli.serve import serve
from userkit.cli.users import users
from userkit.errors import UserKitError
from userkit.plugins.advice import userkit_version

__all__ = ["EXIT_CODES", "app"]

EXIT_CODES: Mapping[int, str] = {
    0: "success",
    1: "an error, or a check that failed",
    2: "wrong usage, or typer or rich is not installed",
    130: "Ctrl-C",
}
"""How a command ends, and what that means."""


class _Commands(TyperGroup):
    """Turns errors into one line and an exit code, for every command."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().main(*args, **kwargs)
        except Exception as error:
            if os.environ.get("USERKIT_TRACEBACK") == "1":
                raise
            print_error(_sentence(error))
            sys.exit(1)


def _sentence(error: Exception) -> str:
    if isinstance(error, UserKitError):
        return error.detail
    # Nobody knows what its text repeats; it may be a password.
    return f"unexpected {type(error).__name__}; set USERKIT_TRACEBACK=1 and run this again to see where"


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"userkit {userkit_version()}")
        raise typer.Exit


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=f"Exit codes: {'; '.join(f'{code} {meaning}' for code, meaning in EXIT_CODES.items())}. "
    "USERKIT_TRACEBACK=1 shows where an error comes from. What a command works with is "
    "set by USERKIT_DATABASE, and by USERKIT_SECRET or USERKIT_SECRET_FILE; `userkit config show` shows it.",
)


@app.callback()
def userkit(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """User accounts for any Python application."""


app.command()(plugins)
app.command()(serve)
app.command()(copy)
app.command("import")(import_)
app.command()(export)
users.command()(erase)
app.command()(doctor)
# A group of commands is added below, in a line of its own: app.add_typer(group, name="…")
app.add_typer(db, name="db")
app.add_typer(users, name="users")
app.add_typer(mail, name="mail")
app.add_typer(audit, name="audit")
app.add_typer(keys, name="keys")
app.add_typer(config, name="config")
