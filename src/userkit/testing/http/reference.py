"""What an answer must be: that of ``HttpApp``, which every integration only translates."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from userkit.errors import UsageError
from userkit.http.messages import Request
from userkit.http.route import AnyRoute
from userkit.kit import SyncUserKit
from userkit.surface import Surface
from userkit.sync import run
from userkit.testing.http.answers import Answer, Sent, framed

__all__ = ["Reference", "alike", "alike_in_shape"]

SERVERS_OWN = frozenset({"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"})
"""Headers that servers add, or that say how a message is cut into pieces."""

_AGE = re.compile(r"Max-Age=[1-9]\d*")
_DIFFERENT = ("etag", "location", "set-cookie")


@dataclass(frozen=True, slots=True)
class Reference:
    """Answers as the application should, without a framework."""

    surface: Surface

    @classmethod
    def of(cls, kit: SyncUserKit, **http_options: Any) -> "Reference":
        """Return what answers over a kit on the same database."""
        return cls(Surface.of(kit, **http_options))

    @property
    def prefix(self) -> str:
        """Return what the paths of userkit begin with."""
        return self.surface.prefix

    @property
    def body_limit(self) -> int:
        """Return how many bytes of a body are read."""
        return self.surface.app.body_limit

    def ask(
        self, method: str, target: str, *, headers: Sent = (), body: bytes | Iterable[bytes] = b""
    ) -> Answer:
        """Answer a request to a path of userkit."""
        path, _, query = target.partition("?")
        routes, values = self._found(unquote(path))
        whole = body if isinstance(body, bytes) else b"".join(body)
        request = Request(
            method=method,
            path=unquote(path),
            path_values=values,
            query=query,
            headers=tuple((name.lower(), value) for name, value in framed(headers, body)),
            body=whole,
            peer="127.0.0.1",
        )
        response = run(self.surface.app.answer(routes, request))
        return Answer(status=response.status, headers=response.headers, body=response.body)

    def _found(self, path: str) -> tuple[Mapping[str, AnyRoute], Mapping[str, str]]:
        given = path.removeprefix(self.prefix).split("/")
        for template, routes in self.surface.paths.items():
            values = _matched(template.split("/"), given)
            if values is not None:
                return routes, values
        raise UsageError("There is no such path in userkit.")


def alike(answer: Answer, expected: Answer) -> None:
    """See that an answer is what it must be: status, headers and body, byte for byte."""
    assert answer.status == expected.status
    assert _told(answer) == _told(expected)
    assert answer.body == expected.body
    _check_length(answer, expected)


def alike_in_shape(answer: Answer, expected: Answer) -> None:
    """See that an answer is what it must be, but for tokens, ids and times."""
    assert answer.status == expected.status
    assert [_shaped(*each) for each in _told(answer)] == [_shaped(*each) for each in _told(expected)]
    assert _shape(answer) == _shape(expected)
    _check_length(answer, expected)


def _matched(template: list[str], given: list[str]) -> Mapping[str, str] | None:
    if len(template) != len(given):
        return None
    values = {}
    for part, text in zip(template, given, strict=True):
        if part.startswith("{") and text:
            values[part[1:-1]] = text
        elif part != text:
            return None
    return values


def _told(answer: Answer) -> list[tuple[str, str]]:
    """Return the headers that are not the server's. Those of one name keep their order."""
    told = [each for each in answer.headers if each[0] not in SERVERS_OWN]
    return sorted(told, key=lambda each: each[0])


def _check_length(answer: Answer, expected: Answer) -> None:
    """See that Content-Length tells the truth; to HEAD it is the length of what GET answers."""
    told = answer.values("content-length")
    length = expected.header("content-length") or str(len(expected.body))
    if expected.status == 204:
        assert told in ([], ["0"])
    elif not answer.values("transfer-encoding"):
        assert told == ([length] if answer.body == expected.body else [str(len(answer.body))])


def _shaped(name: str, value: str) -> tuple[str, str]:
    if name == "set-cookie":
        return name, value.partition("=")[0] + _AGE.sub("Max-Age=some", value.partition(";")[2])
    return name, "" if name in _DIFFERENT else value


def _shape(answer: Answer) -> Any:
    return _shape_of(json.loads(answer.body)) if answer.body else None


def _shape_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shape_of(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_shape_of(each) for each in value]
    return type(value).__name__
