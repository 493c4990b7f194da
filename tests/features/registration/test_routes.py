"""Opening accounts over HTTP: open, closed and private."""

from typing import Any

import pytest

from tests.features.surface import (
    PASSWORD,
    OpenSite,
    Site,
    alike,
    answer,
    asking,
    problem,
    read,
)
from userkit.errors import InvalidCredentialsError
from userkit.features.email_verification import email_verification
from userkit.features.registration import ADDRESS_LIMIT, registration
from userkit.http import Response

FIELDS = {"id", "email", "email_verified", "name", "disabled", "attributes", "created_at", "updated_at"}
PRIVATE = (registration("private"), email_verification(required=True))


def register(
    site: Site, email: str = "ada@example.com", *, headers: Any = (), peer: str = "192.0.2.1", **more: Any
) -> Response:
    """Open an account."""
    body = {"email": email, "name": "Ada Lovelace", **more}
    return site.ask("POST", "/users", json=body, headers=headers, peer=peer)


def emails(site: Site) -> list[str]:
    """Return the addresses of all users."""
    return [user.email for user in site.kit.users.list().items]


def staff(site: Site, *roles: str) -> Any:
    """Return the headers of somebody with roles, whose address is confirmed."""
    return site.person("staff", *roles, verified=True).headers


@pytest.fixture
def closed(open_site: OpenSite) -> Site:
    """A kit where only the staff opens accounts."""
    return open_site(registration("closed"))


@pytest.fixture
def private(open_site: OpenSite) -> Site:
    """A kit where nobody learns who has an account."""
    return open_site(*PRIVATE)


# Open


def test_anybody_opens_an_account(site: Site) -> None:
    """201, the user, where it can be read, and its revision."""
    response = register(site, "Ada@Example.com", password=PASSWORD, attributes={"plan": "free"})
    told = read(response)
    assert (response.status, set(told)) == (201, FIELDS)
    assert (told["email"], told["name"]) == ("Ada@Example.com", "Ada Lovelace")
    assert (told["email_verified"], told["disabled"]) == (False, False)
    assert told["attributes"] == {"plan": "free"}
    assert told["created_at"] == told["updated_at"] == "2026-01-01T00:00:00.000Z"
    assert response.header("location") == f"/api/v1/users/{told['id']}"
    assert response.header("etag") == '"v1"'
    login = site.ask("POST", "/auth/login", json={"email": "ada@example.com", "password": PASSWORD})
    headers = {"authorization": f"Bearer {read(login)['access_token']}"}
    assert site.ask("GET", f"/users/{told['id']}", headers=headers).body == response.body
    assert site.letters() == [("verify_email", "Ada@Example.com")]


def test_a_password_and_attributes_may_be_left_out(site: Site) -> None:
    """Such an account opens by a reset."""
    told = read(register(site))
    assert told["attributes"] == {}
    with pytest.raises(InvalidCredentialsError):
        site.kit.sessions.sign_in(email="ada@example.com", password=PASSWORD)


def test_the_location_has_the_prefix_of_the_application(open_site: OpenSite) -> None:
    """Whichever it has chosen."""
    site = open_site(surface={"prefix": "/accounts"})
    response = register(site)
    assert response.header("location") == f"/accounts/users/{read(response)['id']}"


def test_rg_3_an_address_is_registered_once(site: Site) -> None:
    """409 for it in any spelling."""
    assert register(site).status == 201
    for spelling in ("ada@example.com", "ADA@Example.COM"):
        problem(register(site, spelling), 409, "email_already_exists")
    assert emails(site) == ["ada@example.com"]
    assert [template for template, _ in site.letters()] == ["verify_email"]


INVALID: list[tuple[dict[str, Any], str]] = [
    ({"email": ""}, "invalid_email"),
    ({"email": "ada"}, "invalid_email"),
    ({"email": "ada@example.com, bob@example.com"}, "invalid_email"),
    ({"email": "ada@example.com\r\nBcc: bob@example.com"}, "invalid_email"),
    ({"name": ""}, "invalid_name"),
    ({"name": "Ada\nLovelace"}, "invalid_name"),
    ({"name": "\u202eecalevoL"}, "invalid_name"),
    ({"password": "short"}, "weak_password"),
    ({"password": "password12345678"}, "weak_password"),
    ({"password": "ada@example.com"}, "weak_password"),
    ({"attributes": {"a": "x" * 100_000}}, "invalid_attributes"),
]


@pytest.mark.parametrize(
    ("given", "code"), INVALID, ids=[f"{code} {place}" for place, (_, code) in enumerate(INVALID)]
)
def test_what_an_account_cannot_be_like_is_refused(open_site: OpenSite, given: Any, code: str) -> None:
    """Alike in every mode, so that it tells nothing about others."""
    for mode in ((), PRIVATE):
        site = open_site(*mode)
        response = site.ask("POST", "/users", json={"email": "ada@example.com", "name": "Ada", **given})
        problem(response, 400, code)
        assert emails(site) == []
        site.kit.users.register(email="ada@example.com", name="Ada")
        again = site.ask("POST", "/users", json={"email": "ada@example.com", "name": "Ada", **given})
        assert again == response


@pytest.mark.parametrize("mode", [(), PRIVATE], ids=["open", "private"])
def test_an_address_opens_so_many_accounts_in_a_quarter_of_an_hour(open_site: OpenSite, mode: Any) -> None:
    """Then it waits, and others do not; IPv6 counts by /64, and the staff is not limited."""
    site = open_site(*mode)
    headers = staff(site, "users-write")
    status = 202 if mode else 201
    for number in range(ADDRESS_LIMIT.attempts):
        assert register(site, f"user{number}@example.com", peer=f"2001:db8::{number}").status == status
    limited = register(site, "late@example.com", peer="2001:db8::ffff")
    problem(limited, 429, "rate_limited")
    assert 0 < int(limited.header("retry-after") or 0) <= 15 * 60
    assert register(site, "other@example.com", peer="2001:db8:1::1").status == status
    assert register(site, "staffs@example.com", peer="2001:db8::1", headers=headers).status == 201
    site.clock.advance(minutes=15)
    assert register(site, "late@example.com", peer="2001:db8::ffff").status == status


def test_lg_4_an_unknown_client_is_limited_as_well(site: Site) -> None:
    """All of them together."""
    statuses = [
        site.ask("POST", "/users", json={"email": f"u{n}@example.com", "name": "U"}, peer=None).status
        for n in range(ADDRESS_LIMIT.attempts + 1)
    ]
    assert statuses == [201] * ADDRESS_LIMIT.attempts + [429]


def test_se_4_signing_in_is_not_needed_and_does_no_harm(site: Site) -> None:
    """A bad credential does not close a public door; a cookie counts only from our own pages."""
    site.person("root", "admin")
    cookies = site.browser("root")
    assert register(site, "a@example.com", headers={"authorization": "Bearer nonsense"}).status == 201
    assert register(site, "b@example.com", headers=asking(cookies)).status == 201
    assert register(site, "c@example.com", headers=asking(cookies, csrf="")).status == 201


# Closed


def test_az_1_where_registration_is_closed_the_staff_opens_accounts(closed: Site) -> None:
    """Whoever has users:write: 401 to nobody, 403 to others, also by keys."""
    ada, holder = closed.person("ada"), closed.person("holder", "users-write")
    problem(register(closed, "new@example.com"), 401, "unauthenticated")
    garbage = {"authorization": "Bearer nonsense"}
    problem(register(closed, "new@example.com", headers=garbage), 401, "unauthenticated")
    problem(register(closed, "ada@example.com"), 401, "unauthenticated")
    for headers in (ada.headers, closed.person("seer", "users-read").headers, closed.key(holder)):
        problem(register(closed, "new@example.com", headers=headers), 403, "forbidden")
    key = closed.key(holder, "users:write")
    for number, headers in enumerate((holder.headers, key, closed.person("root", "admin").headers)):
        response = register(closed, f"new{number}@example.com", headers=headers)
        assert (response.status, response.header("etag")) == (201, '"v1"')
        assert response.header("location") == f"/api/v1/users/{read(response)['id']}"
    problem(register(closed, "ada@example.com", headers=holder.headers), 409, "email_already_exists")


def test_where_registration_is_closed_strangers_learn_nothing_by_sending_nonsense(closed: Site) -> None:
    """Who they are is asked first."""
    for body in (b"", b"{", b"[]", b'{"role": "admin"}'):
        problem(closed.ask("POST", "/users", body=body), 401, "unauthenticated")


def test_se_4_the_staff_opens_accounts_from_our_own_pages(closed: Site) -> None:
    """A cookie alone opens none."""
    closed.person("root", "admin")
    cookies = closed.browser("root")
    problem(register(closed, "new@example.com", headers=asking(cookies)), 403, "csrf_failed")
    assert register(closed, "new@example.com", headers=asking(cookies, csrf="")).status == 201


def test_se_3_a_member_of_staff_who_was_demoted_opens_none(closed: Site) -> None:
    """From that very moment."""
    holder = closed.person("holder", "users-write")
    closed.kit.roles.unassign(holder.id, "users-write")
    problem(register(closed, "new@example.com", headers=holder.headers), 403, "forbidden")


# Private


@pytest.mark.parametrize("password", [None, PASSWORD], ids=["without a password", "with one"])
def test_lg_3_private_registration_is_answered_alike_for_everybody(private: Site, password: Any) -> None:
    """New, known, unconfirmed, closed: 202 and nothing in it, after the same work; signed in or not."""
    ada = private.person("bob", verified=True)
    given = {} if password is None else {"password": password}
    private.kit.users.register(email="unconfirmed@example.com", name="Not Yet")
    private.kit.users.disable(private.person("closed", verified=True).id)
    responses, runs = [], []
    for email in (
        "ada@example.com",
        "ada@example.com",
        "ADA@Example.com",
        "bob@example.com",
        "unconfirmed@example.com",
        "closed@example.com",
    ):
        for headers in ({}, ada.headers, private.key(ada)):
            before = private.hasher.runs
            responses.append(register(private, email, headers=headers, **given))
            runs.append(private.hasher.runs - before)
    alike(responses)
    assert answer(responses[0], 202).headers == (("cache-control", "no-store"),)
    assert set(runs) == {0 if password is None else 1}
    assert sorted(emails(private)) == [
        *("ada@example.com", "bob@example.com", "closed@example.com", "unconfirmed@example.com")
    ]


def test_private_registration_tells_the_owner(private: Site) -> None:
    """A new one gets the link; one who is known hears of it, at the address as it is stored."""
    answer(register(private, "Ada@Example.com", password=PASSWORD), 202)
    assert private.letters() == [("verify_email", "Ada@Example.com")]
    answer(register(private, "ada@example.COM", password="another good password"), 202)
    assert private.letters()[1:] == [("already_registered", "Ada@Example.com")]
    letter = private.mailer.sent[-1].text
    assert "192.0.2.1" in letter
    assert "Ada Lovelace" in letter
    assert "#token=" not in letter


@pytest.mark.parametrize("door", ["/auth/login", "/auth/login?transport=cookie"])
def test_lg_3_signing_in_does_not_tell_what_private_registration_hides(private: Site, door: str) -> None:
    """Who registered with a password of their own does not learn whether the account was new."""
    private.person("known", verified=True)
    told = []
    for email in ("known@example.com", "new@example.com"):
        body = {"email": email, "password": "a password of a stranger"}
        answer(register(private, **body, peer="203.0.113.1"), 202)
        responses = [private.ask("POST", door, json=body, peer=f"198.51.100.{n}") for n in range(12)]
        told.append([(each.status, each.headers, each.body) for each in responses])
    assert told[0] == told[1]
    assert (told[0][0][0], told[0][-1][0]) == (401, 429)


def test_whoever_registered_privately_signs_in_once_the_address_is_confirmed(private: Site) -> None:
    """And not before: until then it is as if the password were wrong."""
    register(private, password=PASSWORD)
    login = {"email": "ada@example.com", "password": PASSWORD}
    problem(private.ask("POST", "/auth/login", json=login), 401, "invalid_credentials")
    token = private.token("verify_email", "ada@example.com")
    body = {"token": token, "password": PASSWORD}
    answer(private.ask("POST", "/auth/email/verify", json=body), 204)
    assert private.ask("POST", "/auth/login", json=login).status == 200


def test_an_owner_gets_three_letters_a_day_at_most(private: Site) -> None:
    """The answers stay the same; the next day there may be more."""
    private.person("ada", verified=True)
    before = len(private.letters())
    alike(register(private, peer=f"192.0.2.{number}") for number in range(10))
    assert private.letters()[before:] == [("already_registered", "ada@example.com")] * 3
    private.clock.advance(days=1)
    register(private)
    assert private.letters()[before:] == [("already_registered", "ada@example.com")] * 4


def test_nobody_writes_to_a_closed_account(private: Site) -> None:
    """Nor to one that was deleted while the letter waited."""
    private.kit.users.disable(private.person("closed", verified=True).id)
    gone = private.person("gone", verified=True)
    before = len(private.letters())
    register(private, "closed@example.com")
    register(private, "gone@example.com")
    private.kit.users.delete(gone.id)
    assert private.letters()[before:] == []


def test_the_staff_is_told_how_it_is(private: Site) -> None:
    """Whoever may open accounts for others gets the user, or hears that the address is taken."""
    headers = staff(private, "users-write")
    response = register(private, headers=headers)
    assert (response.status, read(response)["email"]) == (201, "ada@example.com")
    assert response.header("location") == f"/api/v1/users/{read(response)['id']}"
    problem(register(private, headers=headers), 409, "email_already_exists")
    assert "already_registered" not in dict(private.letters())


def test_private_registration_is_documented() -> None:
    """Its route tells of 202, and the others do not."""
    from tests.features.surface import SECRET, features
    from userkit import SyncUserKit
    from userkit.backends.mail import MemoryMailer

    for mode, also in (((), []), (PRIVATE, [202]), ((registration("closed"),), [])):
        kit = SyncUserKit(
            "memory://",
            secret=SECRET,
            mailer=MemoryMailer(),
            base_url="https://app.example",
            features=features(*mode),
        )
        (route,) = [each for each in kit.routes() if each.name == "register"]
        assert (list(route.also), route.status) == (also, 201)
