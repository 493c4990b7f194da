"""Writing: one change as one operation, several as a transaction, and what became of them."""

from collections.abc import Sequence
from typing import Any

from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from userkit.backends.mongodb.calling import done
from userkit.backends.mongodb.connection import Connection
from userkit.backends.mongodb.errors import duplicate, is_unknown
from userkit.backends.mongodb.forms import Form
from userkit.errors import DuplicateError, StaleError
from userkit.kernel.entity import Entity
from userkit.storage.catalogue import Verb, Write
from userkit.storage.outcome import has_happened

__all__ = ["Pair", "carry_out"]

Pair = tuple[Form[Any], Write]
"""A write, and the form of its collection."""


async def carry_out(connection: Connection, realm: str, pairs: Sequence[Pair]) -> None:
    """Commit these writes, so that they happen once or not at all.

    When an answer is lost, what is stored decides: a commit that happened is recognised, and one
    that did not is tried once more. Raises DuplicateError and StaleError, and PyMongo's errors.
    """
    try:
        return await _apply(connection, realm, pairs)
    except PyMongoError as error:
        if not is_unknown(error):
            raise
        if await _has_happened(connection, pairs, error):
            return None
    try:
        return await _apply(connection, realm, pairs)
    except (DuplicateError, StaleError) as refusal:
        # The first attempt may have come through after the look.
        if not await _has_happened(connection, pairs, refusal):
            raise
    return None


async def _apply(connection: Connection, realm: str, pairs: Sequence[Pair]) -> None:
    if len(pairs) == 1:
        await _one(connection, realm, *pairs[0], session=None)
        return

    async def all_of_them(session: Any) -> None:
        for form, write in pairs:
            await _one(connection, realm, form, write, session=session)

    await connection.calls.transaction(connection.client, all_of_them)


async def _one(connection: Connection, realm: str, form: Form[Any], write: Write, *, session: Any) -> None:
    collection = connection.collection(form.name)
    try:
        if write.verb is Verb.ADD:
            await done(collection.insert_one(form.added(write, realm), session=session))
            return
        which = form.revision(write, realm)
        if write.verb is Verb.SAVE:
            changes = {"$set": form.changed(write)}
            done_to = (await done(collection.update_one(which, changes, session=session))).matched_count
        else:
            done_to = (await done(collection.delete_one(which, session=session))).deleted_count
    except PyMongoError as error:
        taken = duplicate(error)
        if taken is None:
            raise
        raise taken from error
    if not done_to:
        raise StaleError


async def _has_happened(connection: Connection, pairs: Sequence[Pair], cause: Exception) -> bool:
    try:
        stored = [await _stored(connection, form, write) for form, write in pairs]
    except PyMongoError:
        # What went wrong first is what to tell.
        raise cause from None
    return has_happened(stored, [write for _, write in pairs])


async def _stored(connection: Connection, form: Form[Any], write: Write) -> Entity | None:
    # Whichever realm it is in: the id is what is unique. A primary that was just elected may hold a
    # write that its majority reads do not show yet; a linearizable one waits for it.
    collection = connection.collection(form.name).with_options(read_concern=ReadConcern("linearizable"))
    document = await done(collection.find_one({"_id": form.id_of(write.id)}))
    return None if document is None else form.entity(document)
