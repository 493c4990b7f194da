"""``userkit mail``: send what waits in the outbox, and look at what could not be sent.

``work --once --json`` prints ``{"schema": 1, "done": 12, "failed": 0}``, and with ``--dry-run``
``{"schema": 1, "dry_run": true, "due": 12, "later": 3}``. ``failed --json`` prints
``{"schema": 1, "entries": [entry], "next": null}``, and ``retry --json``
``{"schema": 1, "dry_run": false, "entries": [entry]}``. An *entry* is::

    {
      "id": "019c…",
      "topic": "letter",                    what is to be done
      "user_id": "019c…",                  for whom, or null
      "state": "failed",                   or "pending"
      "attempts": 20,
      "problem": "MailUnavailableError",   what was wrong at the last attempt, or null
      "created_at": "2026-01-01T00:00:00.000Z",
      "due_at": "2026-01-01T00:00:00.000Z"
    }
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

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
)
from userkit.cli.output import print_error, print_json, print_table
from userkit.cli.progress import progress
from userkit.cli.stopping import Stop, until_signalled
from userkit.errors import ConfigurationError, NotFoundError, StoreUnavailableError
from userkit.features.outbox import Delivery, OutboxEntry, OutboxState
from userkit.kit import SyncUserKit
from userkit.settings import read_settings
from userkit.sync import run

__all__ = ["mail"]

mail = typer.Typer(no_args_is_help=True, help="Send what waits in the outbox.")


@mail.command()
def work(
    once: Annotated[bool, typer.Option("--once", help="Do what is due, and end.")] = False,
    realm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="The tenant, by default what USERKIT_REALM says; may be repeated.",
        ),
    ] = None,
    pause: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long to wait when nothing is due.")
    ] = 1.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say how much is due and how much later, and send nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Send what waits, until a signal (SIGTERM, SIGINT) asks to end; the entry in hand is finished.

    Several of these may run at once: each entry is taken by one of them.
    """
    settings = read_settings()
    if settings.mailer is None:
        raise ConfigurationError("Set USERKIT_MAILER to the URL of a mailer, such as smtp://mail.example.")
    if settings.base_url is None:
        raise ConfigurationError("Set USERKIT_BASE_URL to where people reach the application: links need it.")
    with opened() as kit, until_signalled() as stop:
        kits = [kit.realm(name) for name in dict.fromkeys(realm or ())] or [kit]
        if dry_run:
            _say_waiting([each[BEHIND] for each in kits], as_json)
            return
        total = _worked(kits, stop, once=once, pause=pause, quiet=as_json or not once)
    if as_json:
        print_json({"schema": SCHEMA, "done": total.done, "failed": total.failed})
    else:
        typer.echo(f"{total.done} done, {total.failed} failed and to be tried again.")


@mail.command()
def failed(limit: Limit = 100, after: After = None, realm: Realm = None, as_json: AsJson = False) -> None:
    """List what was given up after 20 attempts."""
    with opened(realm) as kit:
        page = kit.outbox.failed(limit=limit, after=after)
    if as_json:
        print_json({"schema": SCHEMA, "entries": list(map(_document, page.items)), "next": page.next})
        return
    _print(page.items)
    say_next(page.next)


@mail.command()
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", show_default=False, help="The ids of entries.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Everything that was given up.")] = False,
    dry_run: DryRun = False,
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """Try again what was given up."""
    if every == bool(ids):
        raise typer.BadParameter("give either ids or --all", param_hint="ID")
    with opened(realm) as kit:
        # All are looked up before one is changed, so that a wrong id changes nothing.
        found = list(_given_up(kit[BEHIND])) if every else [_entry(kit[BEHIND], id) for id in ids or ()]
        renewed = found if dry_run else [kit.outbox.retry(each.id) for each in found]
    if as_json:
        print_json({"schema": SCHEMA, "dry_run": dry_run, "entries": list(map(_document, renewed))})
    elif dry_run:
        _print(renewed)
        typer.echo(f"\n{len(renewed)} would be due now.")
    else:
        typer.echo(f"{len(renewed)} due now; `userkit mail work` or the application will do it.")


def _given_up(behind: Behind) -> Iterator[OutboxEntry]:
    return behind.all(OutboxEntry, "state", OutboxState.FAILED.value)


def _entry(behind: Behind, id: str) -> OutboxEntry:
    found = run(behind.store.get(OutboxEntry, id))
    if found is None:
        raise NotFoundError(f"There is no entry {id!r}.")
    return found


def _waiting(places: Sequence[Behind]) -> tuple[int, int]:
    """Return how much is due now, and how much later."""
    due = [
        entry.is_due(behind.now())
        for behind in places
        for entry in behind.all(OutboxEntry, "state", OutboxState.PENDING.value)
    ]
    return sum(due), len(due) - sum(due)


def _say_waiting(places: Sequence[Behind], as_json: bool) -> None:
    due, later = _waiting(places)
    if as_json:
        print_json({"schema": SCHEMA, "dry_run": True, "due": due, "later": later})
    else:
        typer.echo(f"{due} due now, {later} later.")


def _worked(kits: Sequence[SyncUserKit], stop: Stop, *, once: bool, pause: float, quiet: bool) -> Delivery:
    total = Delivery()
    with progress(quiet=quiet) as bar:
        due = None if bar.disable else _waiting([each[BEHIND] for each in kits])[0]
        task = bar.add_task("mail", total=due)
        for each in _deliveries(kits, stop, once=once, pause=pause):
            total += each
            bar.update(task, completed=total.done + total.failed)
    return total


def _deliveries(kits: Sequence[SyncUserKit], stop: Stop, *, once: bool, pause: float) -> Iterator[Delivery]:
    while True:
        try:
            yield from _due(kits, stop)
        except StoreUnavailableError as error:
            if once:
                raise
            print_error(error.detail)  # it was there, and will be again
        if once or stop.asked:
            return
        stop.wait(pause)


def _due(kits: Sequence[SyncUserKit], stop: Stop) -> Iterator[Delivery]:
    """Do what is due, entry by entry, so that a signal is heard between two of them."""
    if kits:
        # The views of one kit share what it is made of; what dead processes have left behind comes first.
        kits[0].forward()
    busy = True
    while busy:
        busy = False
        for kit in kits:
            if stop.asked:
                return
            delivery = kit.outbox.deliver(limit=1)
            yield delivery
            busy = busy or delivery != Delivery()


def _print(entries: Sequence[OutboxEntry]) -> None:
    print_table(
        ("Id", "Topic", "User", "Attempts", "Problem", "Created"),
        [
            (
                each.id,
                each.topic,
                each.user_id or "",
                str(each.attempts),
                each.problem or "",
                moment(each.created_at) or "",
            )
            for each in entries
        ],
    )


def _document(entry: OutboxEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "topic": entry.topic,
        "user_id": entry.user_id,
        "state": entry.state.value,
        "attempts": entry.attempts,
        "problem": entry.problem,
        "created_at": moment(entry.created_at),
        "due_at": moment(entry.due_at),
    }
