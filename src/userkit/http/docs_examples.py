"""Examples of how routes are asked, made from their OpenAPI document."""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

__all__ = ["curl", "resolved"]

Json = Mapping[str, Any]

_SAID = {
    "email": "ada@example.com",
    "username": "ada@example.com",
    "name": "Ada Lovelace",
    "password": "a long passphrase of yours",
    "current_password": "a long passphrase of yours",
    "new_password": "another passphrase of yours",
    "token": "the token in the mail",
    "refresh_token": "the refresh token of the sign-in",
}
_SIMPLE: Mapping[str, Any] = {"integer": 1, "number": 1, "boolean": True}
_PLACE = re.compile(r"\{(\w+)\}")


def curl(method: str, path: str, operation: Json, schemas: Json) -> str:
    """Return a command that asks for an operation, with no more than it needs."""
    filled = _PLACE.sub(lambda place: f"${place[1].upper()}", path)
    lines = [f'curl -X {method} "$HOST{filled}"']
    if operation.get("security"):
        lines.append('-H "Authorization: Bearer $TOKEN"')
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        example = _example("", content["schema"], schemas)
        if media_type == "application/json":
            lines += ['-H "Content-Type: application/json"', f"-d {shlex.quote(json.dumps(example))}"]
        else:
            lines += [f"--data-urlencode {shlex.quote(f'{name}={value}')}" for name, value in example.items()]
    return " \\\n  ".join(lines)


def resolved(schema: Json, schemas: Json) -> Json:
    """Return a schema, or that which it only names."""
    return schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _example(name: str, schema: Json, schemas: Json) -> Any:
    """Return a value that a schema takes, with no more than it needs."""
    schema = resolved(schema, schemas)
    given = [
        *schema.get("examples", ()),
        *([schema["const"]] if "const" in schema else schema.get("enum", ())),
    ]
    if given:
        return given[0]
    if "anyOf" in schema:
        return _example(name, schema["anyOf"][0], schemas)
    if schema.get("type") == "object":
        fields: Json = schema.get("properties", {})
        wanted = schema.get("required") or fields
        return {field: _example(field, fields[field], schemas) for field in wanted}
    if schema.get("type") == "array":
        return [_example(name, schema["items"], schemas)]
    return _SAID.get(name, _SIMPLE.get(schema.get("type", ""), name or "text"))
