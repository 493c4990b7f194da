"""Which pages there are, how they look, and what is refused at start."""

import logging
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.features.surface import PASSWORD, SECRET
from tests.pages.conftest import OpenPages
from tests.pages.test_every_page import checked, secured
from tests.pages.walker import Walker
from userkit import ConfigurationError, SyncUserKit
from userkit.errors import MissingExtraError, StoreUnavailableError
from userkit.features.passwords import passwords
from userkit.features.registration import registration
from userkit.pages import PageSettings, rendering, with_pages
from userkit.surface import Surface

MAILED = {"/verify-email", "/change-email", "/new-email", "/forgot-password", "/reset-password"}


def test_without_a_mailer_there_are_no_pages_that_need_one(open_pages: OpenPages) -> None:
    """And no links to them."""
    site = open_pages(mailer=None)
    assert not MAILED & set(site.surface.pages)
    walker = Walker(site)
    assert set(walker.goto("/sign-in").markup.links) == {
        "Skip to the content",
        "userkit",
        "Create an account",
    }
    walker.goto("/sign-up")
    page = walker.send(name="Ada", email="ada@example.com", password=PASSWORD)
    assert "Not confirmed" in page.markup.text
    assert "Send a new link" not in page.markup.text
    assert "Change your address" not in walker.goto("/profile").markup.links


def test_where_registration_is_closed_nobody_is_asked_to_sign_up(open_pages: OpenPages) -> None:
    """There is no page for it."""
    site = open_pages(registration("closed"))
    assert "/sign-up" not in site.surface.pages
    assert "Create an account" not in Walker(site).goto("/sign-in").markup.links


def test_a_kit_that_takes_no_keys_offers_none(open_pages: OpenPages) -> None:
    """Neither a page nor a place in the navigation."""
    site = open_pages(auth=("session",))
    assert not {"/api-keys", "/new-api-key"} & set(site.surface.pages)
    site.kit.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
    walker = Walker(site).signed_in()
    assert "API keys" not in walker.goto("/account").markup.links


def test_pw_1_the_page_says_how_long_a_password_must_be(open_pages: OpenPages) -> None:
    """As the application has chosen it."""
    site = open_pages(passwords(min_length=20))
    assert "At least 20 characters." in Walker(site).goto("/sign-up").markup.text


def test_each_realm_has_pages_for_its_own_people(open_pages: OpenPages) -> None:
    """A cookie of one opens nothing in the other, nor does a password."""
    site = open_pages()
    acme = site.kit.realm("acme")
    acme.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
    view = replace(site, kit=acme, surface=with_pages(Surface.of(acme), acme))
    ada = Walker(view).signed_in()
    assert Walker(site, cookies=ada.cookies).goto("/account").path.startswith("/sign-in")
    stranger = Walker(site)
    stranger.goto("/sign-in")
    assert stranger.send(email="ada@example.com", password=PASSWORD).status == 401


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"base_url": None, "mailer": None}, "base_url="),
        ({"surface": {"transports": ["bearer"]}}, "transports="),
        ({"auth": ("jwt",)}, "auth="),
    ],
)
def test_pages_that_could_not_work_are_refused_at_start(
    open_pages: OpenPages, changes: dict[str, object], told: str
) -> None:
    """With what to change."""
    with pytest.raises(ConfigurationError, match=told):
        open_pages(**changes)


def test_without_jinja2_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where pages are wanted: a kit and its surface do without."""
    monkeypatch.setitem(sys.modules, "jinja2", None)
    rendering._environment.cache_clear()
    kit = SyncUserKit("memory://", secret=SECRET, base_url="https://app.example")
    surface = Surface.of(kit)
    with pytest.raises(MissingExtraError, match=r"pip install 'userkit-sdk\[pages\]'"):
        with_pages(surface, kit)


def test_an_application_changes_colours_and_where_people_arrive(open_pages: OpenPages) -> None:
    """Its rules come after ours, and browsers fetch the stylesheet anew."""
    usual = Walker(open_pages())
    settings = PageSettings(css=":root { --userkit-accent: #7c2d92 }", after_sign_in="/dashboard")
    site = open_pages(settings=settings)
    site.kit.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
    walker = Walker(site)
    own, theirs = (each.goto("/sign-in").markup for each in (walker, usual))
    (style,) = [given["href"] for tag, given in own.tags if given.get("rel") == "stylesheet"]
    assert walker.ask("GET", style).body.decode().endswith("\n:root { --userkit-accent: #7c2d92 }\n")
    assert ("link", {"rel": "stylesheet", "href": style}) not in theirs.tags
    form = {"email": "ada@example.com", "password": PASSWORD}
    assert walker.ask("POST", "/sign-in", form=form).header("location") == "/dashboard"
    assert walker.ask("GET", "/sign-in").header("location") == "/dashboard"


def test_an_application_brings_templates_of_its_own(open_pages: OpenPages, tmp_path: Path) -> None:
    """One that is named like ours takes its place, and can build on it."""
    (tmp_path / "layout.html").write_text(
        '{% extends "userkit/layout.html" %}{% block foot %}<footer>Imprint</footer>{% endblock %}'
    )
    (tmp_path / "problem.html").write_text("{{ nothing.of_the_kind }}")
    site = open_pages(settings=PageSettings(templates=tmp_path))
    page = Walker(site).goto("/sign-in")
    secured(page)
    checked(page)
    assert "Imprint" in page.markup.text


def test_a_template_that_fails_fails_closed(
    open_pages: OpenPages, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has it under a number, and the answer only the number: even for the page that would say so."""
    for name in ("sign_in.html", "problem.html"):
        (tmp_path / name).write_text("{{ nothing.of_the_kind }}")
    site = open_pages(settings=PageSettings(templates=tmp_path))
    with caplog.at_level(logging.ERROR, "userkit.http"):
        response = Walker(site).ask("GET", "/sign-in")
    assert response.status == 500
    assert b"of_the_kind" not in response.body
    assert response.header("content-security-policy")
    assert [value for name, value in response.headers if name == "cache-control"] == ["no-store"]
    assert len(caplog.records) == 2


@pytest.mark.parametrize(("text", "told"), [("{% if %}", "line 1"), (b"\xff", "cannot be read")])
def test_a_template_with_a_mistake_is_refused_at_start(
    open_pages: OpenPages, tmp_path: Path, text: str | bytes, told: str
) -> None:
    """With its name and the line."""
    (tmp_path / "sign_in.html").write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ConfigurationError, match=f"sign_in.html.*{told}"):
        open_pages(settings=PageSettings(templates=tmp_path))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"templates": Path("nowhere")}, "not there: nowhere"),
        ({"after_sign_in": "https://evil.example"}, "after_sign_in"),
    ],
)
def test_settings_that_cannot_be_are_refused(given: dict[str, object], told: str) -> None:
    """When they are made, not when somebody visits."""
    with pytest.raises(ConfigurationError, match=told):
        PageSettings(**given)  # type: ignore[arg-type]  # of the right types, one by one


def test_true_stands_for_the_usual_settings(open_pages: OpenPages) -> None:
    """So integrations pass on what they are given."""
    site = open_pages()
    assert set(with_pages(site.surface, site.kit, True).pages) == set(site.surface.pages)


def test_cf_1_a_store_that_fails_lets_nobody_in(
    open_pages: OpenPages, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said that it will pass, or the log has it, and no cookie is given."""
    site = open_pages()
    site.kit.users.register(email="ada@example.com", name="Ada", password=PASSWORD)
    inside = Walker(site).signed_in()
    walker = Walker(site)
    store, form = site.surface.users.get.store, {"email": "ada@example.com", "password": PASSWORD}
    for error, status in ((StoreUnavailableError(), 503), (RuntimeError("secret of the driver"), 500)):

        async def fail(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        with monkeypatch.context() as broken:
            for verb in ("get", "find", "commit"):
                broken.setattr(type(store), verb, fail)
            for response in (inside.ask("GET", "/account"), walker.ask("POST", "/sign-in", form=form)):
                assert response.status == status
                assert b"secret of the driver" not in response.body
                assert response.header("content-type") == "text/html; charset=utf-8"
                assert (response.header("retry-after") is not None) is (status == 503)
    assert walker.cookies == {}
    assert len([each for each in caplog.records if each.levelno == logging.ERROR]) == 2
