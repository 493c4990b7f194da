"""What holds for every page: headers, methods, and markup that everybody can use."""

import re

import pytest

from tests.features.surface import PASSWORD, Site
from tests.pages.walker import Page, Walker

FOR_STRANGERS = ("/sign-in", "/sign-up")
FOR_ANYBODY = ("/forgot-password", "/reset-password", "/verify-email", "/change-email")
FOR_MEMBERS = (
    "/account",
    "/profile",
    "/change-password",
    "/new-email",
    "/sessions",
    "/api-keys",
    "/new-api-key",
    "/delete-account",
    "/confirm-password",
    "/sign-out",
)
ASSETS = ("/userkit-pages.css", "/userkit-pages.js")
EVERY = (*FOR_STRANGERS, *FOR_ANYBODY, *FOR_MEMBERS)
WITHOUT_A_WAY_BACK = ("/sign-out",)


def checked(page: Page) -> None:
    """Refuse what keeps people out: see WCAG 2.2, 1.3.1, 2.4.2, 2.4.6, 3.1.1, 3.3.2, 4.1.2."""
    markup = page.markup
    assert [each for each in markup.headings if each.startswith("h1 ")] == [markup.headings[0]]
    assert markup.title.endswith(" – userkit")
    assert len(markup.ids) == len(set(markup.ids))
    assert ("html", {"lang": "en"}) in markup.tags
    assert any(tag == "meta" and given.get("name") == "viewport" for tag, given in markup.tags)
    assert any(tag == "main" for tag, _ in markup.tags)
    for field in markup.fields:
        if field.is_hidden or field.tag == "button":
            continue
        assert field["id"] in markup.labels, field
        assert field["autocomplete"] or field["type"] == "checkbox" or field.tag == "select", field
        assert set(field["aria-describedby"].split()) <= set(markup.ids), field
    assert all(form.attributes["method"] == "post" for form in markup.forms)
    assert all(text and not text.isspace() for text in markup.links)
    focused = [each for each in markup.fields if "autofocus" in each.attributes]
    assert len(focused) <= 1


def secured(page: Page) -> None:
    """Refuse a page that lacks one of the headers that keep others from using it."""
    header = page.response.header
    policy = dict(part.strip().split(" ", 1) for part in (header("content-security-policy") or "").split(";"))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    assert header("content-type") == "text/html; charset=utf-8"
    assert header("x-content-type-options") == "nosniff"
    assert header("x-frame-options") == "DENY"
    assert header("referrer-policy") == "same-origin"
    assert header("cross-origin-opener-policy") == "same-origin"
    assert [value for name, value in page.response.headers if name == "cache-control"] == ["no-store"]
    # With this policy, nothing of the page may be inline.
    assert re.search(r"<style|\sstyle=|\son\w+=|<script(?! src)|javascript:", page.markup.html) is None


@pytest.mark.parametrize("path", [*FOR_STRANGERS, *FOR_ANYBODY])
def test_a_stranger_finds_pages_that_are_safe_and_usable(walker: Walker, path: str) -> None:
    """Headers, headings, labels, and a form that is sent to its own page."""
    page = walker.goto(path)
    assert page.status == 200
    secured(page)
    checked(page)
    assert "action" not in page.markup.forms[-1].attributes


@pytest.mark.parametrize("path", [*FOR_ANYBODY, *FOR_MEMBERS])
def test_a_member_finds_pages_that_are_safe_and_usable(ada: Walker, path: str) -> None:
    """The same inside, where one can get from everywhere to everywhere, and out."""
    page = ada.goto(path)
    assert (page.status, page.path) == (200, path)
    secured(page)
    checked(page)
    assert {"Overview", "Profile", "Password", "Sessions", "API keys"} <= set(page.markup.links)
    assert page.markup.forms[0].attributes["action"] == "/sign-out"
    csrf = ada.cookies["__Host-userkit-csrf"]
    assert all(form.values()["csrf"] == csrf for form in page.markup.forms)


def test_there_are_no_other_pages(site: Site) -> None:
    """The lists above are whole."""
    assert set(site.surface.pages) == {*EVERY, *ASSETS}


@pytest.mark.parametrize("path", FOR_MEMBERS)
def test_a_stranger_is_asked_to_sign_in_and_comes_back(walker: Walker, path: str) -> None:
    """Whoever wanted something gets it after the password, without looking for it again."""
    asked = walker.goto(path)
    assert asked.path.startswith("/sign-in")
    back = walker.send(email="ada@example.com", password=PASSWORD)
    assert back.path == ("/account" if path in WITHOUT_A_WAY_BACK else path)


@pytest.mark.parametrize("path", FOR_MEMBERS)
def test_a_stranger_cannot_send_the_forms_of_members(walker: Walker, path: str) -> None:
    """They are asked to sign in, and nothing has been done."""
    response = walker.ask("POST", path)
    assert response.status == 303
    assert (response.header("location") or "").startswith("/sign-in")


@pytest.mark.parametrize("path", FOR_STRANGERS)
def test_who_is_signed_in_is_led_on(ada: Walker, path: str) -> None:
    """Nobody is asked for a password who is inside already."""
    assert ada.goto(path).path == "/account"
    assert ada.goto(f"{path}?next=/sessions").path == "/sessions"
    assert ada.goto(f"{path}?did=verified").done == ["Your address is confirmed."]


@pytest.mark.parametrize("path", EVERY)
def test_head_options_and_other_methods_are_answered_as_people_expect(ada: Walker, path: str) -> None:
    """HEAD is GET without a body, OPTIONS tells the methods, and others are not allowed."""
    got, head = ada.ask("GET", path), ada.ask("HEAD", path)
    assert (head.status, head.body) == (got.status, b"")
    options = ada.ask("OPTIONS", path)
    assert (options.status, options.header("allow")) == (204, "GET, HEAD, OPTIONS, POST")
    refused = ada.ask("DELETE", path)
    assert (refused.status, refused.header("allow")) == (405, "GET, HEAD, OPTIONS, POST")
    secured(Page(path, refused, ada.goto("/account").markup))


@pytest.mark.parametrize("path", EVERY)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://app.example", "https://app.example:444"]
)
def test_se_4_no_form_is_taken_from_another_site(ada: Walker, path: str, origin: str) -> None:
    """Not even with the cookie, which the browser may send on its own."""
    response = ada.ask("POST", path, headers={"origin": origin})
    assert response.status == 403
    assert b"did not come from this site" in response.body


@pytest.mark.parametrize("path", [*FOR_STRANGERS, *FOR_ANYBODY])
@pytest.mark.parametrize(
    ("fetched", "taken"),
    [("", True), ("same-origin", True), ("none", True), ("same-site", False), ("cross-site", False)],
)
def test_se_4_without_an_origin_the_browser_says_where_a_form_is_from(
    walker: Walker, path: str, fetched: str, taken: bool
) -> None:
    """A browser that says nothing at all is too old for what it could be tricked into."""
    response = walker.ask("POST", path, headers={"origin": "", "sec-fetch-site": fetched})
    assert (response.status != 403) is taken


@pytest.mark.parametrize("path", FOR_MEMBERS)
@pytest.mark.parametrize("csrf", [None, "", "x", "\u00e4"])
def test_se_4_the_forms_of_members_carry_the_token_of_the_session(
    ada: Walker, path: str, csrf: str | None
) -> None:
    """Else they do nothing, even where the browser says nothing of the origin."""
    form = {} if csrf is None else {"csrf": csrf}
    assert ada.ask("POST", path, form=form, headers={"origin": ""}).status == 403


def test_se_4_the_token_of_another_session_is_none(site: Site, ada: Walker) -> None:
    """Somebody who has signed in elsewhere cannot make a form for this browser."""
    other = Walker(site).signed_in()
    form = {"csrf": other.cookies["__Host-userkit-csrf"], "name": "Mallory"}
    assert ada.ask("POST", "/profile", form=form).status == 403
    assert site.kit.users.get_by_email("ada@example.com").name == "Ada Lovelace"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"content-type": "application/json"}, 415),
        (b"", {"content-type": ""}, 415),
        (b"email=%ff", {}, 400),
        ("email=\u00e4".encode(), {}, 400),
        (b"email=a&email=b", {}, 422),
        (b"email=a&is_admin=1", {}, 422),
        (b"email=%00", {}, 422),
        (b"email=" + b"a" * 5000, {}, 422),
        (b"&".join(b"a%d=1" % n for n in range(300)), {}, 400),
        (b"a" * 300_000, {}, 413),
    ],
)
def test_rg_1_a_form_that_is_not_ours_is_refused(
    walker: Walker, body: bytes, headers: dict[str, str], status: int
) -> None:
    """Unknown fields, fields that are there twice, and what is no form at all."""
    response = walker.ask("POST", "/sign-in", body=body, headers=headers)
    assert response.status == status
    secured(Page("/sign-in", response, walker.goto("/sign-in").markup))


@pytest.mark.parametrize("path", EVERY)
def test_a_cookie_that_opens_nothing_is_taken_back(walker: Walker, path: str) -> None:
    """And whoever sent it is nobody."""
    walker.cookies["__Host-userkit"] = "uks_nonsense"
    walker.goto(path)
    assert ("__Host-userkit" in walker.cookies) is (path in (*FOR_STRANGERS, *FOR_ANYBODY))


def test_pages_are_for_people_and_look_at_no_other_credential(site: Site, walker: Walker) -> None:
    """A key or a bearer token opens no page: it would not carry the token of a form."""
    pair = site.kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)
    for headers in ({"authorization": f"Bearer {pair.access_token}"}, {"x-api-key": "uk_x"}):
        assert walker.ask("GET", "/account", headers=headers).status == 303


@pytest.mark.parametrize("path", ASSETS)
def test_what_pages_are_dressed_in_is_kept_until_it_changes(walker: Walker, path: str) -> None:
    """By its version for ever, and else not without asking."""
    page = walker.goto("/sign-in")
    url = next(url for url in re.findall(r'"(/[^"]+\?v=\w+)"', page.markup.html) if url.startswith(path))
    kept = walker.ask("GET", url)
    assert kept.header("cache-control") == "public, max-age=31536000, immutable"
    assert kept.header("x-content-type-options") == "nosniff"
    assert (kept.header("content-type") or "").startswith("text/")
    assert walker.ask("GET", path).header("cache-control") == "no-cache"
    assert walker.ask("HEAD", path).body == b""
    assert walker.ask("OPTIONS", path).header("allow") == "GET, HEAD, OPTIONS"
    assert walker.ask("POST", path).status == 405
