"""The command line of userkit. It needs the extra ``cli``."""

import sys
from importlib.util import find_spec

__all__ = ["main"]


def main() -> None:
    """Run the command line with the arguments of this process, and exit.

    Exits with 0 on success, 1 on an error or a failed check, and 2 for a wrong call, which
    includes that typer or rich is not installed.
    """
    missing = [name for name in ("typer", "rich") if find_spec(name) is None]
    if missing:
        needs = " and ".join(missing)
        sys.stderr.write(f"error: the command line needs {needs}: pip install 'userkit-sdk[cli]'\n")
        raise SystemExit(2)

    from userkit.cli.app import app

    app(prog_name="userkit")
