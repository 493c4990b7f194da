"""Loading: many documents in transactions that an engine with a small cache can take."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import bson
from pymongo.errors import BulkWriteError

from userkit.backends.mongodb.calling import done
from userkit.backends.mongodb.connection import CODEC, Connection
from userkit.backends.mongodb.errors import duplicate
from userkit.backends.mongodb.forms import Document
from userkit.backends.mongodb.writing import Pair

__all__ = ["LARGEST_BATCH", "load"]

LARGEST_BATCH = 1000

# A transaction stays in the engine's cache as a whole, which is 256 MiB on the smallest machines.
_LARGEST_TRANSACTION = 16 * 1024 * 1024


async def load(connection: Connection, realm: str, pairs: Sequence[Pair]) -> None:
    """Add what these writes add, in one transaction, or in several of at most 16 MiB.

    Raises DuplicateError when a value is taken; transactions before that one stay.
    """
    documents = ((form.name, form.added(write, realm)) for form, write in pairs)
    async with connection.turn():
        for part in _parted(documents):
            await _insert(connection, part)


def _parted(documents: Iterable[tuple[str, Document]]) -> Iterator[dict[str, list[Document]]]:
    part: dict[str, list[Document]] = {}
    size = 0
    for name, document in documents:
        weight = len(bson.encode(document, codec_options=CODEC))
        if part and size + weight > _LARGEST_TRANSACTION:
            yield part
            part, size = {}, 0
        part.setdefault(name, []).append(document)
        size += weight
    if part:
        yield part


async def _insert(connection: Connection, part: dict[str, list[Document]]) -> None:
    async def insert(session: Any) -> None:
        for name, documents in part.items():
            await done(connection.collection(name).insert_many(documents, session=session))

    try:
        await connection.calls.transaction(connection.client, insert)
    except BulkWriteError as error:
        taken = duplicate(error)
        if taken is None:
            raise
        raise taken from error
