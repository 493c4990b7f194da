"""``userkit copy``: everything of one store into another, and whether the two are equal.

``--json`` prints one object for programs. Its keys stay; new ones may come::

    {
      "schema": 1,
      "ok": true,                        false after a conflict or a difference
      "dry_run": false,
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

With ``--dry-run`` there is ``planned`` instead of ``copied``: a list of ``{"realm": "default",
"collection": "users", "source": 2000, "target": 0}``. ``target`` is null where the tables are yet to be
made; ``verified`` is null unless ``--resume`` or ``--replace`` is given.
"""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from userkit.cli import completion
from userkit.cli.copy_plan import is_ready, plan, planned_document, print_planned
from userkit.cli.copy_report import copied_document, print_copied, print_verified, verified_document
from userkit.cli.copy_run import run_copy, run_verify
from userkit.cli.existing import existing
from userkit.cli.kit import SCHEMA, AsJson, DryRun
from userkit.cli.output import print_json
from userkit.copying import (
    Bookmark,
    collections_of,
    scope_of,
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
            autocompletion=completion.stores,
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
            autocompletion=completion.stores,
            help="The store to write, which must be empty unless --resume or --replace is given.",
        ),
    ],
    realm: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", show_default=False, help="Only this tenant; may be repeated."),
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            show_default=False,
            autocompletion=completion.collections,
            help="Only this collection; may be repeated.",
        ),
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
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Copy users and all that belongs to them from one store to another; exit with 1 when they differ."""
    if verify_only and (replace or resume is not None):
        raise typer.BadParameter(
            "it copies nothing, so it takes no --resume and no --replace", param_hint="--verify-only"
        )
    if dry_run and (verify_only or verify_too):
        raise typer.BadParameter("it copies nothing, so there is nothing to verify", param_hint="--dry-run")
    collections = collections_of(_collections(), collection or ())
    with _opened(existing(source_url)) as source, _opened(target_url) as target:
        if dry_run:
            is_allowed = replace or resume is not None
            _plan(source, target, collections, realm or (), is_allowed=is_allowed, as_json=as_json)
            return
        run(Side("source", source).prepare(collections, create=False))
        run(Side("target", target).prepare(collections, create=not verify_only))
        copied = None
        if not verify_only:
            scope = run(scope_of([Side("source", source)], collections, realm or ()))
            bookmark = Bookmark(resume, between=between_stores(source_url, target_url))
            copied = run_copy(source, target, scope, bookmark, batch=batch, replace=replace, quiet=as_json)
        verified = None
        if verify_only or verify_too:
            verified = run_verify(source, target, collections, realm or (), quiet=as_json)
    ok = not any(each.conflicts for each in copied or ()) and all(each.ok for each in verified or ())
    if as_json:
        documents = {
            "copied": None if copied is None else list(map(copied_document, copied)),
            "verified": None if verified is None else list(map(verified_document, verified)),
        }
        print_json({"schema": SCHEMA, "ok": ok, "dry_run": False, **documents})
    else:
        if copied is not None:
            print_copied(copied)
        if verified is not None:
            print_verified(verified)
    if not ok:
        raise typer.Exit(1)


def _plan(
    source: Store,
    target: Store,
    collections: Sequence[Collection[Any]],
    realms: Sequence[str],
    *,
    is_allowed: bool,
    as_json: bool,
) -> None:
    """Say what would be copied, and, where a target may hold something, what differs."""
    sides = Side("source", source), Side("target", target)
    run(sides[0].prepare(collections, create=False))
    ready = is_ready(sides[1], collections)
    scope = run(scope_of(sides[:1], collections, realms))
    planned = list(plan(sides[0], sides[1] if ready else None, scope))
    refused = not is_allowed and any(each.target for each in planned)
    verified = (
        run_verify(source, target, collections, realms, quiet=as_json) if ready and is_allowed else None
    )
    if as_json:
        documents = {
            "planned": list(map(planned_document, planned)),
            "verified": None if verified is None else list(map(verified_document, verified)),
        }
        print_json({"schema": SCHEMA, "ok": not refused, "dry_run": True, **documents})
    else:
        if verified is not None:
            print_verified(verified)
        print_planned(planned, refused=refused)
    if refused:
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
