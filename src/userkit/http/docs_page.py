"""The documentation of routes for people: one page of HTML that needs nothing else, and no JavaScript."""

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

from userkit.http.docs_examples import curl, resolved
from userkit.http.messages import Headers, Request, Response
from userkit.http.openapi import document
from userkit.http.problems import MethodNotAllowedError, to_response
from userkit.http.route import AnyRoute

__all__ = ["documentation", "page"]

Json = Mapping[str, Any]

_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8881; --link: light-dark(#0b57a4, #8cc2ff); }
body { margin: 0 auto; padding: 1rem; max-width: 60rem; font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--link); }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 code { font-size: 1.05em; overflow-wrap: anywhere; }
article { margin: 2rem 0; }
nav ul { padding-left: 1.2rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { padding: .8rem; background: var(--soft); border: 1px solid var(--line); overflow-x: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; }
tr { border-top: 1px solid var(--line); }
"""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()}'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_READ_ONLY = ("GET", "HEAD", "OPTIONS")
_CODE = re.compile(r"`([^`]*)`")
_LINK = re.compile(r"\[([^\]]*)\]\((https?://[^)\s]*)\)")
_SHORT = (("minLength", "at least {} long"), ("maxLength", "at most {} long"), ("minimum", "at least {}"))
_LIMITS = (*_SHORT, ("maximum", "at most {}"), ("minItems", "at least {}"), ("maxItems", "at most {}"))


def documentation(
    routes: Sequence[AnyRoute], *, prefix: str, title: str, version: str = "1"
) -> Mapping[str, Callable[[Request], Awaitable[Response]]]:
    """Return what answers, by its path: the OpenAPI document, and the page that shows it.

    Both are made when they are asked for the first time. An integration adds them to the routes.
    """

    @cache
    def told() -> Json:
        return document(routes, prefix=prefix, title=title, version=version)

    @cache
    def as_json() -> Response:
        return _found("application/json", json.dumps(told(), ensure_ascii=False))

    @cache
    def as_page() -> Response:
        return _found("text/html; charset=utf-8", page(told()), ("content-security-policy", _POLICY))

    def answering(read: Callable[[], Response]) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return _read_only(request.method, read)

        return answer

    return {f"{prefix}/openapi.json": answering(as_json), f"{prefix}/docs": answering(as_page)}


def page(told: Json) -> str:
    """Return the HTML page of an OpenAPI document."""
    title, by_tag = escape(told["info"]["title"]), _by_tag(told)
    schemas: Json = told.get("components", {}).get("schemas", {})
    return "".join(
        (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}: API</title><style>{_STYLE}</style></head>",
            f"<body><header><h1>{title}</h1><p>The same for programs: ",
            '<a href="openapi.json">openapi.json</a>. In the examples, <code>$HOST</code> is the address ',
            "of this server, such as <code>https://app.example</code>, and <code>$TOKEN</code> is an ",
            "access token or an API key.</p></header>",
            _contents(by_tag),
            "<main>",
            *(_section(tag, operations, schemas) for tag, operations in by_tag.items()),
            _schemas(schemas),
            "</main></body></html>",
        )
    )


def _found(content_type: str, body: str, *more: tuple[str, str]) -> Response:
    headers: Headers = (
        ("content-type", content_type),
        ("cache-control", "no-cache"),
        ("x-content-type-options", "nosniff"),
        *more,
    )
    return Response(status=200, headers=headers, body=body.encode())


def _read_only(method: str, read: Callable[[], Response]) -> Response:
    match method:
        case "GET":
            return read()
        case "HEAD":
            return read().without_body()
        case "OPTIONS":
            return Response(status=204, headers=(("allow", ", ".join(_READ_ONLY)),))
        case _:
            return to_response(MethodNotAllowedError(_READ_ONLY))


def _by_tag(told: Json) -> Mapping[str, list[tuple[str, str, Json]]]:
    """Return method, path and operation of all that can be asked, by the first of their tags."""
    by_tag: dict[str, list[tuple[str, str, Json]]] = {}
    for path, item in told["paths"].items():
        for method, operation in item.items():
            by_tag.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return by_tag


def _contents(by_tag: Mapping[str, Sequence[tuple[str, str, Json]]]) -> str:
    entries = (
        f'<li><a href="#{escape(operation["operationId"])}"><code>{escape(f"{method} {path}")}</code></a> '
        f"{_text(operation['summary'])}</li>"
        for operations in by_tag.values()
        for method, path, operation in operations
    )
    return f'<nav aria-label="Operations"><ul>{"".join(entries)}</ul></nav>'


def _section(tag: str, operations: Iterable[tuple[str, str, Json]], schemas: Json) -> str:
    shown = (_operation(method, path, operation, schemas) for method, path, operation in operations)
    return f"<section><h2>{escape(tag)}</h2>{''.join(shown)}</section>"


def _operation(method: str, path: str, operation: Json, schemas: Json) -> str:
    parts = [f'<article id="{escape(operation["operationId"])}"><h3>{_text(operation["summary"])}</h3>']
    parts.append(f"<p><code>{escape(f'{method} {path}')}</code></p>")
    if "description" in operation:
        parts.append(f"<p>{_text(operation['description'])}</p>")
    parts.append(_access(operation.get("security", ())))
    parts.append(_table("Parameters", map(_parameter, operation.get("parameters", ()))))
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        fields = _fields(resolved(content["schema"], schemas))
        parts.append(_table(f"Body: <code>{escape(media_type)}</code>", fields))
    parts.append(_table("Answers", (_reply(*each) for each in operation["responses"].items())))
    parts.append(f"<pre><code>{escape(curl(method, path, operation, schemas))}</code></pre></article>")
    return "".join(parts)


def _access(security: Iterable[Json]) -> str:
    names = [escape(name) for each in security for name in each]
    return (
        f"<p>For whoever has signed in, with {' or '.join(names)}.</p>" if names else "<p>For everybody.</p>"
    )


def _parameter(parameter: Json) -> tuple[str, str, str]:
    told = _text(parameter.get("description", ""))
    where = escape(parameter["in"] + (", required" if parameter["required"] else ""))
    return parameter["name"], f"{_type(parameter['schema'])} <small>({where})</small>", told


def _fields(schema: Json) -> Iterator[tuple[str, str, str]]:
    required = schema.get("required", ())
    for name, field in schema.get("properties", {}).items():
        needed = " <small>(required)</small>" if name in required else ""
        yield name, f"{_type(field)}{needed}", _text(field.get("description", ""))


def _reply(status: str, reply: Json) -> tuple[str, str, str]:
    bodies = ", ".join(_type(content["schema"]) for content in reply.get("content", {}).values())
    return status, bodies, _text(reply["description"])


def _schemas(schemas: Json) -> str:
    shown = (
        f'<article id="schema-{escape(name)}"><h3><code>{escape(name)}</code></h3>'
        f"<p>{_text(schema.get('description', ''))}</p>{_table('Fields', _fields(schema))}</article>"
        for name, schema in schemas.items()
    )
    return f"<section><h2>Schemas</h2>{''.join(shown)}</section>"


def _table(caption: str, rows: Iterable[tuple[str, str, str]]) -> str:
    shown = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{kind}</td><td>{told}</td></tr>'
        for name, kind, told in rows
    )
    return f'<div class="wide"><table><caption>{caption}</caption>{shown}</table></div>' if shown else ""


def _type(schema: Json) -> str:
    """Return in HTML what values a schema takes."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#schema-{name}">{name}</a>'
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(map(_type, schema[several]))
    if "const" in schema or "enum" in schema:
        values = schema.get("enum", [schema.get("const")])
        return " or ".join(f"<code>{escape(json.dumps(value))}</code>" for value in values)
    limits = [told.format(schema[key]) for key, told in _LIMITS if key in schema]
    kind = (
        f"list of {_type(schema['items'])}" if "items" in schema else escape(str(schema.get("type", "any")))
    )
    return kind + escape("".join(f", {each}" for each in [*filter(None, [schema.get("format")]), *limits]))


def _text(text: str) -> str:
    """Return in HTML a text with links and code as in Markdown."""
    linked = _LINK.sub(r'<a href="\2">\1</a>', escape(text))
    return _CODE.sub(r"<code>\1</code>", linked)
