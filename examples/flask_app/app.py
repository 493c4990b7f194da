"""Notes with accounts, in Flask: `python examples/flask_app/app.py`, then read README.md beside it."""

import os
import secrets
from pathlib import Path

import click
from flask import Flask, request

from userkit import SyncUserKit
from userkit.features.roles import roles
from userkit.integrations.flask import (
    UserKitExtension,
    current_user,
    get_optional_user,
    login_required,
    require,
    require_fresh,
)

FOLDER = Path(os.environ.get("NOTES_FOLDER", "notes-data")).resolve()
PORT = int(os.environ.get("PORT", "5000"))


def secret() -> str:
    """Return the secret of this installation, which is made at the first start and kept beside the data."""
    file = FOLDER / "secret"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(32))
    return file.read_text()


kit = SyncUserKit(
    f"sqlite:///{FOLDER / 'notes.db'}",
    secret=secret(),
    features=[roles({"admin": {"*"}, "editor": {"notes:delete"}})],
    mailer=f"directory://{FOLDER / 'mail'}",
    base_url=f"http://localhost:{PORT}/account",
    app_name="Notes",
)
app = Flask(__name__)
UserKitExtension(app, kit, pages=True)

# A real application keeps them in its database.
notes: list[dict[str, str]] = []


@app.get("/")
def home() -> str:
    """Greet whoever it is; nobody has to sign in for this."""
    user = get_optional_user()
    return f"Hello {user.name}!\n" if user else "Hello stranger! The documentation is at /api/v1/docs.\n"


@app.get("/notes")
@login_required
def read_notes() -> list[dict[str, str]]:
    """Show your own notes."""
    return [note for note in notes if note["owner"] == current_user.id]


@app.post("/notes")
@login_required
def write_note() -> tuple[dict[str, str], int]:
    """Keep a note."""
    note = {"owner": current_user.id, "text": str(request.get_json()["text"])}
    notes.append(note)
    return note, 201


@app.delete("/notes")
@require("notes:delete")
def delete_notes() -> tuple[str, int]:
    """Throw all notes of everybody away, which editors may."""
    notes.clear()
    return "", 204


@app.get("/secret-note")
@require_fresh(minutes=5)
def secret_note() -> dict[str, str]:
    """Show what is only for somebody who has signed in just now."""
    return {"text": f"{current_user.name} takes no sugar."}


@app.cli.command("give")
@click.argument("email")
@click.argument("role")
def give(email: str, role: str) -> None:
    """Give a user a role: flask --app examples/flask_app/app.py give ada@example.com editor."""
    with kit:
        kit.roles.assign(kit.users.get_by_email(email).id, role)
    click.echo(f"{email} is {role} now.")


if __name__ == "__main__":
    app.run(port=PORT)
