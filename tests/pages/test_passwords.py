"""Forgetting, replacing and changing a password."""

import pytest

from tests.features.surface import NEW_PASSWORD, PASSWORD, Site, alike
from tests.pages.walker import ORIGIN, Walker

ADA = "ada@example.com"


def reset_token(site: Site) -> str:
    """Return the token of a link that Ada has asked for."""
    site.kit.password_reset.request(email=ADA)
    return site.token("reset_password", ADA)


def test_a_forgotten_password_is_replaced(site: Site, walker: Walker) -> None:
    """Ask, follow the link, choose another one, sign in with it."""
    walker.goto("/forgot-password")
    assert walker.send(email=ADA).path == "/forgot-password?did=reset-sent"
    walker.goto("/reset-password")
    page = walker.send(link=site.token("reset_password", ADA), password=NEW_PASSWORD)
    assert (page.path, walker.cookies) == ("/sign-in?did=password-reset", {})
    assert page.done == ["Your password is changed. Sign in with the new one."]
    site.clock.advance(seconds=1)
    assert walker.send(email=ADA, password=NEW_PASSWORD).path == "/account"


def test_lg_3_forgetting_tells_nobody_who_has_an_account(site: Site) -> None:
    """The same answer and the same page for everybody."""
    pages = []
    for email in (ADA, "nobody@example.com"):
        walker = Walker(site)
        walker.goto("/forgot-password")
        pages.append(walker.send(email=email))
    assert pages[0].done == [
        "If there is an account with this address, a link to choose a new password is on its way."
    ]
    alike(page.response for page in pages)


def test_an_address_that_is_none_is_said_at_its_field(walker: Walker) -> None:
    """And stays there, to be mended."""
    walker.goto("/forgot-password")
    page = walker.send(email="no address")
    assert page.status == 400
    assert page.markup.forms[-1].values()["email"] == "no address"


@pytest.mark.parametrize(
    "form", ["{token}", " {token} ", "https://app.example/reset-password#token={token}", "<{token}>"]
)
def test_the_whole_link_or_its_token_is_taken(site: Site, walker: Walker, form: str) -> None:
    """Whoever has no JavaScript pastes what the mail says."""
    token = reset_token(site)
    walker.goto("/reset-password")
    page = walker.send(link=form.format(token=token), password=NEW_PASSWORD)
    assert page.path.startswith("/sign-in") is ("<" not in form)


def test_a_weak_password_leaves_the_link_in_its_field(site: Site, walker: Walker) -> None:
    """It is still good, and nobody has to look for the mail again."""
    token = reset_token(site)
    walker.goto("/reset-password")
    page = walker.send(link=token, password="short")
    assert (page.status, page.alerts) == (400, ["Problem: A password has at least 15 characters."])
    assert page.markup.forms[-1].values()["link"] == token
    assert walker.send(password=NEW_PASSWORD).path == "/sign-in?did=password-reset"


@pytest.mark.parametrize("token", ["", "nonsense", "ukl_AAAA", "<script>"])
def test_a_link_that_is_not_good_is_said_at_its_field(walker: Walker, token: str) -> None:
    """Spent, old or no link at all: all the same."""
    walker.goto("/reset-password")
    page = walker.send(link=token, password=NEW_PASSWORD)
    assert (page.status, page.alerts) == (400, ["Problem: The link is not valid or no longer valid."])
    assert "<script>" not in page.markup.html.replace("<script src", "")


def test_a_link_is_good_once(site: Site, walker: Walker) -> None:
    """The second time it is no link."""
    token = reset_token(site)
    walker.goto("/reset-password")
    walker.send(link=token, password=NEW_PASSWORD)
    walker.goto("/reset-password")
    assert walker.send(link=token, password=PASSWORD).status == 400


def test_vf_2_opening_the_page_of_a_link_spends_nothing(site: Site, walker: Walker) -> None:
    """Not even with the token in the query, where no page looks for it."""
    token = reset_token(site)
    for method in ("GET", "HEAD"):
        assert walker.ask(method, f"/reset-password?token={token}&link={token}").status == 200
    assert token not in walker.goto(f"/reset-password?link={token}&token={token}").markup.html
    walker.goto("/reset-password")
    assert walker.send(link=token, password=NEW_PASSWORD).path == "/sign-in?did=password-reset"


def test_st_4_no_address_that_a_page_leads_to_has_a_token_in_it(site: Site, walker: Walker) -> None:
    """Forms post it, and are answered with an address that has none."""
    token = reset_token(site)
    form = {"link": f"{ORIGIN}/reset-password#token={token}", "password": NEW_PASSWORD}
    response = walker.ask("POST", "/reset-password", form=form)
    assert response.header("location") == "/sign-in?did=password-reset"
    assert token not in repr(response)


def test_who_resets_their_own_password_while_signed_in_is_signed_out(site: Site, ada: Walker) -> None:
    """All sessions end, so the cookie goes too; somebody else's stays."""
    bob = site.kit.users.register(email="bob@example.com", name="Bob", password=PASSWORD)
    other = Walker(site).signed_in("bob@example.com")
    other.goto("/reset-password")
    assert other.send(link=reset_token(site), password=NEW_PASSWORD).path.startswith("/account")
    assert site.kit.sessions.list(bob.id).items
    site.clock.advance(hours=1)
    ada.signed_in(ADA, NEW_PASSWORD)
    ada.goto("/reset-password")
    assert ada.send(link=reset_token(site), password=PASSWORD).path.startswith("/sign-in")
    assert ada.cookies == {}


def test_a_password_is_changed_and_this_browser_stays_signed_in(site: Site, ada: Walker) -> None:
    """All others are signed out."""
    other = Walker(site).signed_in()
    ada.goto("/change-password")
    page = ada.send(current_password=PASSWORD, new_password=NEW_PASSWORD)
    assert page.path == "/change-password?did=password-changed"
    assert ada.goto("/account").path == "/account"
    assert other.goto("/account").path.startswith("/sign-in")
    assert Walker(site).signed_in(ADA, NEW_PASSWORD)


@pytest.mark.parametrize(
    ("current", "new", "status", "field"),
    [("wrong", NEW_PASSWORD, 401, "current_password"), (PASSWORD, "short", 400, "new_password")],
)
def test_what_is_wrong_with_a_change_is_said_at_its_field(
    ada: Walker, current: str, new: str, status: int, field: str
) -> None:
    """And neither password is in the page."""
    ada.goto("/change-password")
    page = ada.send(current_password=current, new_password=new)
    assert page.status == status
    assert [each["name"] for each in page.markup.fields if each["aria-invalid"]] == [field]
    assert {PASSWORD, NEW_PASSWORD} & set(page.markup.forms[-1].values().values()) == set()


def test_lg_2_guessing_at_the_page_counts_like_signing_in(site: Site, ada: Walker) -> None:
    """Five wrong ones, wherever they are given."""
    for path, field in (("/change-password", "current_password"), ("/confirm-password", "password")):
        ada.goto(path)
        for _ in range(3):
            page = ada.send(
                **{field: "wrong"}, **({"new_password": NEW_PASSWORD} if "change" in path else {})
            )
    assert page.status == 429
    assert page.response.header("retry-after")
