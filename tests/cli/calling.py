"""Commands that use a kit, called in this process over a file of their own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from userkit import SyncUserKit
from userkit.cli.app import app
from userkit.features.outbox import OUTBOX
from userkit.plugins.opening import open_store
from userkit.storage.port import Store
from userkit.sync import run

SECRET = "p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B"
PASSWORD = "four unlikely words in a row"
NOBODY = "019c9f2f-3d7b-7000-8000-000000000000"


class Commands:
    """``userkit`` with the settings of one database."""

    def __init__(self, folder: Path, **environment: str) -> None:
        """Put everything into a folder."""
        self.folder = folder
        self.url = f"sqlite:///{folder}/app.db"
        self.environment: dict[str, str | None] = dict.fromkeys(
            f"USERKIT_{name}" for name in ("SECRET_FILE", "REALM", "PREPARE", "HOOKS", "AUTH", "PASSWORD")
        )
        self.environment |= {"USERKIT_DATABASE": self.url, "USERKIT_SECRET": SECRET}
        self.environment |= {"USERKIT_MAILER": None, "USERKIT_BASE_URL": None, "USERKIT_APP_NAME": None}
        self.environment |= environment

    def __call__(
        self, *arguments: str, input: str | bytes | None = None, **environment: str | None
    ) -> Result:
        """Call a command."""
        return CliRunner().invoke(app, arguments, input=input, env={**self.environment, **environment})

    def said(self, *arguments: str, **how: Any) -> str:
        """Call a command that succeeds, and return what it prints."""
        result = self(*arguments, **how)
        assert result.exit_code == 0, result.output
        return result.stdout

    def document(self, *arguments: str, **how: Any) -> dict[str, Any]:
        """Call a command that succeeds, and return its JSON."""
        found: dict[str, Any] = json.loads(self.said(*arguments, "--json", **how))
        return found

    def refused(self, *arguments: str, **how: Any) -> str:
        """Call a command that fails with one line on standard error, and return the line."""
        result = self(*arguments, **how)
        assert (result.exit_code, result.stdout) == (1, ""), result.output
        (line,) = result.stderr.splitlines()
        assert line.startswith("error: ")
        return line.removeprefix("error: ")

    def create(self, email: str = "ada@example.com", name: str = "Ada Lovelace", *more: str) -> str:
        """Create somebody without a password, and return their id."""
        arguments = ("users", "create", "--email", email, "--name", name, "--no-password", *more)
        found: str = self.document(*arguments)["user"]["id"]
        return found

    @contextmanager
    def kit(self, **arguments: Any) -> Iterator[SyncUserKit]:
        """Open a kit over the same database, as the application does."""
        with SyncUserKit(self.url, secret=SECRET, relay=False, **arguments) as kit:
            yield kit

    @contextmanager
    def outbox(self, realm: str = "default") -> Iterator[Store]:
        """Open the store, ready for what is in the outbox, to see and write what no command does."""
        store = open_store(self.url, blocking=True)
        run(store.prepare([OUTBOX]))
        yield store.realm(realm)
        run(store.close())
