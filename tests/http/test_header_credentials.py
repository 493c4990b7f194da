"""An auth backend may name a header of its own, in which its credentials come and nowhere else."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.http.doors import Doorkeeper, application, asking, of, problem, route
from userkit import Identity, SyncUserKit, UnauthenticatedError
from userkit.errors import ConfigurationError
from userkit.http.app import HttpApp
from userkit.http.cookies import Cookies
from userkit.http.transports import Transport, Transports
from userkit.kernel.clock import utc_now
from userkit.surface import Surface
from userkit.sync import run
from userkit.testing import InstantHasher

KNOWN = {
    "said": of("ada", session=None, backend="proxy"),
    "token": of("ada", backend="jwt"),
    "badge": of("eve", session=None, backend="badge"),
    "opaque": of("eve", backend="session"),
}
TRANSPORTS = Transports.of(
    ["bearer", "header", "cookie"], cookies=Cookies(), headers={"proxy": "X-Said", "badge": "x-badge"}
)


@pytest.fixture
def app() -> HttpApp:
    """An application with two such backends."""
    return replace(application(Doorkeeper(KNOWN)), transports=TRANSPORTS)


def who(app: HttpApp, *headers: tuple[str, str], method: str = "GET") -> str | None:
    """Return who a request is from; it opens by one transport or is refused."""
    shown = run(app.identify(asking(method, *headers)))
    return None if shown is None else f"{shown.identity.user_id} by {shown.transport.value}"


def test_a_credential_comes_in_the_header_of_its_backend(app: HttpApp) -> None:
    """Its whole value, whatever the case of the name."""
    assert who(app, ("x-said", "said")) == "ada by header"
    assert who(app, ("x-badge", "badge")) == "eve by header"
    assert who(app) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer said"},
        {"x-badge": "said"},
        {"x-said": "token"},
        {"x-said": "badge"},
        {"x-said": "opaque"},
        {"cookie": "__Host-userkit=said"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_jw_2_a_credential_is_refused_elsewhere(app: HttpApp, headers: Mapping[str, str]) -> None:
    """In the header of another backend, as a bearer token or in a cookie; and so is another's here."""
    with pytest.raises(UnauthenticatedError):
        who(app, *headers.items())


def test_a_header_that_comes_twice_is_refused(app: HttpApp) -> None:
    """Nobody guesses which one the proxy has set."""
    with pytest.raises(UnauthenticatedError):
        who(app, ("x-said", "said"), ("x-said", "said"))


def test_a_bearer_token_counts_before_it_and_a_cookie_after(app: HttpApp) -> None:
    """One credential counts."""
    everything = ("cookie", "__Host-userkit=opaque"), ("x-said", "said"), ("authorization", "Bearer token")
    assert who(app, *everything) == "ada by bearer"
    assert who(app, *everything[:2]) == "ada by header"


def test_an_application_may_leave_it_out(app: HttpApp) -> None:
    """As any other transport."""
    without = Transports.of(["bearer"], cookies=Cookies(), headers={"proxy": "X-Said"})
    app = replace(app, transports=without)
    assert who(app, ("x-said", "said")) is None
    with pytest.raises(UnauthenticatedError):
        who(app, ("authorization", "Bearer said"))


def test_se_4_a_page_of_another_site_changes_nothing_by_it(app: HttpApp) -> None:
    """A proxy puts the header into whatever the browsers of those it knows send."""
    post = route(method="POST")
    said, ours, theirs = (
        ("x-said", "said"),
        ("origin", "https://app.example"),
        ("origin", "https://e.example"),
    )
    assert run(app.run(post, asking("POST", said, theirs))).status == 403
    assert problem(run(app.run(post, asking("POST", said, ("origin", "null"))))) == (403, "csrf_failed")
    assert run(app.run(post, asking("POST", said, ours))).status == 200
    assert run(app.run(post, asking("POST", said))).status == 200
    assert run(app.run(route(), asking("GET", said, theirs))).status == 200


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200)])
def test_se_4_a_proxy_that_takes_the_origin_away_opens_no_door(app: HttpApp, site: str, status: int) -> None:
    """Browsers say it a second time (Fetch Metadata)."""
    request = asking("POST", ("x-said", "said"), ("sec-fetch-site", site))
    assert run(app.run(route(method="POST"), request)).status == status


@pytest.mark.parametrize("header", ["", "X Said", "X-Säid", "x-said\n", "x_said", None, 7])
def test_a_header_has_a_name_that_every_server_passes_on(header: Any) -> None:
    """An underscore is a hyphen to CGI, and so to an attacker."""
    with pytest.raises(ConfigurationError, match="header of the auth backend proxy is letters, digits and -"):
        Transports.of(["header"], cookies=Cookies(), headers={"proxy": header})


@pytest.mark.parametrize("header", ["Authorization", "cookie", "X-API-Key", "Host", "Origin", "X-Badge"])
def test_a_header_that_means_something_else_is_refused(header: str) -> None:
    """To userkit, to browsers or to another backend."""
    with pytest.raises(ConfigurationError, match="auth backend proxy cannot have the header"):
        Transports.of(["header"], cookies=Cookies(), headers={"badge": "x-badge", "proxy": header})


@dataclass(frozen=True)
class Said:
    """An auth backend that believes a header."""

    user_id: str
    header: str = "X-Said"

    def recognises(self, credential: str) -> bool:
        """See AuthBackend.recognises."""
        return credential == "said"

    async def authenticate(self, credential: str) -> Identity:
        """See AuthBackend.authenticate."""
        return Identity(user_id=self.user_id, authenticated_at=utc_now(), backend="said")


def test_a_backend_says_in_which_header() -> None:
    """The surface of a kit asks it; nothing else need be configured."""
    with SyncUserKit("memory://", secret="fjords bronze vexing quartz 42!?", hasher=InstantHasher()) as kit:
        ada = kit.users.register(email="ada@example.com", name="Ada")
        authentication = kit.wiring().authentication
        assert authentication.headers() == {}
        authentication.backends["said"] = Said(ada.id)
        assert authentication.headers() == {"said": "X-Said"}
        surface = Surface.of(kit)
        assert Transport.HEADER in surface.app.transports.accepted
        request = asking("GET", ("x-said", "said"))
        assert run(surface.user(request)) == ada
        with pytest.raises(UnauthenticatedError):
            run(surface.user(asking("GET", ("authorization", "Bearer said"))))
        me = surface.paths["/users/me"]["GET"]
        assert run(surface.app.run(me, request)).status == 200
        sessions = surface.paths["/auth/sessions"]["GET"]
        refused = run(surface.app.run(sessions, request))
        assert problem(refused) == (403, "forbidden")
        assert b"this credential is no session" in refused.body
