"""Somebody who walks through the pages with a browser that has no JavaScript, without a socket."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.features.surface import PASSWORD, Site, cookies_of
from tests.pages.markup import Markup
from userkit.assembly import AnyFeature
from userkit.http import Request, Response
from userkit.pages import PageSettings, with_pages
from userkit.sync import run

__all__ = ["ORIGIN", "Page", "Walker", "pages_of"]

ORIGIN = "https://app.example"


def pages_of(*given: AnyFeature, settings: PageSettings | None = None, **changes: Any) -> Site:
    """Open a site whose surface has pages."""
    site = Site.opened(*given, **changes)
    made = (site.surface, site.kit) if settings is None else (site.surface, site.kit, settings)
    try:
        site.surface = with_pages(*made)
    except BaseException:
        site.kit.close()
        raise
    return site


@dataclass
class Page:
    """What a walker sees."""

    path: str
    response: Response
    markup: Markup

    @property
    def status(self) -> int:
        """Return the status."""
        return self.response.status

    @property
    def alerts(self) -> list[str]:
        """Return what is said of errors."""
        return self.markup.roles.get("alert", [])

    @property
    def done(self) -> list[str]:
        """Return what is said of what was done."""
        return self.markup.roles.get("status", [])


@dataclass
class Walker:
    """One browser: it keeps cookies and follows where it is sent."""

    site: Site
    prefix: str = ""
    cookies: dict[str, str] = field(default_factory=dict)
    page: Page | None = None
    peer: str = "192.0.2.1"
    agent: str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"

    def ask(
        self,
        method: str,
        target: str,
        *,
        form: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send one request as a browser would, and keep the cookies of the answer."""
        path, _, query = target.partition("?")
        sent = {"host": "app.example", "user-agent": self.agent}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method == "POST":
            sent |= {"origin": ORIGIN, "content-type": "application/x-www-form-urlencoded"}
        sent |= headers or {}
        request = Request(
            method=method,
            path=path,
            query=query,
            headers=tuple((name, value) for name, value in sent.items() if value),
            body=urlencode(form or {}).encode() if body is None else body,
            peer=self.peer,
            scheme="https",
        )
        response = run(self.site.surface.pages[path](request))
        for name, (value, attributes) in cookies_of(response).items():
            self.cookies[name] = value
            if attributes["max-age"] == "0":
                del self.cookies[name]
        return response

    def goto(self, target: str) -> Page:
        """Open a page, and those that it leads to."""
        return self._shown(self.prefix + target, self.ask("GET", self.prefix + target))

    def send(self, number: int = -1, **typed: str) -> Page:
        """Fill in a form of this page, send it, and follow; the last form unless told otherwise."""
        assert self.page is not None
        form = self.page.markup.forms[number]
        named = {name.replace("__", "-"): value for name, value in typed.items()}
        target = form.attributes.get("action", self.page.path)
        return self._shown(target, self.ask("POST", target, form={**form.values(), **named}))

    def signed_in(self, email: str = "ada@example.com", password: str = PASSWORD) -> "Walker":
        """Sign in."""
        self.goto("/sign-in")
        page = self.send(email=email, password=password)
        assert page.status == 200, page.alerts
        return self

    def _shown(self, target: str, response: Response) -> Page:
        for _ in range(5):
            if response.status != 303:
                break
            location = response.header("location")
            assert location is not None
            assert urlsplit(location).netloc == ""
            target, response = location, self.ask("GET", location)
        # What the browser has in its address bar is where the form of a page that is shown again goes.
        self.page = Page(target, response, Markup(response.body.decode()))
        return self.page
