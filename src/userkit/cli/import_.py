"""``userkit import``: users and their password hashes from another system.

``--json`` prints one object for programs. Its keys stay; new ones may come::

    {
      "schema": 1,
      "ok": true,                        false when rows were refused
      "stopped": false,                  true when --on-conflict fail has ended the import
      "dry_run": false,                  true when nothing was written
      "rows": 2000,                      of the file, also those about something else than people
      "imported": 1980,
      "updated": 0,                      users who were there and say now what their row says
      "unchanged": 0,                    who were imported before, or say that already
      "skipped": 15,                     somebody else has the address
      "refused": 5,
      "without_password": 3,             of those imported
      "reasons": {"exists": 15, "email": 5, "no_hash": 2, "unknown_hash": 1},
      "first": [{"line": 17, "outcome": "refused", "reason": "email"}]    the first of these rows
    }

A line of the file that ``--report`` names is what became of a row::

    {"line": 17, "outcome": "refused", "source_id": "4711", "user_id": null,
     "reason": "email", "detail": "This is not one e-mail address.", "email": "ada(at)example.com"}
"""

from collections.abc import Callable
from itertools import count as numbers_from
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from userkit.cli import completion
from userkit.cli.kit import SCHEMA, AsJson, Realm, opened
from userkit.cli.output import print_json, print_table
from userkit.cli.progress import progress
from userkit.errors import ConfigurationError
from userkit.importing import (
    FORMATS,
    IMPORTING,
    LARGEST_BATCH,
    OUTCOMES,
    Bookmark,
    OnConflict,
    Report,
    ReportFile,
    Source,
    fingerprint,
)
from userkit.plugins.urls import StoreURL
from userkit.settings import UserKitSettings, read_settings

__all__ = ["import_"]

_WHY = {
    "attributes": "the attributes are not valid",
    "email": "it is not one e-mail address",
    "exists": "a user has the address",
    "malformed": "the row cannot be read",
    "name": "the name is not valid",
    "no_email": "there is no e-mail address",
    "no_hash": "there is no password hash",
    "plain_text": "a password is in plain text",
    "repeated": "a row before has the same address",
    "too_long": "the row is too long",
    "unconfirmed": "somebody has the address who has not confirmed it, and may be a stranger",
    "unknown_column": "it has a column that userkit does not know",
    "unknown_hash": "the password hash is not understood",
}


def _format(name: str) -> str:
    if name not in FORMATS:
        raise typer.BadParameter(f"it is one of {', '.join(FORMATS)}")
    return name


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="What to import.")],
    *,
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="FORMAT",
            show_default=False,
            callback=_format,
            autocompletion=completion.formats,
            help=f"What wrote the file: {', '.join(FORMATS)}.",
        ),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write no users; say what would become of each row.")
    ] = False,
    on_conflict: Annotated[
        OnConflict,
        typer.Option(
            help="When somebody has the address: skip the row, update what it says of them, or fail at once."
        ),
    ] = OnConflict.SKIP,
    require_password: Annotated[
        bool,
        typer.Option("--require-password", help="Refuse people without a password hash that is understood."),
    ] = False,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Keep how far the import is in this file, and go on from there if it exists.",
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write what became of each row into this file, as JSON Lines. It holds addresses.",
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", show_default=False, help="The table of users, where the file is one of SQLite."
        ),
    ] = None,
    hash_parameters: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="The password hash parameters that the console of Firebase shows, in a file.",
        ),
    ] = None,
    batch: Annotated[
        int, typer.Option(min=1, max=LARGEST_BATCH, help="How many to write at once.")
    ] = LARGEST_BATCH,
    realm: Realm = None,
    as_json: AsJson = False,
) -> None:
    """Import users with their passwords; exit with 1 when rows were refused. It can be done twice."""
    if dry_run and resume is not None:
        raise typer.BadParameter("it writes nothing, so it takes no --resume", param_hint="--dry-run")
    _refuse_same(file, report, resume, hash_parameters)
    parameters = None if hash_parameters is None else _text(hash_parameters)
    with opened(realm, IMPORTING) as kit, progress(quiet=as_json, in_percent=True) as bar:
        source = Source(path=file, table=table, parameters=parameters, advance=_advancing(bar, from_))
        bookmark = _bookmark(resume, file, from_, realm)
        writing = None if report is None else ReportFile(report, size=bookmark.report_size)
        try:
            done = kit[IMPORTING](
                FORMATS[from_](source),
                on_conflict=on_conflict,
                require_password=require_password,
                dry_run=dry_run,
                bookmark=bookmark,
                report=Report(writing),
                batch=batch,
            )
        finally:
            if writing is not None:
                writing.close()
    if as_json:
        print_json(_document(done, dry_run))
    else:
        _print(done, dry_run)
    if done.outcomes["refused"] or done.stopped:
        raise typer.Exit(1)


def _advancing(bar: Progress, description: str) -> Callable[[int, int], None]:
    """Return what moves a bar; it is called for each row, with bytes or rows of how many."""
    task, rows = bar.add_task(description, total=None, rows=0), numbers_from(1)

    def advance(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total, rows=next(rows))

    return advance


def _refuse_same(*paths: Path | None) -> None:
    named = [path.resolve() for path in paths if path is not None]
    if len(set(named)) != len(named):
        raise typer.BadParameter("a file is named twice")


def _bookmark(resume: Path | None, file: Path, format: str, realm: str | None) -> Bookmark:
    if resume is None:
        return Bookmark()
    settings = read_settings()
    where = StoreURL.read(_url(settings)).shown, realm or settings.realm
    return Bookmark(resume, of=fingerprint(file, format, *where))


def _url(settings: UserKitSettings) -> str:
    return "" if settings.database is None else settings.database.get_secret_value()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        # Neither the text nor an error about it is shown: it holds a key.
        raise ConfigurationError("The file named by --hash-parameters cannot be read as UTF-8.") from None


def _document(done: Report, dry_run: bool) -> dict[str, Any]:
    state = done.state()
    ok = not done.outcomes["refused"] and not done.stopped
    first = [dict(zip(("line", "outcome", "reason"), each, strict=True)) for each in done.first]
    return {"schema": SCHEMA, "ok": ok, "stopped": done.stopped, "dry_run": dry_run, **state, "first": first}


def _print(done: Report, dry_run: bool) -> None:
    """Print numbers, reasons and lines, and nothing that tells who somebody is."""
    numbers = [str(done.rows), *(str(done.outcomes[outcome]) for outcome in OUTCOMES)]
    print_table(
        ("Rows", *map(str.capitalize, OUTCOMES), "Without password"),
        [(*numbers, str(done.without_password))],
    )
    for reason, count in sorted(done.reasons.items()):
        lines = ", ".join(str(line) for line, _, why in done.first if why == reason)
        more = " …" if sum(why == reason for _, _, why in done.first) < count else ""
        where = f", line{'s' if count > 1 else ''} {lines}{more}" if lines else ""
        typer.echo(f"{count} row{'s' if count > 1 else ''}: {_WHY.get(reason, reason)}{where}")
    if done.stopped:
        typer.echo("The import has stopped at a user who has the address. What was imported stays.")
    if dry_run:
        typer.echo("This was a dry run: nothing was written.")
