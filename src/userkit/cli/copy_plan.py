"""What ``userkit copy --dry-run`` finds out: how much would be copied, and what stands in the way."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from userkit.cli.output import plain, print_table
from userkit.copying import Place, Scope
from userkit.copying.sides import Side
from userkit.errors import SchemaOutdatedError
from userkit.kernel.entity import Entity
from userkit.storage.capabilities import Countable, supports
from userkit.storage.collection import Collection
from userkit.storage.port import LARGEST_PAGE
from userkit.sync import run

__all__ = ["Planned", "is_ready", "plan", "planned_document", "print_planned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would be copied of one place, and what the target has there; None where nobody can tell."""

    place: Place
    source: int
    target: int | None


def is_ready(target: Side, collections: Sequence[Collection[Any]]) -> bool:
    """Tell whether the target has everything that a copy would otherwise make there."""
    try:
        run(target.prepare(collections, create=False))
    except SchemaOutdatedError:
        return False
    return True


def plan(source: Side, target: Side | None, scope: Scope) -> Iterator[Planned]:
    """Count on both sides of each place; ``target`` is None when it is not ready."""
    for place, collection in scope:
        there = None if target is None else _count(target.realm(place.realm), collection.entity)
        yield Planned(place=place, source=_count(source.realm(place.realm), collection.entity), target=there)


def planned_document(planned: Planned) -> dict[str, Any]:
    """Return what would be copied of a place, for programs."""
    return {
        "realm": planned.place.realm,
        "collection": planned.place.collection,
        "source": planned.source,
        "target": planned.target,
    }


def print_planned(planned: Sequence[Planned], *, refused: bool) -> None:
    """Print what would be copied, and whether a copy would begin at all."""
    found = [each for each in planned if each.source or each.target]
    if not found:
        typer.echo("There is nothing to copy.")
        return
    print_table(
        ("Realm", "Collection", "Source", "Target"),
        [(*each.place, str(each.source), "" if each.target is None else str(each.target)) for each in found],
    )
    if planned[0].target is None:
        typer.echo("The target has not all tables yet: the copy would make them.")
    if refused:
        place = plain(str(next(each.place for each in found if each.target)))
        typer.echo(f"The target is not empty, as {place} shows: without --resume or --replace it is refused.")
    typer.echo("This was a dry run: nothing was copied.")


def _count(side: Side, entity: type[Entity]) -> int:
    if supports(side.inner, Countable):
        return run(side.count(entity))
    found, after = 0, None
    while True:
        page = run(side.find(entity, after=after, limit=LARGEST_PAGE))
        found += len(page.items)
        if page.next is None:
            return found
        after = page.next
