"""Collections and indexes: made where they are missing, checked where they are there."""

from typing import Any

from pymongo.errors import OperationFailure

from userkit.backends.mongodb.calling import done
from userkit.backends.mongodb.connection import Connection
from userkit.backends.mongodb.forms import Form
from userkit.backends.mongodb.schemas import Index, indexes_of, schema_of
from userkit.errors import SchemaOutdatedError

__all__ = ["prepare"]

_EXISTS = 48
_TWICE = 11000
_OTHER_OPTIONS = (85, 86)


async def prepare(connection: Connection, forms: list[Form[Any]], *, create: bool, keeps: bool) -> None:
    """Check that these collections and their indexes are there, and with ``create`` make what is missing.

    Raises SchemaOutdatedError for what is missing, or of another kind.
    """
    there = await _there(connection)
    for form in forms:
        if create:
            await _make(connection, form, there.get(form.name), keeps=keeps)
        else:
            await _check(connection, form, form.name in there, keeps=keeps)


async def _there(connection: Connection) -> dict[str, Any]:
    """Return the options of our collections by their names."""
    wanted = {"name": {"$regex": "^userkit_"}}
    cursor = await done(connection.database.list_collections(filter=wanted))
    return {each["name"]: each.get("options", {}) for each in await done(cursor.to_list())}


async def _make(
    connection: Connection, form: Form[Any], options: dict[str, Any] | None, *, keeps: bool
) -> None:
    if options is None:
        options = await _create(connection, form)
    validator = _with_others(schema_of(form), options.get("validator", {}))
    if options.get("validator") != validator:
        await done(connection.database.command("collMod", form.name, validator=validator))
    collection = connection.collection(form.name)
    known = await done(collection.index_information())
    for index in indexes_of(form, keeps=keeps):
        if index[0] not in known:
            await _index(collection, form, index)
        elif not _fits(known[index[0]], index):
            raise _other(form, index[0])


def _fits(found: dict[str, Any], index: Index) -> bool:
    _, keys, particulars = index
    return list(found["key"]) == keys and bool(found.get("unique")) is bool(particulars.get("unique"))


def _other(form: Form[Any], name: str) -> SchemaOutdatedError:
    return SchemaOutdatedError(
        f"The MongoDB collection {form.name} has another index in the place of {name}: drop that one."
    )


async def _create(connection: Connection, form: Form[Any]) -> dict[str, Any]:
    validator = schema_of(form)
    try:
        # Not through create_collection, which looks first whether it is there, and so asks twice.
        await done(connection.database.command("create", form.name, validator=validator))
    except OperationFailure as error:
        if error.code != _EXISTS:
            raise
        # Another process was faster; its validator may be of another version.
        return (await _there(connection))[form.name]  # type: ignore[no-any-return]
    return {"validator": validator}


def _with_others(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Return our validator with the fields that only another version knows."""
    schema = ours["$jsonSchema"]
    others = theirs.get("$jsonSchema", {}).get("properties", {})
    return {"$jsonSchema": {**schema, "properties": {**others, **schema["properties"]}}}


async def _index(collection: Any, form: Form[Any], index: Index) -> None:
    name, keys, particulars = index
    try:
        await done(collection.create_index(keys, name=name, **particulars))
    except OperationFailure as error:
        if error.code in _OTHER_OPTIONS:
            raise _other(form, name) from error
        if error.code == _TWICE:
            raise SchemaOutdatedError(
                f"The MongoDB collection {form.name} holds a value twice that is to be unique, so that the "
                f"index {name} cannot be made: change one of them."
            ) from error
        raise


async def _check(connection: Connection, form: Form[Any], there: bool, *, keeps: bool) -> None:
    known: dict[str, Any] = {}
    if there:
        known = await done(connection.collection(form.name).index_information())
    wanted = indexes_of(form, keeps=keeps)
    lacking = [each[0] for each in wanted if each[0] not in known or not _fits(known[each[0]], each)]
    if not there or lacking:
        what = f"the indexes {', '.join(lacking)} of {form.name}" if there else form.name
        raise SchemaOutdatedError(
            f"{connection.where} lacks {what}; enter a kit with prepare=True once, as a user that may create."
        )
