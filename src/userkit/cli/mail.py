"""``userkit mail``: send what waits in the outbox, and look at what could not be sent.

``work --once --json`` prints ``{"schema": 1, "done": 12, "failed": 0}``. ``failed --json`` prints
``{"schema": 1, "entries": [entry], "next": null}``, and ``retry --json`` ``{"schema": 1, "entry":
entry}``. An *entry* is::

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

import signal
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any

import typer

from userkit.cli.kit import SCHEMA, After, AsJson, Limit, Realm, moment, opened, say_next
from userkit.cli.output import print_error, print_json, print_table
from userkit.errors import ConfigurationError, StoreUnavailableError
from userkit.features.outbox import Delivery, OutboxEntry
from userkit.kit import SyncUserKit
from userkit.settings import read_settings

__all__ = ["mail"]

mail = typer.Typer(no_args_is_help=True, help="Send what waits in the outbox.")

_GLANCE = 0.1


class _Stop:
    """Whether a signal has asked to end. A second one ends the program at once."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(number, signal.SIG_DFL)

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until somebody asks to end."""
        end = time.monotonic() + seconds
        while not self.asked and (rest := end - time.monotonic()) > 0:
            time.sleep(min(rest, _GLANCE))


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
    as_json: AsJson = False,
) -> None:
    """Send what waits, until a signal (SIGTERM, SIGINT) asks to end; the entry in hand is finished.

    Several of these may run at once: each entry is taken by one of them.
    """
    if read_settings().mailer is None:
        raise ConfigurationError("Set USERKIT_MAILER to the URL of a mailer, such as smtp://mail.example.")
    with opened() as kit, _until_signalled() as stop:
        kits = [kit.realm(name) for name in dict.fromkeys(realm or ())] or [kit]
        total = sum(_deliveries(kits, stop, once=once, pause=pause), Delivery())
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
            for each in page.items
        ],
    )
    say_next(page.next)


@mail.command()
def retry(
    entry: Annotated[str, typer.Argument(metavar="ID", show_default=False, help="The id of an entry.")],
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """Try again what was given up."""
    with opened(realm) as kit:
        renewed = kit.outbox.retry(entry)
    if as_json:
        print_json({"schema": SCHEMA, "entry": _document(renewed)})
    else:
        typer.echo(f"{renewed.id} is due now; `userkit mail work` or the application will do it.")


@contextmanager
def _until_signalled() -> Generator[_Stop, None, None]:
    stop = _Stop()
    before = [(number, signal.signal(number, stop)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield stop
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _deliveries(kits: Sequence[SyncUserKit], stop: _Stop, *, once: bool, pause: float) -> Iterator[Delivery]:
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


def _due(kits: Sequence[SyncUserKit], stop: _Stop) -> Iterator[Delivery]:
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
