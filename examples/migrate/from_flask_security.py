"""Move people from Flask-Security into userkit: ``python from_flask_security.py app.db report.jsonl``.

USERKIT_DATABASE and USERKIT_SECRET say where to, and USERKIT_ARGON2_FLASK_SECURITY_SALT what
SECURITY_PASSWORD_SALT was. It can be run again.
"""

import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from userkit import SyncUserKit, roles
from userkit.importing import FORMATS, IMPORTING, Report, ReportFile, Source

NAMES = {"admin": "admin", "editor": "editor"}  # the old roles, and what they are called from now on
ROLES = roles({"admin": {"*"}, "editor": {"posts:write"}})


def main(database: Path, report: Path) -> None:
    """Import everybody with their passwords, then give them their roles."""
    file = ReportFile(report)
    with SyncUserKit.from_settings(features=[IMPORTING, ROLES], relay=False) as kit:
        try:
            done = kit[IMPORTING](FORMATS["flask-security"](Source(path=database)), report=Report(file))
        finally:
            file.close()
        ids = new_ids(report)
        for old_id, role in old_roles(database):
            if old_id in ids:  # who was refused has none
                kit.roles.assign(ids[old_id], role)
    print(f"{done.outcomes['imported']} imported, {done.outcomes['refused']} refused: see {report}.")


def new_ids(report: Path) -> dict[str, str]:
    """Return the id of each user by the one they had."""
    lines = [json.loads(line) for line in report.read_text("utf-8").splitlines()]
    return {line["source_id"]: line["user_id"] for line in lines if line["user_id"]}


def old_roles(database: Path) -> Iterator[tuple[str, str]]:
    """Yield the old id of a user and a role, as often as there are such pairs."""
    query = "SELECT m.user_id, r.name FROM roles_users m JOIN role r ON r.id = m.role_id"
    connection = sqlite3.connect(database)
    try:
        rows = connection.execute(query).fetchall()
    finally:
        connection.close()
    yield from ((str(id), NAMES[name]) for id, name in rows if name in NAMES)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
