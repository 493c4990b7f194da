"""The profile, the sessions, the keys, and the end of an account."""

from datetime import timedelta

import pytest

from tests.features.surface import PASSWORD, UNKNOWN_ID, Site
from tests.pages.conftest import OpenPages
from tests.pages.walker import Walker
from userkit import NotFoundError, UserNotFoundError

ADA = "ada@example.com"


def test_a_name_is_changed(site: Site, ada: Walker) -> None:
    """And is what the page says from then on."""
    ada.goto("/profile")
    page = ada.send(name="Ada King")
    assert (page.path, page.done) == ("/profile?did=saved", ["Your profile is saved."])
    assert page.markup.forms[-1].values()["name"] == "Ada King"
    assert site.kit.users.get_by_email(ADA).name == "Ada King"


def test_a_name_that_is_none_is_said_at_its_field(site: Site, ada: Walker) -> None:
    """What was typed stays in the field, and the account as it was."""
    ada.goto("/profile")
    page = ada.send(name="x" * 101)
    assert (page.status, page.alerts) == (400, ["Problem: A name has at most 100 characters."])
    assert page.markup.forms[-1].values()["name"] == "x" * 101
    assert site.kit.users.get_by_email(ADA).name == "Ada Lovelace"


def test_who_acts_is_written_down(site: Site, ada: Walker) -> None:
    """The trail has the session, the address of the client and the program."""
    ada.goto("/profile")
    ada.send(name="Ada King")
    (entry,) = [each for each in site.kit.audit.list(limit=100).items if each.event == "user_updated"]
    assert entry.address == "192.0.2.1"
    assert entry.user_agent == ada.agent
    assert entry.actor_id == site.kit.users.get_by_email(ADA).id


def test_sessions_are_listed_by_what_people_call_them(site: Site, ada: Walker) -> None:
    """This one first."""
    Walker(site, agent="curl/8.5.0").signed_in()
    page = ada.goto("/sessions")
    assert page.markup.headings[1:] == ["h2 Firefox on Linux This one", "h2 curl/8.5.0"]


def test_one_session_is_ended(site: Site, ada: Walker) -> None:
    """It is over at once, and the others go on."""
    other = Walker(site).signed_in()
    ada.goto("/sessions")
    page = ada.send(2)
    assert (page.path, page.done) == ("/sessions?did=session-ended", ["That session is over."])
    assert other.goto("/account").path.startswith("/sign-in")
    assert len([each for each in page.markup.headings if each.startswith("h2")]) == 1


def test_ending_this_session_signs_out(ada: Walker) -> None:
    """The cookie is taken back."""
    ada.goto("/sessions")
    assert ada.send(1).path == "/sign-in?did=signed-out"
    assert ada.cookies == {}


def test_all_other_sessions_are_ended(site: Site, ada: Walker) -> None:
    """This one stays."""
    other = Walker(site).signed_in()
    ada.goto("/sessions")
    assert ada.send(which="others").path == "/sessions?did=others-ended"
    assert other.goto("/account").path.startswith("/sign-in")


def test_all_sessions_are_ended(site: Site, ada: Walker) -> None:
    """This one as well."""
    other = Walker(site).signed_in()
    ada.goto("/sessions")
    assert ada.send(which="all").path == "/sign-in?did=signed-out-everywhere"
    assert ada.cookies == {}
    assert other.goto("/account").path.startswith("/sign-in")


def test_az_1_somebody_elses_session_is_like_none(site: Site, ada: Walker) -> None:
    """The page says the same of it as of one that never was, and it goes on."""
    site.kit.users.register(email="bob@example.com", name="Bob", password=PASSWORD)
    bob = Walker(site).signed_in("bob@example.com")
    bobs = site.kit.sessions.list(site.kit.users.get_by_email("bob@example.com").id).items[0].id
    told = []
    for session in (bobs, UNKNOWN_ID, "nonsense", ""):
        ada.goto("/sessions")
        told.append(ada.send(1, session=session).done)
    assert told == [["That session is over."]] * 4
    assert bob.goto("/account").path == "/account"


@pytest.mark.parametrize("path", ["/sessions", "/api-keys"])
def test_a_list_goes_on_on_another_page(site: Site, ada: Walker, path: str) -> None:
    """By a cursor; one that is none leads to the beginning."""
    user = site.kit.users.get_by_email(ADA)
    for number in range(30):
        if path == "/sessions":
            site.kit.sessions.sign_in(email=ADA, password=PASSWORD)
        else:
            site.kit.api_keys.create(user.id, name=f"key {number}")
    first = ada.goto(path)
    second = ada.goto(first.markup.links["Older ones"])
    assert "Older ones" not in second.markup.links
    assert len(second.markup.headings) < len(first.markup.headings)
    assert ada.goto(f"{path}?after=nonsense").path == path


def test_a_key_is_made_shown_once_and_revoked(site: Site, ada: Walker) -> None:
    """It opens the account until then."""
    ada.goto("/new-api-key")
    page = ada.send(name="nightly build", days="30")
    assert page.status == 201
    assert page.response.header("cache-control") == "no-store"
    (field,) = [each for each in page.markup.fields if each["id"] == "key"]
    identity = site.kit.authenticate(field["value"])
    assert identity.expires_at == site.clock() + timedelta(days=30)
    assert identity.scopes == frozenset()
    listed = ada.goto("/api-keys")
    assert field["value"] not in listed.markup.html
    assert field["value"][:15] in listed.markup.html
    assert ada.send().done == ["The key is revoked."]
    assert site.kit.api_keys.list(identity.user_id).items == ()


def test_an_expired_key_is_marked(site: Site, ada: Walker) -> None:
    """It is still in the list."""
    user = site.kit.users.get_by_email(ADA)
    site.kit.api_keys.create(user.id, name="old", expires_at=site.clock() + timedelta(hours=1))
    site.clock.advance(hours=2)
    assert "h2 old Expired" in ada.goto("/api-keys").markup.headings


def test_ak_1_a_key_may_do_what_was_ticked(site: Site, ada: Walker) -> None:
    """And only what its owner may; the page offers nothing else, and takes nothing else."""
    user = site.kit.users.get_by_email(ADA)
    site.kit.roles.assign(user.id, "poster")
    page = ada.goto("/new-api-key")
    assert [each["name"] for each in page.markup.fields if each["type"] == "checkbox"] == [
        "scope-posts:write"
    ]
    site.kit.roles.assign(user.id, "users-read")
    ada.ask(
        "POST",
        "/new-api-key",
        form={**page.markup.forms[-1].values(), "name": "a", "scope-posts:write": "yes"},
    )
    refused = ada.send(name="b", **{"scope-users:delete": "yes"})
    assert refused.status == 403
    assert "The scope users:delete is not within what the owner may do." in refused.alerts[0]
    (key,) = site.kit.api_keys.list(user.id).items
    assert (key.name, key.scopes) == ("a", frozenset({"posts:write"}))


@pytest.mark.parametrize(
    ("typed", "status"),
    [({"name": ""}, 400), ({"days": "9999"}, 422), ({"days": "x"}, 422), ({"scope-x": "1"}, 422)],
)
def test_a_key_that_cannot_be_is_refused(site: Site, ada: Walker, typed: dict[str, str], status: int) -> None:
    """With what was chosen still there."""
    ada.goto("/new-api-key")
    page = ada.send(**{"name": "build", "days": "365", **typed})
    assert page.status == status
    assert page.alerts
    values = page.markup.forms[-1].values()
    assert (values["name"], values.get("days")) == (
        typed.get("name", "build"),
        None if "days" in typed else "365",
    )
    assert not site.kit.api_keys.list(site.kit.users.get_by_email(ADA).id).items


def test_az_1_somebody_elses_key_is_like_none(site: Site, ada: Walker) -> None:
    """Revoking it says the same and does nothing."""
    bob = site.kit.users.register(email="bob@example.com", name="Bob")
    key = site.kit.api_keys.create(bob.id, name="bobs")
    site.kit.api_keys.create(site.kit.users.get_by_email(ADA).id, name="own")
    ada.goto("/api-keys")
    assert ada.send(key=key.id).done == ["The key is revoked."]
    assert len(site.kit.api_keys.list(bob.id).items) == 1
    site.kit.api_keys.revoke(bob.id, key.id)
    with pytest.raises(NotFoundError):
        site.kit.api_keys.revoke(bob.id, key.id)


def test_an_account_is_deleted_by_who_is_sure(site: Site, ada: Walker) -> None:
    """It is gone, the browser is signed out, and the address is free."""
    ada.goto("/delete-account")
    unsure = ada.send()
    assert (unsure.status, unsure.alerts) == (422, ["Problem: Say that you are sure."])
    page = ada.send(sure="yes")
    assert (page.path, page.done) == ("/sign-in?did=deleted", ["Your account is deleted."])
    assert ada.cookies == {}
    with pytest.raises(UserNotFoundError):
        site.kit.users.get_by_email(ADA)


def test_az_2_the_last_administrator_stays(open_pages: OpenPages) -> None:
    """The page says why, above the form."""
    site = open_pages()
    user = site.kit.users.register(email=ADA, name="Ada", password=PASSWORD)
    site.kit.roles.assign(user.id, "admin")
    ada = Walker(site).signed_in()
    ada.goto("/delete-account")
    page = ada.send(sure="yes")
    assert page.status in (403, 409)
    assert len(page.alerts) == 1
    assert site.kit.users.get(user.id)
