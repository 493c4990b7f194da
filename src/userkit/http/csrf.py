"""Cross-site request forgery: a browser sends its cookie with requests that other sites make, too."""

import base64
import hmac
from dataclasses import dataclass

from userkit.http.forwarded import TrustedProxies
from userkit.http.messages import Request
from userkit.http.settings import origin_of

__all__ = ["CSRF_HEADER", "CsrfGuard"]

CSRF_HEADER = "x-csrf-token"
_ELSEWHERE = frozenset({"cross-site", "same-site"})  # Fetch Metadata, of W3C


@dataclass(frozen=True, slots=True, repr=False)
class CsrfGuard:
    """Tell the requests of our own pages from those of others.

    ``keys``: the first signs, all verify. ``origins``: where our pages are, beside the host that is asked.
    """

    keys: tuple[bytes, ...]
    realm: str
    origins: frozenset[str]
    proxies: TrustedProxies
    base_url: str | None = None

    def token(self, session_id: str) -> str:
        """Return the token of a session, which only its own pages can read."""
        return self._tag(self.keys[0], session_id)

    def is_ours(self, request: Request, session_id: str, *, token: str | None = None) -> bool:
        """Tell whether a request with a cookie was made by our own pages.

        They show it by a token, in the header ``X-CSRF-Token`` or in a form, or the browser does by
        the header Origin.
        """
        given = request.value(CSRF_HEADER) if token is None else token
        if given is not None:
            told = given.encode(errors="replace")
            return any(hmac.compare_digest(told, self._tag(key, session_id).encode()) for key in self.keys)
        return self.is_same_origin(request)

    def is_same_origin(self, request: Request) -> bool:
        """Tell whether the browser says that the request comes from one of our pages."""
        origin = request.value("origin")
        return origin is not None and origin in (self._own(request), *self.origins)

    def is_foreign(self, request: Request) -> bool:
        """Tell whether the browser says that the request comes from a page of somebody else."""
        if request.values("origin"):
            return not self.is_same_origin(request)
        # A proxy may take the origin away.
        return not set(request.values("sec-fetch-site")).isdisjoint(_ELSEWHERE)

    def _own(self, request: Request) -> str:
        if self.base_url is not None:
            return origin_of(self.base_url)
        # A page of another site cannot choose the Host that its visitor's browser sends to us.
        return f"{self.proxies.scheme_of(request)}://{request.value('host') or ''}"

    def _tag(self, key: bytes, session_id: str) -> str:
        told = f"{self.realm}\0{session_id}".encode()
        return base64.urlsafe_b64encode(hmac.digest(key, told, "sha256")).decode().rstrip("=")
