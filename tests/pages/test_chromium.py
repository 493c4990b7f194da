"""The pages in a real browser, with JavaScript and without it, by both frameworks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.features.surface import NEW_PASSWORD, PASSWORD
from tests.pages.served import FRAMEWORKS, Served, serving
from tests.servers.availability import missing

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
READING = (Path(__file__).parent / "reading.js").read_text(encoding="utf-8")
ADA = "ada@example.com"
PAGES = (
    "account",
    "profile",
    "change-password",
    "new-email",
    "sessions",
    "api-keys",
    "new-api-key",
    "delete-account",
    "confirm-password",
    "sign-out",
    "forgot-password",
    "reset-password",
    "verify-email",
    "change-email",
)
FOR_STRANGERS = ("sign-in", "sign-up", "forgot-password", "reset-password", "verify-email", "change-email")

Open = Callable[..., Page]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start the browser. It ends with this module, so that no other test runs beside its event loop."""
    if not CHROMIUM.exists():
        missing("Chromium", install="apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=sorted(FRAMEWORKS))
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Return an application of each framework in turn."""
    with serving(request.param, tmp_path_factory.mktemp(request.param)) as served:
        yield served


@pytest.fixture
def open_page(chromium: Browser, served: Served) -> Iterator[Open]:
    """Open pages in browsers that know nothing of each other; what a browser complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_one(**options: object) -> Page:
        context = chromium.new_context(base_url=served.base_url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        return page

    yield open_one
    for context in contexts:
        context.close()
    # Answers such as 401 are told to developers as well; what the policy of the page forbids is, too.
    told = ("the server responded with a status of 4", "Autofocus processing was blocked")
    assert [each for each in complaints if not any(part in each for part in told)] == []


def sign_up(page: Page, email: str = ADA, password: str = PASSWORD) -> None:
    page.goto("/sign-up")
    page.get_by_label("Name", exact=True).fill("Ada Lovelace")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Create account").click()
    expect(page.get_by_role("status")).to_have_text("Welcome. Your account is open.")


def sign_in(page: Page, email: str = ADA, password: str = PASSWORD) -> None:
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")


def follow(page: Page, link: str, *, javascript: bool) -> None:
    """Open the link of a mail; without JavaScript, paste it as the page says."""
    page.goto(link)
    field = page.get_by_label("Link from the mail")
    if javascript:
        expect(field).to_be_hidden()
        assert "token" not in page.url
    else:
        expect(field).to_be_visible()
        field.fill(link)


def path_of(page: Page) -> str:
    return urlsplit(page.url).path


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_the_whole_life_of_an_account(served: Served, open_page: Open, javascript: bool) -> None:
    """From signing up to the end, with a second browser and a program beside it."""
    email = f"life-{javascript}@example.com".lower()
    page = open_page(java_script_enabled=javascript)
    status, alert = page.get_by_role("status"), page.get_by_role("alert")
    sign_up(page, email)

    follow(page, served.mailbox.link("verify_email"), javascript=javascript)
    page.get_by_role("button", name="Confirm the address").click()
    expect(status).to_have_text("Your address is confirmed.")

    page.get_by_role("navigation").get_by_role("link", name="Profile").click()
    page.get_by_label("Name", exact=True).fill("<b>Countess</b> of Lovelace")
    page.get_by_role("button", name="Save").click()
    expect(status).to_have_text("Your profile is saved.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("<b>Countess</b> of Lovelace")

    page.get_by_role("navigation").get_by_role("link", name="API keys").click()
    page.get_by_role("link", name="New key").click()
    page.get_by_label("Name", exact=True).fill("nightly build")
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_label("nightly build").input_value()
    me = page.context.request.get("/api/v1/users/me", headers={"x-api-key": key, "cookie": ""})
    assert me.json()["name"] == "<b>Countess</b> of Lovelace"
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Revoke").click()
    expect(status).to_have_text("The key is revoked.")
    assert page.context.request.get("/api/v1/users/me", headers={"x-api-key": key}).status == 401

    other = open_page(java_script_enabled=javascript)
    sign_in(other, email)
    page.goto("/sessions")
    expect(page.get_by_text("Chrome on Linux")).to_have_count(2)
    page.get_by_role("button", name="Sign out everywhere else").click()
    expect(status).to_have_text("All other sessions are over.")
    other.reload()
    expect(other.get_by_role("heading", level=1)).to_have_text("Sign in")

    page.goto("/new-email")
    page.get_by_label("New e-mail address").fill(f"new-{email}")
    page.get_by_role("button", name="Send the link").click()
    follow(page, served.mailbox.link("change_email"), javascript=javascript)
    page.get_by_role("button", name="Change the address").click()
    expect(status).to_have_text("Your address is changed.")

    page.get_by_role("button", name="Sign out").click()
    expect(status).to_have_text("You are signed out.")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail address").fill(f"new-{email}")
    page.get_by_role("button", name="Send the link").click()
    follow(page, served.mailbox.link("reset_password"), javascript=javascript)
    page.get_by_label("New password").fill("short")
    page.get_by_role("button", name="Set the password").click()
    expect(alert).to_contain_text("A password has at least 15 characters.")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Set the password").click()
    expect(status).to_have_text("Your password is changed. Sign in with the new one.")

    page.get_by_label("E-mail address").fill(f"new-{email}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(alert).to_have_text("The e-mail address or the password is wrong.")
    expect(page.get_by_label("E-mail address")).to_have_value(f"new-{email}")
    page.get_by_label("Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.get_by_role("link", name="Delete your account").click()
    page.get_by_label("I want to delete the account").check()
    page.get_by_role("button", name="Delete the account").click()
    expect(status).to_have_text("Your account is deleted.")


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_vf_5_the_owner_of_a_mailbox_takes_an_account_over(
    served: Served, open_page: Open, javascript: bool
) -> None:
    """Somebody has registered their address; they never learn the password, and end it."""
    email = f"taken-{javascript}@example.com".lower()
    stranger, owner = open_page(), open_page(java_script_enabled=javascript)
    sign_up(stranger, email)
    follow(owner, served.mailbox.link("verify_email"), javascript=javascript)
    owner.get_by_label("Password", exact=True).fill("what may it be")
    owner.get_by_role("button", name="Confirm the address").click()
    expect(owner.get_by_role("alert")).to_contain_text("This is not the password of the account.")
    owner.get_by_role("button", name="Confirm without the password").click()
    expect(owner.get_by_role("heading", level=1)).to_have_text("Forgot your password?")
    stranger.goto("/account")
    assert path_of(stranger) == "/sign-in"
    owner.get_by_label("E-mail address").fill(email)
    owner.get_by_role("button", name="Send the link").click()
    follow(owner, served.mailbox.link("reset_password"), javascript=javascript)
    owner.get_by_label("New password").fill(NEW_PASSWORD)
    owner.get_by_role("button", name="Set the password").click()
    sign_in(owner, email, NEW_PASSWORD)


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_st_4_no_server_sees_the_token_of_a_link(served: Served, open_page: Open, javascript: bool) -> None:
    """Neither in an address nor in a Referer; nor does the address bar keep it, where there is a script."""
    page = open_page(java_script_enabled=javascript)
    sign_up(page, f"quiet-{javascript}@example.com".lower())
    link = served.mailbox.link("verify_email")
    token = link.partition("#token=")[2]
    follow(page, link, javascript=javascript)
    assert token not in page.content().replace(f'value="{token}"', "")
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_role("status")).to_have_text("Your address is confirmed.")
    assert ("POST", "/verify-email?") in [asked[:2] for asked in served.asked]
    assert not [asked for asked in served.asked if token in "".join(asked)]
    if javascript:
        page.go_back()
        assert token not in page.url


def test_a_double_click_sends_a_form_once(open_page: Open) -> None:
    """Else the second answer would say that the link is spent, or the address taken."""
    page = open_page()
    page.goto("/forgot-password")
    page.get_by_label("E-mail address").fill(ADA)
    passed = page.evaluate("""(() => {
        const form = document.querySelector("main form"), button = form.querySelector("button");
        let passed = 0;
        form.addEventListener("submit", (event) => {
            passed += event.defaultPrevented ? 0 : 1;
            event.preventDefault();
        });
        button.click();
        button.click();
        return passed;
    })()""")
    assert passed == 1


def test_a_link_that_is_followed_while_the_page_is_open_is_taken(served: Served, open_page: Open) -> None:
    """Following another link to the same page only changes the fragment."""
    page = open_page()
    page.goto("/reset-password")
    expect(page.get_by_label("Link from the mail")).to_be_visible()
    page.goto("/reset-password#token=ukl_first")
    expect(page.get_by_label("Link from the mail")).to_be_hidden()
    assert page.evaluate("document.querySelector('#link').value") == "ukl_first"
    page.goto("/reset-password#token=%E4%")
    assert page.evaluate("document.querySelector('#link').value") == "%E4%"
    assert urlsplit(page.url).fragment == ""


def test_one_cookie_opens_pages_and_routes(open_page: Open) -> None:
    """No script can read it, and it is not sent along by other sites' forms."""
    page = open_page()
    sign_up(page, "cookie@example.com")
    (cookie,) = [each for each in page.context.cookies() if each["name"] == "userkit"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    answer = page.context.request.get("/api/v1/users/me")
    assert (answer.status, answer.json()["email"]) == (200, "cookie@example.com")


def test_se_4_another_site_cannot_send_a_form(served: Served, open_page: Open) -> None:
    """Not even to sign somebody in to an account of its own."""
    page = open_page()
    sign_up(page, "mallory@example.com")
    victim = open_page()
    victim.set_content(
        f'<form method="post" action="{served.base_url}/sign-in">'
        '<input name="email" value="mallory@example.com">'
        f'<input name="password" value="{PASSWORD}"><button>Win a prize</button></form>'
    )
    victim.get_by_role("button").click()
    expect(victim.get_by_role("heading", level=1)).to_have_text("This was not accepted")
    assert victim.context.cookies() == []


def test_signing_in_takes_a_keyboard_and_nothing_else(open_page: Open) -> None:
    """The way leads through everything in its order, and each stop can be seen."""
    page = open_page()
    sign_up(page, "keys@example.com")
    page.context.clear_cookies()
    page.goto("/sign-in")
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type("keys@example.com")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password", exact=True)).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your account")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send a new link")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("main").get_by_role("link", name="Profile")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile")


@pytest.mark.parametrize("path", ["sign-in", "sign-up", "forgot-password"])
def test_wherever_the_keyboard_is_can_be_seen(open_page: Open, path: str) -> None:
    """Every stop has an outline, and none is passed twice before the page is through."""
    page = open_page()
    page.goto(f"/{path}")
    stops = page.locator("a:visible, input:visible, button:visible").count()
    seen = set()
    for _ in range(stops):
        page.keyboard.press("Tab")
        style, width, name = page.evaluate(
            "(() => { const at = document.activeElement, style = getComputedStyle(at);"
            " return [style.outlineStyle, style.outlineWidth, at.outerHTML]; })()"
        )
        if name.startswith("<body"):
            continue
        assert (style, width) == ("solid", "3px"), name
        seen.add(name)
    assert len(seen) >= stops - 1


def test_a_wrong_field_is_focused_and_described(open_page: Open) -> None:
    """A screen reader says what is wrong, and the keyboard is where it can be mended."""
    page = open_page()
    page.goto("/sign-up")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_label("E-mail address").fill("weak@example.com")
    page.get_by_label("Password", exact=True).fill("short")
    page.get_by_role("button", name="Create account").click()
    field = page.get_by_label("Password", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(
        "At least 15 characters. Several words that have nothing to do with each other are easy to remember "
        "and hard to guess. Problem: A password has at least 15 characters."
    )


def test_a_password_can_be_looked_at(open_page: Open) -> None:
    """And is hidden again when the form is sent, so that no browser remembers it as text."""
    page = open_page()
    page.goto("/sign-in")
    field = page.get_by_label("Password", exact=True)
    field.fill("what I typed")
    page.get_by_role("button", name="Show the password").click()
    expect(field).to_have_attribute("type", "text")
    page.get_by_role("button", name="Hide the password").click()
    expect(field).to_have_attribute("type", "password")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_and_nothing_sticks_out(open_page: Open, scheme: str) -> None:
    """On each page, in both schemes, wide and at 320 pixels, with the longest name that there may be."""
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    for paths in (FOR_STRANGERS, PAGES):
        if paths is PAGES:
            email = f"{'a' * 50}-{scheme}@{'example' * 6}.com"
            sign_up(page, email)
            page.goto("/profile")
            page.get_by_label("Name", exact=True).fill("W" * 100)
            with page.expect_navigation():
                page.get_by_role("button", name="Save").click()
            page.goto("/new-api-key")
            page.get_by_label("Name", exact=True).fill("M" * 100)
            with page.expect_navigation():
                page.get_by_role("button", name="Make the key").click()
            _check_look(page)
        for path in paths:
            page.goto(f"/{path}")
            _check_look(page)
    page.goto("/new-email")
    page.get_by_label("New e-mail address").fill("a..b@example.com")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("alert")).to_be_visible()
    _check_look(page)


def _check_look(page: Page) -> None:
    look = page.evaluate(READING)
    assert look["looked"] > 4
    assert look["found"] == [], page.url
    assert page.evaluate("getComputedStyle(document.querySelector('button')).transitionDuration") == "0s"
    size = page.viewport_size
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, page.url
    assert size is not None
    page.set_viewport_size(size)
