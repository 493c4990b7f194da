"""Move people from Django into userkit: ``python from_django.py db.sqlite3 report.jsonl``.

USERKIT_DATABASE and USERKIT_SECRET say where to. It can be run again.
"""

import json
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from userkit import SyncUserKit, roles
from userkit.importing import FORMATS, IMPORTING, Person, Report, ReportFile, Row, Source

GROUPS = {"editors": "editor"}  # the groups of Django, and what they are called from now on
ROLES = roles({"admin": {"*"}, "editor": {"posts:write"}})


def main(database: Path, report: Path) -> None:
    """Import everybody with their passwords, then give them their roles."""
    file = ReportFile(report)
    with SyncUserKit.from_settings(features=[IMPORTING, ROLES], relay=False) as kit:
        try:
            done = kit[IMPORTING](people(database), report=Report(file))
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


def people(database: Path) -> Iterator[Row]:
    """Yield everybody; an address that django-allauth has confirmed stays confirmed."""
    confirmed = set(select(database, "SELECT user_id, lower(email) FROM account_emailaddress WHERE verified"))
    for row in FORMATS["django"](Source(path=database)):
        person = row.content
        if isinstance(person, Person):
            verified = (int(person.source_id or 0), person.email.lower()) in confirmed
            person = replace(person, verified=verified)
        yield row._replace(content=person)


def old_roles(database: Path) -> Iterator[tuple[str, str]]:
    """Yield the old id of a user and a role, as often as there are such pairs."""
    superusers = select(database, "SELECT id, 'admin' FROM auth_user WHERE is_superuser")
    yield from ((str(id), role) for id, role in superusers)
    query = "SELECT m.user_id, g.name FROM auth_user_groups m JOIN auth_group g ON g.id = m.group_id"
    yield from ((str(id), GROUPS[name]) for id, name in select(database, query) if name in GROUPS)


def select(database: Path, query: str) -> list[tuple[int, str]]:
    """Return rows of the old database."""
    connection = sqlite3.connect(database)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
