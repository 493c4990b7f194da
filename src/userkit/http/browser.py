"""Signing in and out of browsers, which keep what opens a session in a cookie."""

from dataclasses import dataclass

from userkit.errors import CsrfFailedError
from userkit.http.cookies import Cookies
from userkit.http.csrf import CsrfGuard
from userkit.http.messages import Headers, Request
from userkit.http.problems import ValidationFailedError

__all__ = ["Browser"]


@dataclass(frozen=True, slots=True)
class Browser:
    """Give cookies to browsers and take them back. ``accepted``: whether cookies are a transport here."""

    cookies: Cookies
    csrf: CsrfGuard
    accepted: bool

    def check(self, request: Request) -> None:
        """Refuse to sign anybody in on behalf of a page of somebody else.

        Else that page could sign its visitors in to an account of its own. Raises CsrfFailedError, and
        ValidationFailedError where this application takes no cookies.
        """
        if not self.accepted:
            told = "This application signs nobody in with a cookie"
            raise ValidationFailedError([{"loc": ["query", "transport"], "msg": told, "type": "enum"}])
        if self.csrf.is_foreign(request):
            raise CsrfFailedError

    def signed_in(self, token: str, session_id: str, *, expires_in: int) -> Headers:
        """Return the headers that sign a browser in to a session, for so many seconds."""
        return self.cookies.signed_in(token, self.csrf.token(session_id), max_age=expires_in)

    def signed_out(self) -> Headers:
        """Return the headers that sign a browser out."""
        return self.cookies.signed_out()
