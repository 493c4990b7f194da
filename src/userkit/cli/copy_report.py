"""What ``userkit copy`` prints."""

from collections.abc import Sequence
from typing import Any

import typer

from userkit.cli.output import plain, print_table
from userkit.copying import Copied, Verified

__all__ = ["copied_document", "print_copied", "print_verified", "verified_document"]

_SHOWN = 20
_KINDS = {
    "missing": "it is missing in the target",
    "extra": "it is in the target only",
    "other": "it is another one in the target",
}


def print_copied(copied: Sequence[Copied]) -> None:
    """Print what was copied, and what could not be."""
    found = [each for each in copied if each.seen or each.levelled or each.conflicts]
    if not found:
        typer.echo("There was nothing to copy.")
        return
    print_table(
        ("Realm", "Collection", "Read", "Loaded", "There", "Levelled", "Conflicts"),
        [(*each.place, *_numbers(each)) for each in found],
    )
    for each in found:
        for id in each.first[:_SHOWN]:
            typer.echo(f"{plain(str(each.place))} {id}: the target has something else, which stays")


def _numbers(copied: Copied) -> Sequence[str]:
    counts = (copied.seen, copied.loaded, copied.there, copied.levelled, copied.conflicts)
    return list(map(str, counts))


def print_verified(verified: Sequence[Verified]) -> None:
    """Print how the two sides compare."""
    found = [each for each in verified if each.source_count or each.target_count or each.expired]
    print_table(
        ("Realm", "Collection", "Source", "Target", "Differences", "Expired", "SHA-256"),
        [
            (
                *each.place,
                *map(str, (each.source_count, each.target_count, each.differences, each.expired)),
                _beginning(each),
            )
            for each in found
        ],
    )
    for each in found:
        for id, kind in each.first:
            typer.echo(f"{plain(str(each.place))} {id}: {_KINDS[kind]}")
    differences = sum(each.differences for each in found)
    typer.echo(f"There are {differences} differences." if differences else "The two are equal.")


def copied_document(copied: Copied) -> dict[str, Any]:
    """Return what became of a place, for programs."""
    return {
        "realm": copied.place.realm,
        "collection": copied.place.collection,
        "total": copied.total,
        "read": copied.seen,
        "loaded": copied.loaded,
        "there": copied.there,
        "levelled": copied.levelled,
        "conflicts": copied.conflicts,
        "first": copied.first[:_SHOWN],
    }


def verified_document(verified: Verified) -> dict[str, Any]:
    """Return how a place compares, for programs."""
    return {
        "realm": verified.place.realm,
        "collection": verified.place.collection,
        "source": {"count": verified.source_count, "sha256": verified.source_digest},
        "target": {"count": verified.target_count, "sha256": verified.target_digest},
        "differences": verified.differences,
        "first": [each._asdict() for each in verified.first],
        "expired": verified.expired,
    }


def _beginning(verified: Verified) -> str:
    """Return enough of the digests to see that they are equal; ``--json`` has them in full."""
    digests = dict.fromkeys((verified.source_digest[:16], verified.target_digest[:16]))
    return " / ".join(digests)
