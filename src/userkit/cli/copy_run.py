"""Copying and comparing, each with a bar."""

from collections.abc import Sequence
from typing import Any

from userkit.cli.progress import progress
from userkit.copying import Bookmark, Copied, Copying, Place, Scope, Verified, scope_of, verify
from userkit.copying.sides import Side
from userkit.storage.capabilities import Countable, supports
from userkit.storage.collection import Collection
from userkit.storage.port import Store
from userkit.sync import run

__all__ = ["run_copy", "run_verify"]


def run_copy(
    source: Store,
    target: Store,
    scope: Scope,
    bookmark: Bookmark,
    *,
    batch: int,
    replace: bool,
    quiet: bool,
) -> Sequence[Copied]:
    """Copy, and return what has become of each place."""
    with progress(quiet=quiet) as bar:
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


def run_verify(
    source: Store,
    target: Store,
    collections: Sequence[Collection[Any]],
    realms: Sequence[str],
    *,
    quiet: bool,
) -> Sequence[Verified]:
    """Compare what either side has, and return what was found in each place."""
    sides = Side("source", source), Side("target", target)
    scope = run(scope_of(sides, collections, realms))
    with progress(quiet=quiet) as bar:
        task = bar.add_task("comparing", total=None if bar.disable else _total(sides[0], scope))
        done: dict[Place, int] = {}

        def watch(verified: Verified) -> None:
            done[verified.place] = verified.source_count
            bar.update(task, completed=sum(done.values()))

        return run(verify(source, target, scope, watch=watch))


def _total(source: Side, scope: Scope) -> int | None:
    if not supports(source.inner, Countable):
        return None
    return sum(run(source.realm(place.realm).count(collection.entity)) for place, collection in scope)
