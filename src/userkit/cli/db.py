"""``userkit db``: the tables of a database and how far they are.

``--json`` prints one object for programs. Its keys stay; new ones may come. A *state* is::

    {
      "revision": "0001",               what the version table says, or null
      "recognised": null,               without a version row, what the tables look like
      "head": "0002",                   the newest revision of this userkit
      "pending": [                      what an upgrade would run, in order
        {"revision": "0002", "summary": "…"}
      ],
      "obstacles": []                   why an upgrade would refuse, in sentences
    }

``current`` prints a state with ``"schema": 1``. ``check`` adds ``"ok"`` and ``"differences"``, a list
of sentences. ``upgrade`` prints ``{"schema": 1, "dry_run": false, "before": state, "after": state}``,
where ``after`` is null for a dry run.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from userkit.cli import completion
from userkit.cli.kit import SCHEMA, AsJson, DryRun
from userkit.cli.output import plain, print_json
from userkit.cli.progress import progress
from userkit.cli.template import template_text
from userkit.errors import ConfigurationError, SchemaOutdatedError, StoreUnavailableError
from userkit.plugins.opening import open_store
from userkit.settings import read_settings
from userkit.storage.capabilities import migratable
from userkit.storage.migrations import Migrations, SchemaState
from userkit.sync import run

__all__ = ["db"]

db = typer.Typer(no_args_is_help=True, help="Look at the tables of a database, and bring them up to date.")

_Url = Annotated[
    str | None,
    typer.Argument(
        metavar="URL",
        show_default=False,
        autocompletion=completion.stores,
        help="The store, by default what USERKIT_DATABASE says. Everybody on this machine can see the "
        "arguments of a program: a URL with a password belongs into the variable.",
    ),
]


@db.command()
def upgrade(
    url: _Url = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring the tables up to this version of userkit."""
    with _migrations(url) as migrations:
        before = migrations.current()
        if dry_run and before.obstacles:
            raise SchemaOutdatedError(f"An upgrade would refuse these tables. {' '.join(before.obstacles)}")
        after = None if dry_run else _upgraded(migrations, before.head, quiet=as_json)
    if as_json:
        states = {"before": _state(before), "after": _state(after) if after else None}
        print_json({"schema": SCHEMA, "dry_run": dry_run, **states})
        return
    _say(_plan(before, "would be" if dry_run else "was"))
    if after is not None:
        _say([f"The tables are at {after.at}."])


@db.command()
def current(url: _Url = None, as_json: AsJson = False) -> None:
    """Say how far the tables are, and how far this version of userkit is."""
    with _migrations(url) as migrations:
        state = migrations.current()
    if as_json:
        print_json({"schema": SCHEMA, **_state(state)})
    else:
        _say([_whereabouts(state), f"This version of userkit has {state.head}.", *state.obstacles])


@db.command()
def check(url: _Url = None, as_json: AsJson = False) -> None:
    """Compare the tables with what this version of userkit expects; exit with 1 when they differ."""
    with _migrations(url) as migrations:
        state, differences = migrations.current(), migrations.check()
    ok = not differences and not state.pending
    if as_json:
        print_json({"schema": SCHEMA, "ok": ok, "differences": [*differences], **_state(state)})
    else:
        _say([*differences, _advice(state, differences)])
    if not ok:
        raise typer.Exit(1)


@db.command()
def sql(
    url: _Url = None,
    from_nothing: Annotated[
        bool,
        typer.Option(
            "--from-nothing", "--offline", help="Print the SQL for an empty database, and connect to none."
        ),
    ] = False,
) -> None:
    """Print the SQL of an upgrade, for those who run it by hand."""
    try:
        with _migrations(url) as migrations:
            text = migrations.sql(from_nothing=from_nothing)
    except StoreUnavailableError as error:
        raise StoreUnavailableError(
            f"{error.detail} The SQL depends on what is there; --offline prints that for an empty database."
        ) from error
    typer.echo(text.rstrip() or "-- There is nothing to do.")


@db.command()
def template(url: _Url = None) -> None:
    """Print the CloudFormation template of a DynamoDB table, for those who create it beforehand."""
    store = open_store(_given(url), blocking=True)
    try:
        text = template_text(store)
    finally:
        run(store.close())
    typer.echo(text)


def _upgraded(migrations: Migrations, head: str, *, quiet: bool) -> SchemaState:
    # Nobody can tell how much of a statement is done, so the bar shows that it goes on, and for how long.
    with progress(quiet=quiet, transient=True) as bar:
        bar.add_task(f"upgrading to {head}", total=None)
        return migrations.upgrade()


@contextmanager
def _migrations(url: str | None) -> Generator[Migrations, None, None]:
    store = open_store(_given(url), blocking=True)
    try:
        yield migratable(store).migrations()
    finally:
        run(store.close())


def _given(url: str | None) -> str:
    if url is not None:
        return url
    database = read_settings().database
    if database is None:
        raise ConfigurationError("Give a store URL, such as sqlite:///app.db, or set USERKIT_DATABASE.")
    return database.get_secret_value()


def _state(state: SchemaState) -> dict[str, Any]:
    return {
        "revision": state.revision,
        "recognised": state.recognised,
        "head": state.head,
        "pending": [{"revision": each.id, "summary": each.summary} for each in state.pending],
        "obstacles": list(state.obstacles),
    }


def _plan(state: SchemaState, tense: str) -> Sequence[str]:
    recorded = [f"{state.recognised} {tense} recorded: the tables look like it."] if state.recognised else []
    steps = [f"{each.id} {tense} run: {each.summary}" for each in state.pending]
    return [*recorded, *steps] or ["There is nothing to do."]


def _whereabouts(state: SchemaState) -> str:
    if state.revision is not None:
        return f"The tables are at {state.revision}."
    if state.recognised is not None:
        return f"The tables look like {state.recognised}; no upgrade has recorded it yet."
    return "No revision made these tables." if state.obstacles else "There are no tables yet."


def _advice(state: SchemaState, differences: Sequence[str]) -> str:
    if state.obstacles:
        return "An upgrade would refuse these tables: put right what differs, or use an empty database."
    if state.pending:
        return f"{_whereabouts(state)} To bring them to {state.head}, run `userkit db upgrade`."
    if differences:
        return "No upgrade mends this: put right by hand what differs, or restore a backup."
    return f"The tables are as {state.head} made them."


def _say(sentences: Sequence[str]) -> None:
    for sentence in sentences:
        typer.echo(plain(sentence))
