"""The stylesheet and the script of the pages, which browsers may keep until they change."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Self

from userkit.http.messages import Headers, Request, Response
from userkit.http.problems import MethodNotAllowedError, to_response
from userkit.pages.forms import read_query

__all__ = ["Asset"]

_METHODS = ("GET", "HEAD", "OPTIONS")
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A file that pages need. Its ``url`` changes with what is in it."""

    path: str
    media_type: str
    content: bytes
    version: str

    @classmethod
    def of(cls, file: str, *, path: str, media_type: str, more: str = "") -> Self:
        """Read a file of this package, and add more to it."""
        text = files("userkit.pages").joinpath(file).read_text(encoding="utf-8")
        content = (text + (f"\n{more}\n" if more else "")).encode()
        version = hashlib.sha256(content).hexdigest()[:16]
        return cls(path=path, media_type=media_type, content=content, version=version)

    @property
    def url(self) -> str:
        """Return where pages fetch it."""
        return f"{self.path}?v={self.version}"

    async def answer(self, request: Request) -> Response:
        """Return the file."""
        if request.method == "OPTIONS":
            return Response(status=204, headers=(("allow", ", ".join(_METHODS)),))
        if request.method not in _METHODS:
            return to_response(MethodNotAllowedError(_METHODS))
        response = Response(status=200, headers=self._headers(request), body=self.content)
        return response.without_body() if request.method == "HEAD" else response

    def _headers(self, request: Request) -> Headers:
        known = read_query(request).get("v") == self.version
        return (
            ("content-type", f"{self.media_type}; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
            ("cache-control", _FOREVER if known else "no-cache"),
        )
