"""What can be asked over HTTP, read from the OpenAPI document: a new route is covered by itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx

from tests.integrations.worlds import EMAIL, PASSWORD, SECRET, World
from userkit import SyncUserKit, User
from userkit.features.built_in import built_in
from userkit.features.throttling import RATE_LIMITS
from userkit.http.openapi import document
from userkit.surface import Surface
from userkit.sync import run

__all__ = [
    "ADDRESSED",
    "NEW_PASSWORD",
    "OPERATIONS",
    "TEXT_FIELDS",
    "UNKNOWN_ID",
    "WITH_BODY",
    "WRONG",
    "Operation",
    "TextField",
    "alike",
    "ask",
    "cookie_of",
    "dump",
    "link",
    "looks",
    "named",
    "operation",
    "pair_of",
    "problem",
]

UNKNOWN_ID = "019c9f2f-3d7b-7000-8000-000000000000"
NEW_PASSWORD = "quiet lanterns drift upstream"
WRONG = "not the password at all"
FORM = "application/x-www-form-urlencoded"

_LINK = re.compile(r"ukl_[A-Za-z0-9_-]+")

# What stands for a field of this name; every other text is just some text.
_VALUES: Mapping[str, Any] = {
    "email": "somebody@example.com",
    "username": EMAIL,
    "password": PASSWORD,
    "current_password": PASSWORD,
    "new_password": NEW_PASSWORD,
    "grant_type": "password",
    "expires_at": "2026-01-02T00:00:00Z",
    "roles": [],
    "scopes": [],
}


@dataclass(frozen=True)
class Operation:
    """One operation of the document. ``fields``: the schemas of what its body may hold, by name."""

    id: str
    method: str
    path: str
    public: bool
    media_type: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict, hash=False)
    required: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.id

    @property
    def is_addressed(self) -> bool:
        """Tell whether there is an id in its path."""
        return "{id}" in self.path

    def at(self, id: str = UNKNOWN_ID) -> str:
        """Return its path with an id in it."""
        return self.path.replace("{id}", id)

    def body(self, **changes: Any) -> dict[str, Any]:
        """Return a body that the schema takes, with changes."""
        return {name: _value(name, self.fields[name]) for name in self.required} | changes

    def encoded(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return what sends a body as this operation wants it."""
        if self.media_type is None:
            return {}
        if self.media_type == FORM:
            return {"content": urlencode(body).encode(), "headers": {"content-type": FORM}}
        return {"json": body}


@dataclass(frozen=True)
class TextField:
    """A text in the body of an operation; ``inside`` is the list or mapping that it is in."""

    operation: Operation
    name: str
    inside: str | None = None

    def __str__(self) -> str:
        return f"{self.operation}.{self.name}" + (f" {self.inside}" if self.inside else "")

    def body(self, value: Any) -> dict[str, Any]:
        """Return a body with this value in the place of the text."""
        held: dict[str | None, Any] = {None: value, "list": [value], "mapping": {"otp": value}}
        return self.operation.body(**{self.name: held[self.inside]})


def _value(name: str, schema: Mapping[str, Any]) -> Any:
    by_type = {"array": [], "object": {}, "integer": 1, "boolean": True}
    return _VALUES.get(name, by_type.get(schema.get("type", "string"), "some text"))


def _document() -> dict[str, Any]:
    kit = SyncUserKit("memory://", secret=SECRET)
    return document(Surface.of(kit).routes, prefix="", title="", version="")


def _operations() -> Iterator[Operation]:
    told = _document()
    schemas = told["components"]["schemas"]
    for path, item in told["paths"].items():
        for method, each in item.items():
            content = each.get("requestBody", {}).get("content", {})
            media_type = next(iter(content), None)
            schema = content.get(media_type, {}).get("schema", {})
            if "$ref" in schema:
                schema = schemas[schema["$ref"].rpartition("/")[2]]
            yield Operation(
                id=each["operationId"],
                method=method.upper(),
                path=path,
                public="security" not in each,
                media_type=media_type,
                fields=schema.get("properties", {}),
                required=tuple(schema.get("required", ())),
                queries=tuple(each["name"] for each in each["parameters"] if each["in"] == "query"),
            )


def _text_fields(operation: Operation) -> Iterator[TextField]:
    for name, schema in operation.fields.items():
        kinds = {"string": None, "array": "list", "object": "mapping"}
        if schema.get("type", "string") in kinds:
            yield TextField(operation, name, kinds[schema.get("type", "string")])


OPERATIONS = tuple(sorted(_operations(), key=str))
WITH_BODY = tuple(each for each in OPERATIONS if each.media_type)
ADDRESSED = tuple(each for each in OPERATIONS if each.is_addressed)
TEXT_FIELDS = tuple(found for each in WITH_BODY for found in _text_fields(each))


def operation(id: str) -> Operation:
    """Return one by its id."""
    return next(each for each in OPERATIONS if each.id == id)


def ask(
    world: World,
    asked: Operation,
    *,
    id: str = UNKNOWN_ID,
    body: Mapping[str, Any] | None = None,
    query: str = "",
    **sent: Any,
) -> httpx.Response:
    """Ask for an operation, with a body that its schema takes unless another is given."""
    encoded = {} if "content" in sent else asked.encoded(asked.body() if body is None else body)
    headers = encoded.pop("headers", {}) | dict(sent.pop("headers", {}))
    target = asked.at(id) + (f"?{query}" if query else "")
    return world.ask(asked.method, target, headers=headers, **encoded, **sent)


def dump(world: World) -> list[str]:
    """Return every field of every record of a realm, but how often something was tried."""
    store = world.kit._store.realm(world.realm)
    return [
        f"{collection.name} {[getattr(entity, each.name) for each in collection.fields]}"
        for feature in built_in()
        for collection in feature.collections
        if collection is not RATE_LIMITS
        for entity in run(store.find(collection.entity, limit=1000)).items
    ]


def link(world: World, template: str) -> str:
    """Return the token in the last letter of a kind."""
    texts = [letter.text for letter in world.letters() if letter.template == template]
    found = _LINK.search(texts[-1])
    assert found is not None, texts[-1]
    return found[0]


def pair_of(world: World, email: str = EMAIL, password: str = PASSWORD) -> dict[str, Any]:
    """Sign in, and return the tokens."""
    answer = world.ask("POST", "/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    pair: dict[str, Any] = answer.json()
    return pair


def cookie_of(world: World, email: str = EMAIL, password: str = PASSWORD) -> dict[str, str]:
    """Sign in as a browser, and return its cookies."""
    body = {"email": email, "password": password}
    answer = world.ask("POST", "/auth/login?transport=cookie", json=body)
    assert answer.status_code == 204, answer.text
    pairs = (each.partition(";")[0].partition("=") for each in answer.headers.get_list("set-cookie"))
    return {name: value for name, _, value in pairs}


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Return the status and the code of a problem, whose form is checked."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    told = answer.json()
    assert {"type", "title", "status", "detail", "code"} <= set(told), told
    assert told["status"] == answer.status_code
    return answer.status_code, str(told["code"])


def looks(answer: httpx.Response) -> tuple[Any, ...]:
    """Return all that can be seen of an answer but the time it was made."""
    ours = sorted((name, value) for name, value in answer.headers.multi_items() if name != "date")
    return answer.status_code, ours, answer.content


def alike(one: httpx.Response, other: httpx.Response) -> bool:
    """Tell whether two answers look alike."""
    return looks(one) == looks(other)


def named(world: World, name: str, *roles: str) -> User:
    """Register somebody by a name."""
    return world.ada(*roles, email=f"{name}@example.com")
