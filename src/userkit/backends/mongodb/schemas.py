"""What prepare makes and checks: collections with a schema, and their indexes."""

from typing import Any

from userkit.backends.mongodb.forms import EXPIRY, WORDS, Document, Form
from userkit.storage.fields import Field, Kind

__all__ = ["Index", "indexes_of", "schema_of"]

_TYPES = {
    Kind.ID: "binData",
    Kind.TEXT: "string",
    Kind.INT: ["int", "long"],
    Kind.BOOL: "bool",
    Kind.DATETIME: "date",
    Kind.BYTES: "binData",
    Kind.ENUM: "string",
    Kind.TEXT_SET: "array",
    Kind.TEXT_TUPLE: "array",
    Kind.JSON: ["object", "string"],
}

Index = tuple[str, list[tuple[str, int]], dict[str, Any]]
"""A name, keys with directions, and options."""


def indexes_of(form: Form[Any], *, keeps: bool) -> list[Index]:
    """Return the indexes of a collection; with ``keeps`` none deletes what has expired."""
    collection = form.collection
    found: list[Index] = [("listing", [("realm", 1), ("_id", 1)], {})]
    for field in collection.unique:
        present = {field: {"$type": form.texts[field]}}
        options = {"unique": True, "partialFilterExpression": present}
        found.append((f"unique_{field}", [("realm", 1), (field, 1)], options))
    found += [(f"by_{field}", [("realm", 1), (field, 1), ("_id", 1)], {}) for field in collection.index]
    if collection.search is not None:
        found.append(("words", [("realm", 1), (WORDS, 1), ("_id", 1)], {}))
    if collection.expires is not None:
        found.append(("expiry", [("realm", 1), (collection.expires, 1)], {}))
        if not keeps:
            found.append(("gone", [(EXPIRY, 1)], {"expireAfterSeconds": 0}))
    return found


def schema_of(form: Form[Any]) -> Document:
    """Return the JSON schema of a collection: the fields have these types or, where they may, none.

    It requires nothing but what every document has, so that versions with more fields and with
    fewer can write side by side.
    """
    properties: Document = {
        "_id": {"bsonType": "binData"},
        "realm": {"bsonType": "string"},
        "schema": {"bsonType": ["int", "long"]},
        WORDS: {"bsonType": "array", "items": {"bsonType": "string"}},
        EXPIRY: {"bsonType": ["date", "null"]},
    }
    properties |= {field.name: _type(field) for field in form.collection.fields if field.name != "id"}
    properties |= {name: {"bsonType": ["string", "null"]} for name in form.collection.derived}
    return {
        "$jsonSchema": {
            "bsonType": "object",
            "required": ["_id", "realm", "schema", "version"],
            "properties": properties,
        }
    }


def _type(field: Field) -> Document:
    kinds = _TYPES[field.kind]
    every = [kinds] if isinstance(kinds, str) else list(kinds)
    return {"bsonType": [*every, "null"] if field.optional else every}
