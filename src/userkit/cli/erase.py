"""``userkit users erase``: forget a person, while the audit trail keeps its shape.

``--json`` prints one object for programs. Its keys stay; new ones may come::

    {
      "schema": 1,
      "user_id": "019c…",
      "dry_run": true,
      "records": {"users": 1, "sessions": 2, "audit": 17}    what was kept, by feature
    }
"""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated

import typer

from userkit.cli.export import id_of
from userkit.cli.kit import SCHEMA, AsJson, Realm, opened
from userkit.cli.output import plain, print_json, print_table
from userkit.cli.progress import progress, watched
from userkit.errors import UserNotFoundError
from userkit.kit import SyncUserKit

__all__ = ["erase"]

_STAYS = {
    "audit": "stays, without who it was",
    "outbox": "letters go, the rest is done",
}


def erase(
    who: Annotated[
        str,
        typer.Argument(
            metavar="USER", show_default=False, help="An id, also of one who is gone, or an e-mail address."
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Erase nobody; say how many records would go or change.")
    ] = False,
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """Delete a user and all that tells who they were; the audit trail keeps its shape."""
    with opened(realm) as kit:
        user_id = id_of(kit, who)
        records = Counter(
            each.feature
            for each in watched(
                "reading", kit.users.export_subject(user_id), total=lambda: None, quiet=as_json
            )
        )
        if not dry_run:
            if not yes:
                typer.confirm(plain(_question(kit, user_id)), abort=True, err=True)
            with progress(quiet=as_json, transient=True) as bar:
                bar.add_task("erasing", total=None)
                kit.users.erase(user_id)
    _print(user_id, records, dry_run=dry_run, as_json=as_json)


def _question(kit: SyncUserKit, user_id: str) -> str:
    try:
        user = kit.users.get(user_id)
    except UserNotFoundError:
        return f"Erase what is left of {user_id}?"
    return f"Erase {user.email}, {user.name}, {user.id}? Nobody can undo it."


def _print(user_id: str, records: Mapping[str, int], *, dry_run: bool, as_json: bool) -> None:
    if as_json:
        print_json({"schema": SCHEMA, "user_id": user_id, "dry_run": dry_run, "records": dict(records)})
    elif dry_run:
        rows = [(name, str(count), _STAYS.get(name, "goes")) for name, count in records.items()]
        print_table(("Kept by", "Records", "Would become of it"), rows)
        typer.echo("This was a dry run: nobody was erased.")
    else:
        typer.echo(f"{user_id} was erased.")
