"""``userkit copy``: everything of one store into another, and whether the two are equal.

``--json`` prints one object for programs. Its keys stay; new ones may come::

    {
      "schema": 1,
      "ok": true,                        false after a conflict or a difference
      "copied": [                        null with --verify-only
        {
          "realm": "default",
          "collection": "users",
          "total": 2000,                 what the source had at the beginning, or null
          "read": 2000,
          "loaded": 2000,                added in batches
          "there": 0,                    in the target already, as they are
          "levelled": 0,                 added, replaced or taken out one by one
          "conflicts": 0,                the target has something else, which stays
          "first": []                    ids of some of them
        }
      ],
      "verified": [                      null without --verify
        {
          "realm": "default",
          "collection": "users",
          "source": {"count": 2000, "sha256": "…"},
          "target": {"count": 2000, "sha256": "…"},
          "differences": 0,
          "first": [{"id": "019c…", "kind": "missing"}],    or "extra", or "other"
          "expired": 0                   past their time and on one side only: no difference
        }
      ]
    }
"""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from userkit.cli.copy_report import copied_document, print_copied, print_verified, verified_document
from userkit.cli.kit import SCHEMA, AsJson
from userkit.cli.output import print_json
from userkit.copying import (
    Bookmark,
    Copied,
    Copying,
    Place,
    Scope,
    Verified,
    collections_of,
    scope_of,
    verify,
)
from userkit.copying.sides import Side
from userkit.features.built_in import built_in
from userkit.plugins.hooks import load_hooks
from userkit.plugins.opening import open_store
from userkit.plugins.urls import StoreURL
from userkit.settings import read_settings
from userkit.storage.collection import Collection
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.sync import run

__all__ = ["between_stores", "copy"]


def copy(
    *,
    source_url: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="URL",
            envvar="USERKIT_COPY_FROM",
            show_default=False,
            help="The store to read. Everybody on this machine can see the arguments of a program: a URL "
            "with a password belongs into the variable.",
        ),
    ],
    target_url: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="URL",
            envvar="USERKIT_COPY_TO",
            show_default=False,
            help="The store to write, which must be empty unless --resume or --replace is given.",
        ),
    ],
    realm: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", show_default=False, help="Only this tenant; may be repeated."),
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", show_default=False, help="Only this collection; may be repeated."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Keep how far the copy is in this file, and go on from there if it exists. What the target "
            "has already is compared, and stays.",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help="Make the target equal to the source: what differs there is replaced, and what the source "
            "does not have is taken out.",
        ),
    ] = False,
    verify_too: Annotated[
        bool, typer.Option("--verify", help="Compare the two when everything is copied.")
    ] = False,
    verify_only: Annotated[
        bool, typer.Option("--verify-only", help="Compare the two, and copy nothing.")
    ] = False,
    batch: Annotated[
        int, typer.Option(min=1, max=LARGEST_PAGE, help="How many to copy at once.")
    ] = LARGEST_PAGE,
    as_json: AsJson = False,
) -> None:
    """Copy users and all that belongs to them from one store to another; exit with 1 when they differ."""
    if verify_only and (replace or resume is not None):
        raise typer.BadParameter(
            "it copies nothing, so it takes no --resume and no --replace", param_hint="--verify-only"
        )
    collections = collections_of(_collections(), collection or ())
    with _opened(source_url) as source, _opened(target_url) as target:
        run(Side("source", source).prepare(collections, create=False))
        run(Side("target", target).prepare(collections, create=not verify_only))
        copied = None
        if not verify_only:
            scope = run(scope_of([Side("source", source)], collections, realm or ()))
            bookmark = Bookmark(resume, between=between_stores(source_url, target_url))
            copied = _copy(source, target, scope, bookmark, batch=batch, replace=replace, quiet=as_json)
        verified = None
        if verify_only or verify_too:
            verified = _verify(source, target, collections, realm or (), quiet=as_json)
    ok = not any(each.conflicts for each in copied or ()) and all(each.ok for each in verified or ())
    if as_json:
        documents = {
            "copied": None if copied is None else list(map(copied_document, copied)),
            "verified": None if verified is None else list(map(verified_document, verified)),
        }
        print_json({"schema": SCHEMA, "ok": ok, **documents})
    else:
        if copied is not None:
            print_copied(copied)
        if verified is not None:
            print_verified(verified)
    if not ok:
        raise typer.Exit(1)


def _collections() -> list[Collection[Any]]:
    hooks = [name for name in map(str.strip, read_settings().hooks.split(",")) if name]
    features = [*built_in(), *load_hooks(hooks).features()]
    return [collection for feature in features for collection in feature.collections]


@contextmanager
def _opened(url: str) -> Generator[Store, None, None]:
    store = open_store(url, blocking=True)
    try:
        yield store
    finally:
        run(store.close())


def between_stores(*urls: str) -> str:
    """Name two stores without a user, a password or an option, so that a resume file can tell them."""
    shown = "\n".join(StoreURL.read(url).shown for url in urls)
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _copy(
    source: Store,
    target: Store,
    scope: Scope,
    bookmark: Bookmark,
    *,
    batch: int,
    replace: bool,
    quiet: bool,
) -> Sequence[Copied]:
    with _progress(quiet) as bar:
        # One place after the other: there may be thousands of tenants.
        task = bar.add_task("", total=None)
        shown: list[Place] = []

        def watch(copied: Copied) -> None:
            if shown != [copied.place]:
                shown[:] = [copied.place]
                bar.reset(task, total=copied.total, description=str(copied.place))
            # What came after the count is read as well.
            total = None if copied.total is None else max(copied.total, copied.seen)
            bar.update(task, completed=copied.seen, total=total)

        copying = Copying(
            source=source,
            target=target,
            scope=scope,
            bookmark=bookmark,
            batch=batch,
            replace=replace,
            watch=watch,
        )
        return run(copying())


def _verify(
    source: Store,
    target: Store,
    collections: Sequence[Collection[Any]],
    realms: Sequence[str],
    *,
    quiet: bool,
) -> Sequence[Verified]:
    sides = Side("source", source), Side("target", target)
    scope = run(scope_of(sides, collections, realms))
    with _progress(quiet) as bar:
        task = bar.add_task("comparing", total=None)
        done: dict[Place, int] = {}

        def watch(verified: Verified) -> None:
            done[verified.place] = verified.source_count
            bar.update(task, completed=sum(done.values()))

        return run(verify(source, target, scope, watch=watch))


def _progress(quiet: bool) -> Progress:
    """Return a bar on standard error, which is seen on a terminal only."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
        console=console,
        disable=quiet or not console.is_terminal,
    )


class _Rate(ProgressColumn):
    """How many are done in a second."""

    def render(self, task: Task) -> Text:
        """Return it in whole numbers."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")
