"""Where people may be sent, where pages are, and what is read from links."""

from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.features.surface import Site, features
from tests.pages.conftest import OpenPages
from tests.pages.walker import Walker
from userkit import ConfigurationError
from userkit.features.mail import mail
from userkit.pages.forms import token_in
from userkit.pages.paths import local_path

SITE = "https://app.example/account/sign-in"
# What addresses are made of, and what browsers read in their own way.
pieces = st.sampled_from(
    ["/", "//", "\\", "a", "..", ".", "?", "#", "@", ":", "https:", "evil.example", "%2f", "%5c"]
)
near_paths = st.lists(st.one_of(pieces, st.characters(max_codepoint=0x3000)), max_size=12).map("".join)


def as_browsers_read(text: str) -> str:
    """Return an address as the URL standard reads it: nothing invisible, and each backslash a slash."""
    kept = "".join(char for char in text.strip("".join(map(chr, range(0x21)))) if char not in "\t\n\r")
    return kept.replace("\\", "/")


@given(st.one_of(st.text(), near_paths, near_paths.map("/{}".format)))
@example("//evil.example")
@example("/\\evil.example")
@example("/\t/evil.example")
@example("/%09/evil.example")
@example("/a//evil.example")
@example("https://evil.example")
@example("https:evil.example")
@example("/..//evil.example")
@example("/\u2028/evil.example")
def test_whatever_is_taken_for_a_path_stays_on_this_site(text: str) -> None:
    """However browsers and libraries read it, and also when it is joined twice."""
    path = local_path(text)
    if path is None:
        return
    for read in (path, as_browsers_read(path)):
        assert read.startswith("/")
        once = urljoin(SITE, read)
        assert once.startswith("https://app.example/")
        assert urljoin("https://app.example/", urlsplit(once)._replace(scheme="", netloc="").geturl()) == once
    assert path == text
    assert path.isascii()
    assert path.isprintable()


@pytest.mark.parametrize(
    "path",
    ["/", "/a", "/a/", "/a/b?c=d&e=/f?g", "/account/sessions?after=x%2Fy", "/a-b_c.d~e", "/@ada", "/?q=1"],
)
def test_paths_of_this_site_are_taken(path: str) -> None:
    """With a query as well."""
    assert local_path(path) == path


@pytest.mark.parametrize(
    "text", [None, "", "a", "//", "/a//b", "/a#b", "/a b", "/\u00e4", "/a\x00", "/" + "a" * 2000]
)
def test_everything_else_is_none(text: str | None) -> None:
    """It is not mended; whoever sent it meant something else."""
    assert local_path(text) is None


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters=" "), min_size=1))
def test_a_token_is_found_in_the_link_that_the_mail_has(token: str) -> None:
    """As it stands there, quoted, with anything around it."""
    link = f"https://app.example/reset-password#token={quote(token, safe='')}"
    assert token_in(f"  Link: {link}  \n") == token
    assert token_in(f"{link}&more=1") == token


@given(st.text())
def test_a_token_alone_is_what_was_typed(text: str) -> None:
    """Blanks around it come from copying."""
    if "#token=" not in text:
        assert token_in(text) == text.strip()


@pytest.mark.parametrize("text", ["#token=", "#token=  ", "x#token=\n"])
def test_a_link_without_a_token_is_no_token(text: str) -> None:
    """And is refused as one."""
    assert token_in(text) == text.strip()


def test_pages_lie_below_the_path_of_the_base_url(open_pages: OpenPages) -> None:
    """The path itself is the overview; links and redirects stay below it."""
    site = open_pages(base_url="https://app.example/me/account")
    assert "/me/account" in site.surface.pages
    assert all(path.startswith("/me/account") for path in site.surface.pages)
    walker = Walker(site, prefix="/me/account")
    walker.goto("/sign-up")
    page = walker.send(name="Ada", email="ada@example.com", password="mauve otters juggle teapots")
    assert page.path == "/me/account?did=welcome"
    assert all(href.startswith("/me/account") for href in page.markup.links.values() if href != "#content")


def links_in(site: Site) -> set[str]:
    """Return where all mails lead that have a link, as paths."""
    user = site.kit.users.register(
        email="ada@example.com", name="Ada", password="mauve otters juggle teapots"
    )
    site.kit.password_reset.request(email=user.email)
    site.kit.email_verification.change(user.id, email="ada@new.example")
    site.letters()
    words = [word for message in site.mailer.sent for word in message.text.split() if "#token=" in word]
    return {urlsplit(word).path for word in words}


def test_the_links_in_mails_lead_to_pages(open_pages: OpenPages) -> None:
    """Every purpose that a mail has a link for."""
    site = open_pages()
    found = links_in(site)
    assert found == {"/verify-email", "/reset-password", "/change-email"}
    assert found <= set(site.surface.pages)


def test_pages_are_where_the_application_says_that_mails_lead(open_pages: OpenPages) -> None:
    """Below the path of the base URL, as the links are."""
    paths = {"verify_email": "/welcome?from=mail", "change_email": "/moved/now"}
    site = open_pages(
        mail(sender="App <no-reply@app.example>", paths=paths), base_url="https://app.example/account"
    )
    found = links_in(site)
    assert found == {"/account/welcome", "/account/reset-password", "/account/moved/now"}
    assert found <= set(site.surface.pages)


@pytest.mark.parametrize("path", ["/{id}", "/<id>", "/a%20b", "/\u00e4", "/a//b", "/"])
def test_a_path_that_a_framework_reads_in_its_own_way_is_refused(open_pages: OpenPages, path: str) -> None:
    """At start, with what to change."""
    feature = mail(sender="App <no-reply@app.example>", paths={"verify_email": path})
    with pytest.raises(ConfigurationError, match="No page can be at"):
        open_pages(feature)


def test_two_pages_are_not_at_one_path(open_pages: OpenPages) -> None:
    """Nobody would see the second."""
    feature = mail(sender="App <no-reply@app.example>", paths={"verify_email": "/sign-in"})
    with pytest.raises(ConfigurationError, match="The pages sign-in and verify-email are both at /sign-in"):
        open_pages(features=features(feature))
