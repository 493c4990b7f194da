"""The page of the documentation: complete, harmless, and readable without JavaScript."""

import base64
import hashlib
import json
import re
import shlex
from html.parser import HTMLParser
from typing import Any

import pytest

from userkit import SyncUserKit
from userkit.http.docs_examples import curl
from userkit.http.docs_page import documentation, page
from userkit.http.messages import Request, Response
from userkit.http.openapi import document
from userkit.http.problems import PROBLEM_JSON
from userkit.sync import run
from userkit.testing import InstantHasher

KIT = SyncUserKit("memory://", secret="p9Xc2Lw5Qy1Tr8Nv3KzGa0Sj6Hf4Dm7B", hasher=InstantHasher())
ROUTES = KIT.routes()
TOLD = document(ROUTES, prefix="/api/v1", title="Shop", version="1")
EVIL = "<script>alert('x')</script>"
BAD_LINK = "[x](javascript:alert(1))"


class Reading(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def values(self, name: str) -> list[str]:
        """Return the values of an attribute."""
        return [value or "" for key, value in self.attributes if key == name]


def answer(path: str, method: str = "GET") -> Response:
    """Ask for one of the two documents."""
    answers = documentation(ROUTES, prefix="/api/v1", title="Shop")
    return run(answering(answers[path], Request(method=method, path=path)))


async def answering(asked: Any, request: Request) -> Response:
    """Wait for an answer."""
    response: Response = await asked(request)
    return response


def small(**operation: Any) -> dict[str, Any]:
    """Return a document of one operation."""
    whole = {"tags": ["t"], "summary": "S", "operationId": "o", "responses": {}, **operation}
    return {"info": {"title": "T"}, "paths": {"/p/{id}": {"post": whole}}}


def test_every_operation_is_there_and_can_be_reached() -> None:
    """Summaries, places to jump to, bodies, codes of errors and a command for each."""
    html = page(TOLD)
    read = Reading(html)
    assert not read.open
    text = " ".join(read.texts)
    for route in ROUTES:
        assert route.name in read.values("id")
        assert f"#{route.name}" in read.values("href")
        assert f'curl -X {route.method} "$HOST/api/v1{re.sub(r"{(.*?)}", "$ID", route.path)}"' in text
    for schema in TOLD["components"]["schemas"]:
        assert f"schema-{schema}" in read.values("id")
    for path_item in TOLD["paths"].values():
        for operation in path_item.values():
            assert set(operation["responses"]) <= set(read.texts)


def test_no_link_leads_nowhere() -> None:
    """What is jumped to is there once, and the rest are the error reference and the document."""
    read = Reading(page(TOLD))
    ids = read.values("id")
    assert len(ids) == len(set(ids))
    for link in read.values("href"):
        assert link[1:] in ids if link.startswith("#") else link.startswith(("https://", "openapi.json"))


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    """No scripts, no handlers, no images, no forms, nothing from elsewhere."""
    read = Reading(page(TOLD))
    assert not {"script", "link", "img", "iframe", "form", "object"} & set(read.tags)
    assert {name for name, _ in read.attributes} <= {
        "lang", "charset", "name", "content", "href", "id", "class", "scope", "aria-label",
    }  # fmt: skip


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    """The browser checks the hash of the style, so that no other can be smuggled in."""
    found = answer("/api/v1/docs")
    policy = found.header("content-security-policy")
    assert policy is not None
    style = re.search("<style>(.*?)</style>", found.body.decode(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
    assert found.header("x-content-type-options") == "nosniff"
    assert found.header("content-type") == "text/html; charset=utf-8"


def test_what_features_write_is_text() -> None:
    """Whatever stands in a document, it is shown and not obeyed."""
    told = {
        "info": {"title": EVIL},
        "paths": {
            f"/{EVIL}": {
                "post": {
                    "tags": [EVIL],
                    "summary": EVIL,
                    "description": f"`{EVIL}` [{EVIL}](https://a.example/?'\"><script>) {BAD_LINK}",
                    "operationId": f'"{EVIL}',
                    "parameters": [
                        {"name": EVIL, "in": EVIL, "required": True, "schema": {"type": EVIL, "format": EVIL}}
                    ],
                    "requestBody": {
                        "content": {
                            EVIL: {"schema": {"properties": {EVIL: {"const": EVIL}}, "type": "object"}}
                        }
                    },
                    "responses": {EVIL: {"description": EVIL}},
                    "security": [{EVIL: []}],
                }
            }
        },
        "components": {"schemas": {EVIL: {"description": EVIL, "properties": {EVIL: {"enum": [EVIL]}}}}},
    }
    read = Reading(page(told))
    assert not read.open
    assert "script" not in read.tags
    assert not [
        link for link in read.values("href") if not link.startswith(("https://", "#", "openapi.json"))
    ]


def test_texts_may_have_links_and_code() -> None:
    """As the descriptions of the routes have them."""
    html = page(small(description="Send `If-Match`, see [`stale`](https://x.example/#stale)."))
    assert (
        'Send <code>If-Match</code>, see <a href="https://x.example/#stale"><code>stale</code></a>.' in html
    )


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string", "minLength": 2, "maxLength": 9}, "string, at least 2 long, at most 9 long"),
        ({"type": "string", "format": "date-time"}, "string, date-time"),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "integer, at least 1, at most 5"),
        ({"type": "array", "items": {"type": "string"}, "maxItems": 3}, "list of string, at most 3"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"oneOf": [{"type": "string"}, {"type": "boolean"}]}, "string or boolean"),
        ({"const": "bearer"}, "<code>&quot;bearer&quot;</code>"),
        ({"enum": ["a", 1]}, "<code>&quot;a&quot;</code> or <code>1</code>"),
        ({"$ref": "#/components/schemas/User"}, '<a href="#schema-User">User</a>'),
        ({}, "any"),
    ],
    ids=lambda given: json.dumps(given)[:30],
)
def test_types_are_told_in_words(schema: dict[str, Any], shown: str) -> None:
    """With what limits them."""
    content = {"application/json": {"schema": schema}}
    assert f"<td>{shown}</td>" in page(small(responses={"200": {"description": "", "content": content}}))


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ({"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {}}}, {"a": 1}),
        ({"type": "object", "properties": {"email": {"type": "string"}}}, {"email": "ada@example.com"}),
        ({"type": "object"}, {}),
        ({"type": "array", "items": {"type": "boolean"}}, [True]),
        ({"type": "string", "examples": ["it's", "that"]}, "it's"),
        ({"const": "password"}, "password"),
        ({"enum": ["one", "two"]}, "one"),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, 1),
        ({"type": "string"}, "text"),
        ({"$ref": "#/components/schemas/Known"}, "known"),
    ],
    ids=lambda given: json.dumps(given)[:30],
)
def test_examples_have_what_is_required(schema: dict[str, Any], example: Any) -> None:
    """A shell takes the command apart into the body again."""
    operation = {"requestBody": {"content": {"application/json": {"schema": schema}}}}
    command = shlex.split(curl("POST", "/x", operation, {"Known": {"const": "known"}}).replace("\\\n", ""))
    assert json.loads(command[command.index("-d") + 1]) == example


def test_examples_of_forms_and_of_what_is_guarded() -> None:
    """Forms are sent field by field, and a token is shown where one is wanted."""
    schema = {"type": "object", "properties": {"username": {"type": "string"}}}
    operation = {
        "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": schema}}},
        "security": [{"bearer": []}],
    }
    command = curl("POST", "/users/{id}/{other}", operation, {})
    assert command.splitlines() == [
        'curl -X POST "$HOST/users/$ID/$OTHER" \\',
        '  -H "Authorization: Bearer $TOKEN" \\',
        "  --data-urlencode username=ada@example.com",
    ]


def test_both_documents_are_read_only() -> None:
    """HEAD tells the length, OPTIONS the methods, and nothing else is allowed."""
    for path in ("/api/v1/docs", "/api/v1/openapi.json"):
        got, head = answer(path), answer(path, "HEAD")
        assert (got.status, head.status, head.body) == (200, 200, b"")
        assert head.header("content-length") == str(len(got.body))
        assert answer(path, "OPTIONS").header("allow") == "GET, HEAD, OPTIONS"
        refused = answer(path, "POST")
        assert (refused.status, refused.header("content-type")) == (405, PROBLEM_JSON)
        assert refused.header("allow") == "GET, HEAD, OPTIONS"


def test_programs_get_the_same_document() -> None:
    """As JSON, where the page says it is."""
    found = answer("/api/v1/openapi.json")
    assert found.header("content-type") == "application/json"
    assert json.loads(found.body) == json.loads(json.dumps(TOLD))
