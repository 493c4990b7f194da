"""Requests and responses of Flask, and what they are to userkit."""

from typing import Any, cast

from flask import Request, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from userkit.http.app import HttpApp
from userkit.http.messages import Request as PlainRequest
from userkit.http.messages import Response as PlainResponse
from userkit.http.problems import MalformedBodyError, to_response
from userkit.sync import iterate

__all__ = ["asked_request", "native", "plain", "read_body"]


class _Answer(Response):
    """An answer that has the headers it is given, and no content type where none is given."""

    default_mimetype = None


def asked_request() -> Request:
    """Return the request that is being answered itself, not what stands for it."""
    return cast(Any, request)._get_current_object()  # type: ignore[no-any-return]  # it is what it stands for


def plain(body: bytes = b"") -> PlainRequest:
    """Return the request that is being answered, without a framework."""
    asked = asked_request()
    return PlainRequest(
        method=asked.method,
        path=asked.root_path + asked.path,
        path_values=asked.view_args or {},
        query=asked.query_string.decode("latin-1"),
        headers=tuple([(name.lower(), value) for name, value in asked.headers]),
        body=body,
        # Behind a Unix socket it is there, and empty.
        peer=asked.environ.get("REMOTE_ADDR") or None,
        scheme=asked.scheme,
    )


def read_body(app: HttpApp) -> bytes | PlainResponse:
    """Return the body of the request, or what to answer where it is too long or cut off.

    No more is read than ``body_limit``, whatever the client says its length is.
    """
    # A stream without a length is cut off at the limit without a word, so one more byte is asked for.
    request.max_content_length = app.body_limit + 1
    try:
        body = request.get_data()
    except RequestEntityTooLarge:
        return app.too_large()
    except ClientDisconnected:
        body = b""
    if len(body) > app.body_limit:
        return app.too_large()
    # Servers hand over as much as came before the connection was closed.
    if len(body) < (request.content_length or 0):
        return to_response(MalformedBodyError("The body is shorter than its Content-Length."))
    return body


def native(answer: PlainResponse) -> Response:
    """Return an answer as Flask sends it; the server closes what comes bit by bit."""
    if answer.stream is not None:
        return _Answer(iterate(answer.stream), status=answer.status, headers=list(answer.headers))
    # Given an empty text, it would count its length, which is not what HEAD is answered with.
    return _Answer(answer.body or None, status=answer.status, headers=list(answer.headers))
