"""userkit in AWS Lambda behind an HTTP API, over DynamoDB: ``python handler.py register.json login.json``.

``handler.handler`` answers events of payload version 2.0, and ``handler.work`` is for a schedule of one
minute. ``USERKIT_DATABASE`` and the other variables say where everything is; see README.md beside it.
"""

import base64
import json
import re
import sys
import time
from collections.abc import AsyncGenerator, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

BEGUN = time.perf_counter()

from userkit import SyncUserKit, roles  # noqa: E402  # what it costs to begin includes these
from userkit.errors import NotFoundError  # noqa: E402
from userkit.http import AnyRoute, Request, Response  # noqa: E402
from userkit.http.problems import to_response  # noqa: E402
from userkit.surface import Surface  # noqa: E402
from userkit.sync import iterate, run  # noqa: E402

__all__ = ["handler", "kit", "work"]

Event = Mapping[str, Any]
_TEXT = ("text/", "application/json", "application/problem+json", "application/xml")

# Once for each container: what is at the top of the module is done before the first event comes, and a
# container that waits between two events is frozen. A thread that does the outbox would be frozen as well.
kit = SyncUserKit.from_settings(features=[roles({"admin": {"*"}})], relay=False)
kit.open()
surface = Surface.of(kit)
paths = [
    (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(surface.prefix + path))), methods)
    for path, methods in surface.paths.items()
]
COLD_START = time.perf_counter() - BEGUN


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one request."""
    path = _path(event)
    methods, values = _found(path)
    if methods is None:
        return _told(to_response(NotFoundError("There is nothing at this path.")))
    return _told(run(surface.app.answer(methods, _asked(event, path, values))))


def work(event: Event, context: object) -> dict[str, int]:
    """Do what waits in the outbox, such as mail; let a schedule call this."""
    delivery = kit.outbox.deliver()
    return {"done": delivery.done, "failed": delivery.failed}


def _path(event: Event) -> str:
    """Return the path that was asked, without the stage, which stands before it unless it is $default."""
    path: str = event["rawPath"]
    stage = f"/{event['requestContext']['stage']}"
    return path.removeprefix(stage) if path.startswith(f"{stage}/") else path


def _found(path: str) -> tuple[Mapping[str, AnyRoute] | None, Mapping[str, str]]:
    for pattern, methods in paths:
        if match := pattern.fullmatch(path):
            return methods, {name: unquote(value) for name, value in match.groupdict().items()}
    return None, {}


def _asked(event: Event, path: str, values: Mapping[str, str]) -> Request:
    http = event["requestContext"]["http"]
    body: str = event.get("body") or ""
    return Request(
        method=http["method"],
        path=path,
        path_values=values,
        query=event["rawQueryString"],
        headers=tuple(_headers(event)),
        body=base64.b64decode(body) if event["isBase64Encoded"] else body.encode(),
        # The gateway says who connected to it, so no header needs to be believed.
        peer=http["sourceIp"],
        scheme="https",
    )


def _headers(event: Event) -> Iterator[tuple[str, str]]:
    for name, value in event["headers"].items():
        yield name.lower(), value
    # The gateway takes cookies out of the headers.
    if cookies := event.get("cookies"):
        yield "cookie", "; ".join(cookies)


def _told(answer: Response) -> dict[str, Any]:
    body = answer.body if answer.stream is None else _joined(answer.stream)
    is_text = not body or (answer.header("content-type") or "").startswith(_TEXT)
    return {
        "statusCode": answer.status,
        "headers": _merged(answer),
        "cookies": [value for name, value in answer.headers if name == "set-cookie"],
        "body": body.decode() if is_text else base64.b64encode(body).decode(),
        "isBase64Encoded": not is_text,
    }


def _merged(answer: Response) -> dict[str, str]:
    """Return the headers but the cookies; those of one name are one, with commas between the values."""
    merged: dict[str, str] = {}
    for name, value in answer.headers:
        if name != "set-cookie":
            merged[name] = f"{merged[name]}, {value}" if name in merged else value
    return merged


def _joined(stream: AsyncGenerator[bytes, None]) -> bytes:
    """Return all of a stream: an HTTP API sends nothing before the function has returned."""
    return b"".join(iterate(stream))


if __name__ == "__main__":
    print(f"cold start: {COLD_START * 1000:.0f} ms")
    for name in sys.argv[1:]:
        begun = time.perf_counter()
        answer = handler(json.loads(Path(name).read_text()), None)
        print(f"{name}: {answer['statusCode']} in {(time.perf_counter() - begun) * 1000:.0f} ms")
    kit.close()
