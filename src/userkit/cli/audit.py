"""``userkit audit``: who did what, from where and when.

``list --json`` prints ``{"schema": 1, "entries": [entry], "next": null}``; ``purge --json`` prints
``{"schema": 1, "dry_run": false, "purged": 12}``; ``export`` prints entries, one a line (JSON Lines). An
*entry* is::

    {
      "id": "019c…",
      "at": "2026-01-01T00:00:00.000Z",
      "event": "user_registered",
      "user_id": "019c…",                  whom it is about, or null
      "actor_id": null,                    who did it, as far as is known
      "session_id": null,
      "address": "192.0.2.7",
      "user_agent": "Mozilla/5.0",
      "facts": {},                         what the event tells beside that
      "expires_at": null
    }
"""

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from userkit.cli.kit import (
    BEHIND,
    SCHEMA,
    After,
    AsJson,
    Behind,
    DryRun,
    Limit,
    Realm,
    moment,
    opened,
    say_next,
    user_of,
)
from userkit.cli.output import print_json, print_table
from userkit.cli.progress import progress, watched
from userkit.errors import ConfigurationError
from userkit.features.audit import AuditEntry
from userkit.kit import SyncUserKit
from userkit.storage.capabilities import purgeable

__all__ = ["audit"]

audit = typer.Typer(no_args_is_help=True, help="Read, export and purge the audit trail.")

_User = Annotated[
    str | None,
    typer.Option(
        metavar="USER",
        show_default=False,
        help="Only what is about this user: an e-mail address, or an id, also of a user who is gone.",
    ),
]


@audit.command("list")
def list_(
    user: _User = None,
    limit: Limit = 100,
    after: After = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Begin with the oldest.")] = False,
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """List what has happened, the newest first."""
    with opened(realm) as kit:
        page = kit.audit.list(user_id=_id(kit, user), limit=limit, after=after, newest_first=not oldest_first)
    if as_json:
        entries = [entry.document() for entry in page.items]
        print_json({"schema": SCHEMA, "entries": entries, "next": page.next})
        return
    print_table(("Time", "Event", "User", "By", "From", "Program", "Facts"), map(_row, page.items))
    say_next(page.next)


@audit.command()
def export(
    user: _User = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write to a new file, which only you may read, instead of standard output.",
        ),
    ] = None,
    realm: Realm = None,
) -> None:
    """Print the trail as JSON Lines, the oldest entry first."""
    with opened(realm) as kit:
        whose = _id(kit, user)
        about = () if whose is None else ("user_id", whose)
        # Lines and a bar on one terminal would be in each other's way.
        with _writer(output) as write, progress(quiet=output is None and sys.stdout.isatty()) as bar:
            total = None if bar.disable else kit[BEHIND].count(AuditEntry, *about)
            task = bar.add_task("audit", total=total)

            def written(line: str) -> None:
                write(line)
                bar.advance(task)

            count = kit.audit.export(written, user_id=whose)
    typer.echo(f"{count} entries were exported.", err=True)


@audit.command()
def purge(dry_run: DryRun = False, realm: Realm = None, as_json: AsJson = False) -> None:
    """Take out the entries whose time to be kept is over."""
    with opened(realm) as kit:
        count = _expired(kit[BEHIND], quiet=as_json) if dry_run else _purged(kit, quiet=as_json)
    if as_json:
        print_json({"schema": SCHEMA, "dry_run": dry_run, "purged": count})
    else:
        typer.echo(f"{count} entries {'would be' if dry_run else 'were'} purged.")


def _expired(behind: Behind, *, quiet: bool) -> int:
    """Count what a purge would take out; a store that has none says so here already."""
    purgeable(behind.store)
    before = behind.now()
    entries = watched("audit", behind.all(AuditEntry), total=lambda: behind.count(AuditEntry), quiet=quiet)
    return sum(each.expires_at is not None and each.expires_at < before for each in entries)


def _purged(kit: SyncUserKit, *, quiet: bool) -> int:
    with progress(quiet=quiet) as bar:
        return kit.audit.purge(watch=partial(bar.advance, bar.add_task("audit", total=None)))


def _id(kit: SyncUserKit, user: str | None) -> str | None:
    """Return the id that is meant; the trail of a user who is gone is found by id only."""
    return user_of(kit, user).id if user is not None and "@" in user else user


@contextmanager
def _writer(output: Path | None) -> Generator[Callable[[str], object], None, None]:
    if output is None:
        yield lambda line: typer.echo(line, nl=False)
        return
    try:
        # What others have put there is not overwritten, and nobody else may read it.
        handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ConfigurationError(f"The file cannot be created: {error.strerror}.") from error
    with os.fdopen(handle, "w", encoding="ascii", newline="") as file:
        yield file.write


def _row(entry: AuditEntry) -> tuple[str, ...]:
    facts = " ".join(f"{name}={fact}" for name, fact in entry.facts.items())
    return (
        moment(entry.at) or "",
        entry.event,
        entry.user_id or "",
        entry.actor_id or "",
        entry.address or "",
        entry.user_agent or "",
        facts,
    )
