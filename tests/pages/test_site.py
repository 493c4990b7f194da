"""What becomes of an error, wherever in a page it comes from."""

from dataclasses import dataclass, replace

import pytest

from tests.features.surface import Site as Opened
from tests.pages.walker import Walker
from userkit.errors import (
    ConfigurationError,
    ForbiddenError,
    MailUnavailableError,
    OverloadedError,
    RateLimitedError,
    ReauthenticationRequiredError,
    StaleError,
    UnauthenticatedError,
    UserKitError,
)
from userkit.http import Response
from userkit.pages.page import Answer, Goto, Page, Visit, Whom
from userkit.pages.paths import Paths
from userkit.pages.rendering import Renderer
from userkit.pages.site import Site
from userkit.pages.words import named_agent, wait_in_words

CHROME = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing(Page):
    """A page whose form fails as it is told."""

    name = "sign-out"
    title = "Failing"

    error: Exception

    async def act(self, visit: Visit) -> Answer:
        """Fail."""
        raise self.error


@dataclass(frozen=True, slots=True, kw_only=True)
class ForStrangers(Failing):
    """The same for whoever is not signed in."""

    whom = Whom.STRANGERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone(Failing):
    """A page that has nothing to show when its form fails."""

    async def show(self, visit: Visit) -> Answer:
        """Lead elsewhere."""
        return Goto(path="/account")


def sent(opened: Opened, walker: Walker, page: Page) -> Response:
    """Send the form of a page of the test's own."""
    paths = Paths.below("https://app.example", links={})
    names = {
        "app_name": "Engine",
        "url": paths.to,
        "has": frozenset[str](),
        "sends_mail": True,
        "least_password": 15,
        "style_url": "/style",
        "script_url": "/script",
    }
    surface = opened.surface
    site = Site(
        app=surface.app,
        users=surface.users,
        paths=paths,
        renderer=Renderer.of(names, templates=None),
        home="/account",
    )
    opened.surface = replace(surface, pages={**surface.pages, "/sign-out": site.handler(page)})
    return walker.ask("POST", "/sign-out", form={"csrf": walker.cookies.get("__Host-userkit-csrf", "")})


@pytest.mark.parametrize(
    ("error", "status", "waits"),
    [
        (ForbiddenError("Not today."), 403, False),
        (StaleError("Not today."), 409, False),
        (OverloadedError("Not today.", retry_after=3), 503, True),
        (MailUnavailableError("Not today."), 503, True),
    ],
)
def test_what_somebody_can_do_something_about_is_said_at_the_form(
    site: Opened, ada: Walker, error: UserKitError, status: int, waits: bool
) -> None:
    """With the status that it has everywhere."""
    response = sent(site, ada, Failing(error=error))
    assert response.status == status
    assert b'role="alert">Not today.</p>' in response.body
    assert b"<form" in response.body
    assert (response.header("retry-after") is not None) is waits


@pytest.mark.parametrize("error", [ConfigurationError("a secret"), RuntimeError("a secret")])
def test_what_is_nobodys_input_is_logged_under_a_number(
    site: Opened, ada: Walker, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """And the page has only the number."""
    response = sent(site, ada, Failing(error=error))
    assert response.status == 500
    assert b"a secret" not in response.body
    (record,) = caplog.records
    assert record.error_id.encode() in response.body


def test_whoever_is_signed_out_meanwhile_is_asked_to_sign_in(site: Opened, ada: Walker) -> None:
    """Wherever it is noticed; the cookie is taken back."""
    response = sent(site, ada, Failing(error=UnauthenticatedError()))
    assert response.header("location") == "/sign-in?did=sign-in-first&next=%2Fsign-out"
    assert ada.cookies == {}


def test_whoever_signs_in_and_is_refused_by_a_check_is_told_so(site: Opened, walker: Walker) -> None:
    """At the form, not led round in a circle."""
    response = sent(site, walker, ForStrangers(error=UnauthenticatedError("Not today.")))
    assert response.status == 401
    assert b"Not today." in response.body


def test_what_needs_a_fresh_proof_after_all_asks_for_it(site: Opened, ada: Walker) -> None:
    """Wherever it is noticed."""
    response = sent(site, ada, Failing(error=ReauthenticationRequiredError()))
    assert response.header("location") == "/confirm-password?next=%2Fsign-out"


def test_a_page_that_has_nothing_to_show_leads_elsewhere(site: Opened, ada: Walker) -> None:
    """Its error is nobody's any more."""
    assert sent(site, ada, Gone(error=ForbiddenError())).header("location") == "/account"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "in a minute"),
        (60, "in a minute"),
        (61, "in 2 minutes"),
        (900, "in 15 minutes"),
        (7200, "in 2 hours"),
    ],
)
def test_waiting_is_told_in_words(site: Opened, ada: Walker, seconds: float, words: str) -> None:
    """Rounded up, and to the second in the header."""
    assert wait_in_words(seconds) == words
    response = sent(site, ada, Failing(error=RateLimitedError(retry_after=seconds)))
    assert f"Too many attempts. Try again {words}.".encode() in response.body


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (CHROME, "Chrome on Linux"),
        (CHROME + " Edg/140.0.0.0", "Edge on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Firefox on Windows",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on an iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.0 Safari/605.1.15", "Safari on a Mac"),
        ("Firefox/1", "Firefox"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 61, "x" * 60 + "…"),
        ("", "An unknown program"),
        (None, "An unknown program"),
    ],
)
def test_programs_are_called_what_people_call_them(agent: str | None, name: str) -> None:
    """What is not known is shown as it is, cut where it is long."""
    assert named_agent(agent) == name


@pytest.mark.parametrize("query", ["next=%ff", "&".join(f"a{n}=1" for n in range(300)), "next=/a&next=/b"])
def test_a_query_that_cannot_be_read_says_nothing(walker: Walker, query: str) -> None:
    """The page is there all the same."""
    page = walker.goto(f"/sign-in?{query}")
    assert page.status == 200
    assert "next" not in page.markup.forms[0].values()
