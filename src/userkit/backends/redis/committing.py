"""Commits: one script for each, which happens once however often it is sent."""

import json
from collections.abc import Iterable, Iterator, Sequence
from secrets import token_hex

from userkit.backends.redis.connecting import Link
from userkit.backends.redis.errors import DRIVER_ERRORS, is_unknown
from userkit.backends.redis.scripts import COMMIT
from userkit.errors import DuplicateError, StaleError

__all__ = ["batches", "carry_out"]

Change = dict[str, str]

_LARGEST_BATCH = 1000
# A server answers nobody else while it does one.
_HEAVIEST_BATCH = 2 * 1024 * 1024
# More than a commit usually adds, so that what has expired does not pile up, and a commit stays short.
_SWEPT = 4
# For how many milliseconds a commit is known by its name: longer than one may take that is sent twice.
_REMEMBERED = 120_000


async def carry_out(link: Link, tag: str, changes: Sequence[Change], *, keep: int) -> None:
    """Make all of these changes in a realm, or none. Raises DuplicateError and StaleError.

    ``keep``: for how many milliseconds to keep what has expired, or -1. Raises redis-py's errors.
    """
    words = (json.dumps(changes), keep, _SWEPT, token_hex(16), _REMEMBERED)
    try:
        answer = await link.run(COMMIT, tag, *words)
    except DRIVER_ERRORS as error:
        if not is_unknown(error):
            raise
        # It may have happened: the script knows it by its name then, and does nothing.
        answer = await link.run(COMMIT, tag, *words)
    said, *about = (each.decode() if isinstance(each, bytes) else each for each in answer)
    if said == "duplicate":
        raise DuplicateError(about[0])
    if said == "stale":
        raise StaleError


def batches(changes: Iterable[Change], size: int) -> Iterator[Sequence[Change]]:
    """Return changes in batches of a size, or smaller ones where there are many or large ones."""
    batch: list[Change] = []
    weight = 0
    for change in changes:
        more = sum(map(len, change.values()))
        if batch and (len(batch) >= min(size, _LARGEST_BATCH) or weight + more > _HEAVIEST_BATCH):
            yield batch
            batch, weight = [], 0
        batch.append(change)
        weight += more
    if batch:
        yield batch
