"""Integrations that are broken in ways that are easy to build, to test the suite with.

Each is an ASGI application around a good one, and spoils what goes in or what comes out.
"""

import asyncio
import json
import posixpath
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from tests.integrations.applications import fastapi_app
from userkit import UserKit
from userkit.testing.http import AsgiClient, Client, Stage

__all__ = ["BROKEN", "starting_broken"]

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Spoil = Callable[[Any], Any]


def _asking(spoil: Callable[[Scope], None]) -> Spoil:
    """Return what spoils requests."""

    def wrap(app: Any) -> Any:
        async def spoilt(scope: Scope, receive: Any, send: Any) -> None:
            if scope["type"] == "http":
                spoil(scope)
            await app(scope, receive, send)

        return spoilt

    return wrap


def _answering(spoil: Callable[[Scope, Message, bytes], tuple[Message, bytes]]) -> Spoil:
    """Return what spoils answers."""

    def wrap(app: Any) -> Any:
        async def spoilt(scope: Scope, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            asked = dict(scope)
            messages: list[Message] = []

            async def keep(message: Message) -> None:
                messages.append(message)

            await app(scope, receive, keep)
            body = b"".join(message.get("body", b"") for message in messages[1:])
            start, body = spoil(asked, messages[0], body)
            headers = [each for each in start["headers"] if each[0] != b"content-length"]
            length = [(b"content-length", b"%d" % len(body))]
            await send({**start, "headers": headers + (length if start["status"] != 204 else [])})
            await send({"type": "http.response.body", "body": body})

        return spoilt

    return wrap


def _drops_the_second_cookie(_: Scope, start: Message, body: bytes) -> tuple[Message, bytes]:
    return {**start, "headers": list(dict(start["headers"]).items())}, body


def _hides_errors(_: Scope, start: Message, body: bytes) -> tuple[Message, bytes]:
    return ({**start, "status": 500}, b"Internal Server Error") if start["status"] >= 400 else (start, body)


def _types_nothing(_: Scope, start: Message, body: bytes) -> tuple[Message, bytes]:
    return {**start, "headers": [*start["headers"], (b"content-type", b"text/html")]}, body


def _renders_json_again(_: Scope, start: Message, body: bytes) -> tuple[Message, bytes]:
    return start, json.dumps(json.loads(body)).encode() if body.startswith(b"{") else body


def _refuses_methods_itself(_: Scope, start: Message, body: bytes) -> tuple[Message, bytes]:
    return start, b'{"detail":"Method Not Allowed"}' if start["status"] == 405 else body


def _misses_a_route(scope: Scope, start: Message, body: bytes) -> tuple[Message, bytes]:
    return ({**start, "status": 404}, b"") if scope["path"].endswith("/auth/jwks") else (start, body)


def _documents_too_little(scope: Scope, start: Message, body: bytes) -> tuple[Message, bytes]:
    if scope["path"] != "/openapi.json":
        return start, body
    told = json.loads(body)
    del told["paths"]["/api/v1/users/{id}"]["delete"]
    del told["paths"]["/api/v1/users"]["post"]["responses"]["409"]
    return start, json.dumps(told).encode()


def _answers_head_in_full(app: Any) -> Any:
    async def spoilt(scope: Scope, receive: Any, send: Any) -> None:
        method = "GET" if scope.get("method") == "HEAD" else scope.get("method")
        await app({**scope, "method": method}, receive, send)

    return spoilt


def _trusts_everybody(scope: Scope) -> None:
    told = dict(scope["headers"]).get(b"x-forwarded-for")
    if told:
        scope["client"] = (told.decode().split(",")[0].strip(), 0)


def _decodes_twice(scope: Scope) -> None:
    scope["path"] = unquote(scope["path"])


def _strips_slashes(scope: Scope) -> None:
    scope["path"] = scope["path"].rstrip("/") or "/"


def _resolves_dots(scope: Scope) -> None:
    scope["path"] = posixpath.normpath(scope["path"])


def _keeps_one_header_of_a_name(scope: Scope) -> None:
    scope["headers"] = list(dict(scope["headers"]).items())


def _mends_queries(scope: Scope) -> None:
    pairs = parse_qsl(scope["query_string"].decode(), errors="replace")
    scope["query_string"] = urlencode(dict(pairs)).encode()


def _takes_posts_for_reads(scope: Scope) -> None:
    if scope["path"] == "/protected":
        scope["method"] = "GET"


def _obeys_override(scope: Scope) -> None:
    told = dict(scope["headers"]).get(b"x-http-method-override")
    scope["method"] = told.decode() if told else scope["method"]


def _takes_tokens_from_queries(scope: Scope) -> None:
    query = dict(parse_qsl(scope["query_string"].decode()))
    if "access_token" in query:
        scope["headers"] = [(b"authorization", f"Bearer {query['access_token']}".encode())]
        scope["query_string"] = b""


def _reads_the_first_chunk(app: Any) -> Any:
    async def spoilt(scope: Scope, receive: Any, send: Any) -> None:
        async def first() -> Message:
            return {**await receive(), "more_body": False}

        await app(scope, first if scope["type"] == "http" else receive, send)

    return spoilt


def _reads_json_itself(app: Any) -> Any:
    async def spoilt(scope: Scope, receive: Any, send: Any) -> None:
        async def mended() -> Message:
            message = await receive()
            try:
                return {**message, "body": json.dumps(json.loads(message["body"])).encode()}
            except (KeyError, ValueError, RecursionError):
                return message

        await app(scope, mended if scope["type"] == "http" else receive, send)

    return spoilt


def _remembers_who_asked(app: Any) -> Any:
    known: list[tuple[bytes, bytes]] = []

    async def spoilt(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            shown = [each for each in scope["headers"] if each[0] == b"authorization"]
            known[:] = shown or known
            scope["headers"] = [*scope["headers"], *([] if shown else known)]
        await app(scope, receive, send)

    return spoilt


def _shares_what_is_asked(app: Any) -> Any:
    """Keep the headers of a request where the next one puts its own, as a global variable does."""
    latest: dict[str, Any] = {}

    async def spoilt(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            latest["headers"] = scope["headers"]
            await asyncio.sleep(0.001)
            scope["headers"] = latest["headers"]
        await app(scope, receive, send)

    return spoilt


def _loses_the_limit(app: Any) -> Any:
    return app


BROKEN: dict[str, tuple[Spoil, set[str]]] = {
    "drops the second cookie": (
        _answering(_drops_the_second_cookie),
        {"test_both_cookies_arrive", "test_signing_out_takes_both_cookies"},
    ),
    "hides errors": (
        _answering(_hides_errors),
        {"test_an_error_in_an_endpoint_is_answered_by_userkit", "test_every_route_answers_strangers"},
    ),
    "types nothing": (_answering(_types_nothing), {"test_an_answer_without_a_body_has_none"}),
    "renders JSON again": (_answering(_renders_json_again), {"test_text_comes_back_as_utf_8"}),
    "refuses methods itself": (
        _answering(_refuses_methods_itself),
        {"test_another_method_is_not_allowed", "test_problems_are_alike_everywhere"},
    ),
    "misses a route": (
        _answering(_misses_a_route),
        {"test_every_route_answers_strangers", "test_public_keys_may_be_kept"},
    ),
    "documents too little": (
        _answering(_documents_too_little),
        {"test_its_operations_are_those_of_the_contract", "test_it_tells_every_answer"},
    ),
    "answers HEAD in full": (
        _answers_head_in_full,
        {"test_head_is_get_without_a_body", "test_head_of_a_problem_has_no_body"},
    ),
    "trusts everybody": (_asking(_trusts_everybody), {"test_lg_4_the_address_is_that_of_the_socket"}),
    "decodes twice": (_asking(_decodes_twice), {"test_a_place_in_a_path_is_decoded_once"}),
    "strips slashes": (
        _asking(_strips_slashes),
        {"test_a_path_that_is_nearly_one_shows_nobody", "test_a_path_that_is_nearly_one_changes_nothing"},
    ),
    "resolves dots": (_asking(_resolves_dots), {"test_a_path_that_is_nearly_one_shows_nobody"}),
    "keeps one header of a name": (
        _asking(_keeps_one_header_of_a_name),
        {
            "test_two_credentials_are_none",
            "test_lg_4_several_headers_of_proxies_are_one_list",
            "test_cookies_may_come_in_two_headers",
        },
    ),
    "mends queries": (_asking(_mends_queries), {"test_a_query_is_read_by_userkit_alone"}),
    "takes posts for reads": (
        _asking(_takes_posts_for_reads),
        {"test_se_4_a_guard_protects_changes_from_other_sites"},
    ),
    "obeys an override": (_asking(_obeys_override), {"test_a_method_is_not_taken_from_a_header"}),
    "takes tokens from queries": (
        _asking(_takes_tokens_from_queries),
        {"test_no_credential_is_taken_from_a_query"},
    ),
    "reads the first chunk": (_reads_the_first_chunk, {"test_a_body_in_chunks_is_one_body"}),
    "reads JSON itself": (_reads_json_itself, {"test_a_body_is_read_by_userkit_alone"}),
    "remembers who asked": (
        _remembers_who_asked,
        {"test_one_after_the_other_is_somebody_else"},
    ),
    "shares what is asked": (_shares_what_is_asked, {"test_everybody_gets_an_answer_of_their_own"}),
    "loses the limit": (
        _loses_the_limit,
        {
            "test_the_limit_is_exact",
            "test_the_limit_is_exact_without_a_length",
            "test_a_form_has_the_same_limit",
        },
    ),
}
"""What is broken, how, and the tests that must notice."""


def starting_broken(name: str) -> Callable[[Stage], Any]:
    """Return what starts a broken application."""
    spoil, _ = BROKEN[name]

    @contextmanager
    def start(stage: Stage) -> Iterator[Client]:
        options = dict(stage.http_options)
        if spoil is _loses_the_limit:
            options["body_limit"] = 10**9
        app = fastapi_app(UserKit(stage.store, **stage.kit_options), **options)
        with AsgiClient(spoil(app)) as client:
            yield client

    return start
