"""``userkit export``: all users for another system, or everything about one person.

Without ``--subject`` each line is a user as ``userkit import --from jsonl`` reads them::

    {"source_id": "019c…", "email": "ada@example.com", "name": "Ada Lovelace", "verified": true,
     "disabled": false, "created_at": "2026-01-01T00:00:00.000Z", "attributes": {}}

and with ``--with-password-hashes`` there is ``password_hash`` for those who have a password.

With ``--subject`` each line is something that is kept of the person::

    {"feature": "sessions", "record": {"id": "019c…", "created_at": "2026-01-01T00:00:00.000Z", …}}

or, with ``--json``, all of it is one document, whose keys stay; new ones may come::

    {"schema": 1, "user_id": "019c…", "data": {"sessions": [{"id": "019c…", …}], …}}
"""

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import Annotated, Any, TypeVar

import typer

from userkit.cli.exporting import EXPORTING
from userkit.cli.kit import SCHEMA, Realm, user_of
from userkit.cli.progress import watched
from userkit.errors import ConfigurationError, UnsupportedStoreError
from userkit.features.users import SubjectRecord
from userkit.kit import SyncUserKit

__all__ = ["export", "id_of"]

T = TypeVar("T")


def export(
    *,
    subject: Annotated[
        str | None,
        typer.Option(
            metavar="USER",
            show_default=False,
            help="Everything about this person instead: an e-mail address, or an id, also of who is gone.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Write to a new file, which only you may read, instead of standard output.",
        ),
    ] = None,
    with_password_hashes: Annotated[
        bool,
        typer.Option(
            "--with-password-hashes",
            help="Add what passwords are compared with: whoever has the file can guess at them.",
        ),
    ] = False,
    realm: Realm = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --subject: one JSON document instead of lines.")
    ] = False,
) -> None:
    """Export all users, as `userkit import --from jsonl` reads them, or everything about one person."""
    if subject is None and as_json:
        raise typer.BadParameter("it is for --subject; all users are lines of JSON", param_hint="--json")
    if subject is not None and with_password_hashes:
        raise typer.BadParameter(
            "nobody is handed out a hash of their password", param_hint="--with-password-hashes"
        )
    # Where the lines go to the terminal they are what moves.
    quiet = out is None and sys.stdout.isatty()
    with _opened(realm) as kit, _writer(out) as write:
        counted: Counter[str] = Counter()
        if subject is None:
            users = watched("users", kit[EXPORTING](with_password_hashes), total=_total(kit), quiet=quiet)
            pieces: Iterator[str] = map(_line, _count(users, counted))
        else:
            user_id = id_of(kit, subject)
            records = watched("records", kit.users.export_subject(user_id), total=_unknown, quiet=quiet)
            pieces = _pieces(user_id, _count(records, counted), as_json=as_json)
        for piece in pieces:
            write(piece)
    what = "users" if subject is None else "records"
    typer.echo(f"{counted.total()} {what} were exported.", err=True)


def id_of(kit: SyncUserKit, reference: str) -> str:
    """Return the id that is meant; somebody who is gone is found by id only."""
    return user_of(kit, reference).id if "@" in reference else reference


@contextmanager
def _opened(realm: str | None) -> Generator[SyncUserKit, None, None]:
    changes: dict[str, Any] = {} if realm is None else {"realm": realm}
    with SyncUserKit.from_settings(relay=False, features=[EXPORTING], **changes) as kit:
        yield kit


def _count(rows: Iterable[T], counted: "Counter[str]") -> Iterator[T]:
    for row in rows:
        counted["rows"] += 1
        yield row


def _total(kit: SyncUserKit) -> Callable[[], int | None]:
    def total() -> int | None:
        with suppress(UnsupportedStoreError):
            return kit.users.count()
        return None

    return total


def _unknown() -> int | None:
    return None


def _line(row: Mapping[str, Any]) -> str:
    return json.dumps(row) + "\n"


def _pieces(user_id: str, records: Iterator[SubjectRecord], *, as_json: bool) -> Iterator[str]:
    if as_json:
        yield from _document(user_id, records)
    else:
        yield from (_line(record._asdict()) for record in records)


def _document(user_id: str, records: Iterator[SubjectRecord]) -> Iterator[str]:
    """Return one document piece by piece; records of a feature come one after the other."""
    first = next(records)
    feature = first.feature
    yield f'{{"schema": {SCHEMA}, "user_id": {json.dumps(user_id)}, "data": {{\n'
    yield f" {json.dumps(feature)}: [\n  {json.dumps(first.record)}"
    for record in records:
        if record.feature == feature:
            yield f",\n  {json.dumps(record.record)}"
            continue
        feature = record.feature
        yield f"\n ],\n {json.dumps(feature)}: [\n  {json.dumps(record.record)}"
    yield "\n ]\n}}\n"


@contextmanager
def _writer(out: Path | None) -> Generator[Callable[[str], object], None, None]:
    if out is None:
        yield lambda text: typer.echo(text, nl=False)
        return
    if out.exists():
        raise ConfigurationError("The file is there already, and is not overwritten: give another name.")
    try:
        # Another name until it is whole. Nobody else may read it.
        handle, name = mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
    except OSError as error:
        raise ConfigurationError(f"The file cannot be created: {error.strerror}.") from error
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="") as file:
            yield file.write
            file.flush()
            os.fsync(file.fileno())
        _publish(part, out)
    except OSError as error:
        raise ConfigurationError(f"The file cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def _publish(part: Path, out: Path) -> None:
    """Give a file its name, unless somebody has taken it in the meantime."""
    try:
        out.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        # Not every file system has links; there, who takes the name in this very moment loses it.
        if out.exists():
            raise
        part.rename(out)
