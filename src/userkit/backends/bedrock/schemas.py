"""JSON schemas as every family of models takes them: without references."""

from collections.abc import Mapping
from typing import Any

from userkit.errors import UsageError

__all__ = ["without_references"]

_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
# What stands in these are values, and may look like anything.
_VALUES = frozenset({"const", "default", "enum", "examples"})


def without_references(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return a JSON schema of pydantic with each definition put where it is referred to.

    Raises UsageError when the schema contains itself.
    """
    definitions = schema.get("$defs", {})
    plain = {key: value for key, value in schema.items() if key != "$defs"}
    resolved: dict[str, Any] = _resolved(plain, definitions, ())
    return resolved


def _resolved(node: Any, definitions: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_resolved(each, definitions, path) for each in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    rest = {
        key: _member(key, value, definitions, path)
        for key, value in node.items()
        # A discriminator refers to definitions, and says nothing that the variants do not say.
        if key not in {"$ref", "discriminator"}
    }
    return {**_definition(reference, definitions, path), **rest} if isinstance(reference, str) else rest


def _member(key: str, value: Any, definitions: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    if key in _VALUES:
        return value
    if key in _NAMED and isinstance(value, dict):
        return {name: _resolved(each, definitions, path) for name, each in value.items()}
    return _resolved(value, definitions, path)


def _definition(reference: str, definitions: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    name = reference.removeprefix("#/$defs/")
    if name in path:
        raise UsageError(f"A language model is asked for an object that may contain itself: {name}.")
    if name not in definitions:
        raise UsageError(f"The schema of an object to answer with refers to what it does not define: {name}.")
    found: dict[str, Any] = _resolved(definitions[name], definitions, (*path, name))
    return found
