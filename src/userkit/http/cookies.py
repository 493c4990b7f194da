"""Cookies: which ones there are, and how they are read and written (RFC 6265bis)."""

from dataclasses import dataclass
from typing import Self

from userkit.http.messages import Headers, Request

__all__ = ["Cookies"]

_BLANKS = " \t"


@dataclass(frozen=True, slots=True)
class Cookies:
    """The two cookies of somebody who has signed in.

    ``session`` is for the server alone; ``csrf`` can be read by the pages of this host, who show by it that
    a request is theirs. With the prefix ``__Host-`` no other host can set them.
    """

    secure: bool = True

    @classmethod
    def for_base_url(cls, base_url: str | None) -> Self:
        """Return the cookies for where the application is: plain http is this machine's only."""
        return cls(secure=base_url is None or not base_url.startswith("http://"))

    @property
    def session(self) -> str:
        """Return the name of the cookie that opens the session."""
        return "__Host-userkit" if self.secure else "userkit"

    @property
    def csrf(self) -> str:
        """Return the name of the cookie with the CSRF token."""
        return f"{self.session}-csrf"

    def read(self, request: Request, name: str) -> str | None:
        """Return the value of a cookie, None when it is not there exactly once."""
        pairs = (part.partition("=") for header in request.values("cookie") for part in header.split(";"))
        # Only what RFC 6265 calls whitespace: what else Python strips is part of the name to browsers, and a
        # cookie of that name lacks the protection of the prefix.
        found = [value.strip(_BLANKS) for key, _, value in pairs if key.strip(_BLANKS) == name]
        return found[0] if len(found) == 1 else None

    def signed_in(self, token: str, csrf: str, *, max_age: int) -> Headers:
        """Return the headers that give a browser both cookies, for so many seconds."""
        return (
            self._set(self.session, token, max_age, hidden=True),
            self._set(self.csrf, csrf, max_age, hidden=False),
        )

    def signed_out(self) -> Headers:
        """Return the headers that take both cookies from a browser."""
        return (self._set(self.session, "", 0, hidden=True), self._set(self.csrf, "", 0, hidden=False))

    def _set(self, name: str, value: str, max_age: int, *, hidden: bool) -> tuple[str, str]:
        parts = [f"{name}={value}", f"Max-Age={max_age}", "Path=/", "SameSite=Lax"]
        parts += ["Secure"] if self.secure else []
        parts += ["HttpOnly"] if hidden else []
        return "set-cookie", "; ".join(parts)
