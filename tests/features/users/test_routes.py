"""Users over HTTP: who may, what they send, what they are told."""

import re
from typing import Any

import pytest

from tests.features.surface import (
    PEOPLE,
    UNKNOWN_ID,
    OpenSite,
    Site,
    answer,
    asking,
    cookies_of,
    problem,
    read,
)
from tests.storage.doubles import OvertakenStore
from userkit.backends.memory import MemoryStore
from userkit.features.users import User, users
from userkit.storage.changes import Save
from userkit.storage.port import Store
from userkit.sync import run

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FIELDS = {"id", "email", "email_verified", "name", "disabled", "attributes", "created_at", "updated_at"}

UNAUTHENTICATED = (401, "unauthenticated")
FORBIDDEN = (403, "forbidden")
HIDDEN = (404, "user_not_found")
AGAIN = (403, "reauthentication_required")

ACCESS: dict[tuple[str, str, str], tuple[Any, ...]] = {
    # nobody and garbage aside: self, other, seer, holder, administrator, and the keys of
    # self, of the holder without and with the scope, of the administrator
    ("GET", "/users", "users:read"): (FORBIDDEN, FORBIDDEN, 200, 200, 200, FORBIDDEN, FORBIDDEN, 200, 200),
    ("GET", "/users/me", "users:read"): (200,) * 9,
    ("PATCH", "/users/me", "users:write"): (200,) * 9,
    ("DELETE", "/users/me", "users:delete"): (204, 204, 204, 204, FORBIDDEN, *(FORBIDDEN,) * 4),
    ("GET", "/users/{id}", "users:read"): (200, HIDDEN, 200, 200, 200, 200, HIDDEN, 200, 200),
    ("PATCH", "/users/{id}", "users:write"): (200, HIDDEN, FORBIDDEN, 200, 200, 200, HIDDEN, 200, 200),
    ("DELETE", "/users/{id}", "users:delete"): (204, HIDDEN, FORBIDDEN, 204, 204, AGAIN, HIDDEN, 204, 204),
    ("POST", "/users/{id}/disable", "users:write"): (
        *(FORBIDDEN, HIDDEN, FORBIDDEN, 204, 204),
        *(FORBIDDEN, HIDDEN, 204, 204),
    ),
    ("POST", "/users/{id}/enable", "users:write"): (
        *(FORBIDDEN, HIDDEN, FORBIDDEN, 204, 204),
        *(FORBIDDEN, HIDDEN, 204, 204),
    ),
}
OWN: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/users/me", {}),
    ("PATCH", "/users/me", {"json": {}}),
    ("GET", "/users/{id}", {}),
    ("PATCH", "/users/{id}", {"json": {"name": "Back"}}),
    ("DELETE", "/users/me", {}),
    ("DELETE", "/users/{id}", {}),
]
CASES = [
    pytest.param(method, path, permission, who, expected, id=f"{method} {path} by {who}")
    for (method, path, permission), row in ACCESS.items()
    for who, expected in zip(PEOPLE, (UNAUTHENTICATED, UNAUTHENTICATED, *row), strict=True)
]


@pytest.mark.parametrize(("method", "path", "permission", "who", "expected"), CASES)
def test_az_1_who_may_do_what_with_users(
    site: Site, method: str, path: str, permission: str, who: str, expected: Any
) -> None:
    """The column *access* of the contract, for everybody whom it tells apart."""
    ada, people = site.people(permission)
    body = {"json": {"name": "Augusta"}} if method == "PATCH" else {}
    response = site.ask(method, path.replace("{id}", ada.id), headers=people[who], **body)
    if isinstance(expected, tuple):
        problem(response, *expected)
    else:
        assert response.status == expected, response.body


@pytest.mark.parametrize(("method", "path", "permission"), [case for case in ACCESS if "{id}" in case[1]])
def test_az_1_somebody_elses_id_answers_like_one_that_nobody_has(
    site: Site, method: str, path: str, permission: str
) -> None:
    """To the last byte."""
    ada, people = site.people(permission)
    body = {"json": {"name": "Augusta"}} if method == "PATCH" else {}
    for who in ("other", "key of holder"):
        known, unknown, absurd = (
            site.ask(method, path.replace("{id}", id), headers=people[who], **body)
            for id in (ada.id, UNKNOWN_ID, "me%00")
        )
        assert known == unknown == absurd
        problem(known, 404, "user_not_found")
    problem(
        site.ask(method, path.replace("{id}", UNKNOWN_ID), headers=people["holder"], **body),
        404,
        "user_not_found",
    )


def test_a_user_is_shown_as_the_contract_says(site: Site) -> None:
    """All fields, times in UTC to the millisecond, an ETag, and nothing that anybody may keep."""
    ada = site.person(verified=True)
    shown = site.ask("GET", "/users/me", headers=ada.headers)
    told = read(shown)
    assert set(told) == FIELDS
    assert told["id"] == ada.id
    assert (told["email"], told["email_verified"], told["disabled"]) == ("ada@example.com", True, False)
    assert told["attributes"] == {}
    assert told["created_at"] == "2026-01-01T00:00:00.000Z"
    assert all(TIME.fullmatch(told[each]) for each in ("created_at", "updated_at"))
    assert shown.header("etag") == f'"v{ada.user.version}"'
    assert site.ask("GET", f"/users/{ada.id}", headers=ada.headers) == shown
    head = site.ask("HEAD", "/users/me", headers=ada.headers)
    assert (head.body, head.header("etag")) == (b"", shown.header("etag"))
    assert head.header("content-length") == str(len(shown.body))


@pytest.mark.parametrize("path", ["/users/me", "/users/{id}"])
def test_a_user_is_changed(site: Site, path: str) -> None:
    """What is left out stays; the answer is the user as they are now, with a new ETag."""
    ada = site.person()
    target = path.replace("{id}", ada.id)
    site.clock.advance(seconds=1.5)
    attributes = {"plan": "free", "seats": [1, 2.5, None, True]}
    first = site.ask("PATCH", target, json={"attributes": attributes}, headers=ada.headers)
    told = read(first)
    assert (told["name"], told["attributes"]) == ("Ada Test", attributes)
    assert (told["created_at"], told["updated_at"]) == (
        "2026-01-01T00:00:00.000Z",
        "2026-01-01T00:00:01.500Z",
    )
    second = site.ask("PATCH", target, json={"name": "Ada King"}, headers=ada.headers)
    assert (read(second)["name"], read(second)["attributes"]) == ("Ada King", attributes)
    assert len({ada.user.version, first.header("etag"), second.header("etag")}) == 3
    nothing = site.ask("PATCH", target, json={}, headers=ada.headers)
    assert (nothing.body, nothing.header("etag")) == (second.body, second.header("etag"))


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": ""}, "invalid_name"),
        ({"name": "a\nb"}, "invalid_name"),
        ({"name": "x" * 101}, "invalid_name"),
        ({"attributes": {"a": "x" * 100_000}}, "invalid_attributes"),
    ],
    ids=["no name", "two lines", "a long name", "large attributes"],
)
def test_what_a_user_cannot_be_like_is_refused(site: Site, body: dict[str, Any], code: str) -> None:
    """By the rules of the use case, and nothing is changed."""
    ada = site.person()
    for path in ("/users/me", f"/users/{ada.id}"):
        problem(site.ask("PATCH", path, json=body, headers=ada.headers), 400, code)
    assert site.kit.users.get(ada.id) == ada.user


def test_an_application_may_ask_for_more_of_attributes(open_site: OpenSite) -> None:
    """Its model is asked, and its answer is a 400."""
    from pydantic import BaseModel

    class Plan(BaseModel):
        plan: str

    site = open_site(users(attributes=Plan))
    user = {"email": "ada@example.com", "name": "Ada", "attributes": {"seats": 3}}
    problem(site.ask("POST", "/users", json=user), 400, "invalid_attributes")
    assert site.ask("POST", "/users", json={**user, "attributes": {"plan": "free"}}).status == 201


# If-Match


class Rivals:
    """Others who rename somebody just before the next commits."""

    def __init__(self) -> None:
        """Begin with nobody."""
        self.user_id, self.rounds = "", 0

    def rename(self, user_id: str, rounds: int) -> None:
        """Be faster so many times."""
        self.user_id, self.rounds = user_id, rounds

    def __call__(self, store: Store) -> None:
        """Be faster, if it is time."""
        if self.rounds:
            self.rounds -= 1
            user = run(store.get(User, self.user_id))
            assert user is not None
            run(store.commit(Save(user, user.evolve(name="Somebody faster"))))


@pytest.mark.parametrize("path", ["/users/me", "/users/{id}"])
@pytest.mark.parametrize(
    "tags",
    ['"v1"', 'W/"v{}"', '"v99"', "v{}", '""', '"v1", "v99"', "garbage", '"v999999999999999999999"'],
)
def test_a_change_to_a_revision_that_is_not_stored_is_refused(site: Site, path: str, tags: str) -> None:
    """412 and the code ``stale``; a weak tag matches nothing."""
    ada = site.person()
    ada_now = site.kit.users.update(ada.id, name="Ada the First")
    headers = {**ada.headers, "if-match": tags.format(ada_now.version)}
    response = site.ask("PATCH", path.replace("{id}", ada.id), json={"name": "Late"}, headers=headers)
    problem(response, 412, "stale")
    assert site.kit.users.get(ada.id) == ada_now


@pytest.mark.parametrize("path", ["/users/me", "/users/{id}"])
@pytest.mark.parametrize("tags", ['"v{}"', "*", '"v99", "v{}"', '  "v{}"  '])
def test_a_change_to_the_revision_that_is_stored_is_made(site: Site, path: str, tags: str) -> None:
    """Also where several are named."""
    ada = site.person()
    headers = {**ada.headers, "if-match": tags.format(ada.user.version)}
    response = site.ask("PATCH", path.replace("{id}", ada.id), json={"name": "In Time"}, headers=headers)
    assert read(response)["name"] == "In Time"


@pytest.mark.parametrize("path", ["/users/me", "/users/{id}"])
@pytest.mark.parametrize("rounds", [1, 3])
def test_a_race_that_is_lost_between_reading_and_committing_is_412(
    open_site: OpenSite, path: str, rounds: int
) -> None:
    """The revision was the right one when it was looked at, and another when it was to be written."""
    rivals = Rivals()
    site = open_site(store=OvertakenStore(MemoryStore(), rivals))
    ada = site.person()
    headers = {**ada.headers, "if-match": f'"v{ada.user.version}"'}
    rivals.rename(ada.id, rounds)
    response = site.ask("PATCH", path.replace("{id}", ada.id), json={"name": "Late"}, headers=headers)
    problem(response, 412, "stale")
    assert site.kit.users.get(ada.id).name == "Somebody faster"


def test_without_if_match_a_race_is_run_again(open_site: OpenSite) -> None:
    """The last one wins; who loses three times is told 409."""
    rivals = Rivals()
    site = open_site(store=OvertakenStore(MemoryStore(), rivals))
    ada = site.person()
    rivals.rename(ada.id, 2)
    changed = site.ask("PATCH", "/users/me", json={"name": "Late"}, headers=ada.headers)
    assert read(changed)["name"] == "Late"
    rivals.rename(ada.id, 3)
    problem(site.ask("PATCH", "/users/me", json={"name": "Later"}, headers=ada.headers), 409, "stale")


# Deleting and closing


@pytest.mark.parametrize("path", ["/users/me", "/users/{id}"])
def test_who_deletes_themselves_has_proved_lately_who_they_are(site: Site, path: str) -> None:
    """Six minutes after the sign-in they prove it again, and then they may."""
    ada = site.person()
    target = path.replace("{id}", ada.id)
    site.clock.advance(minutes=6)
    problem(site.ask("DELETE", target, headers=ada.headers), 403, "reauthentication_required")
    proof = {"password": "mauve otters juggle teapots"}
    answer(site.ask("POST", "/auth/reauthenticate", json=proof, headers=ada.headers), 204)
    answer(site.ask("DELETE", target, headers=ada.headers), 204)
    assert site.kit.users.list().items == ()


def test_se_3_the_access_token_of_a_deleted_user_opens_nothing(site: Site) -> None:
    """It is still good by itself, and the account is gone."""
    ada = site.person()
    site.kit.users.delete(ada.id)
    for method, path, body in OWN:
        response = site.ask(method, path.replace("{id}", ada.id), headers=ada.headers, **body)
        problem(response, 401, "unauthenticated")


def test_se_3_the_credentials_of_a_disabled_user_open_nothing(site: Site) -> None:
    """Neither the access token, the refresh token, the cookie, the key nor the password."""
    ada, root = site.person(), site.person("root", "admin")
    cookies, key = site.browser(), site.key(ada)
    answer(site.ask("POST", f"/users/{ada.id}/disable", headers=root.headers), 204)
    answer(site.ask("POST", f"/users/{ada.id}/disable", headers=root.headers), 204)
    for headers in (ada.headers, asking(cookies), key):
        for path in ("/users/me", f"/users/{ada.id}"):
            problem(site.ask("GET", path, headers=headers), 401, "unauthenticated")
            changed = site.ask("PATCH", path, json={"name": "Back"}, headers=headers)
            assert changed.status in (401, 403), changed.body
    refreshed = site.ask("POST", "/auth/refresh", json={"refresh_token": ada.refresh_token})
    problem(refreshed, 401, "unauthenticated")
    assert read(site.ask("GET", f"/users/{ada.id}", headers=root.headers))["disabled"] is True
    answer(site.ask("POST", f"/users/{ada.id}/enable", headers=root.headers), 204)
    answer(site.ask("POST", f"/users/{ada.id}/enable", headers=root.headers), 204)
    problem(site.ask("GET", "/users/me", headers=asking(cookies)), 401, "unauthenticated")
    assert read(site.ask("GET", "/users/me", headers=key))["disabled"] is False
    assert site.browser()


def test_vf_5_who_had_registered_with_the_address_of_another_sees_nothing_of_it_afterwards(
    site: Site,
) -> None:
    """Their access token is as old as the takeover, by any path."""
    ada = site.person()
    token = site.token("verify_email", "ada@example.com")
    site.clock.advance(seconds=1)
    answer(site.ask("POST", "/auth/email/verify", json={"token": token}), 204)
    for path in ("/users/me", f"/users/{ada.id}"):
        problem(site.ask("GET", path, headers=ada.headers), 401, "unauthenticated")
        problem(site.ask("PATCH", path, json={"name": "x"}, headers=ada.headers), 401, "unauthenticated")


@pytest.mark.parametrize("path", ["/users/me", "/users/{id}"])
def test_deleting_oneself_takes_the_cookies(site: Site, path: str) -> None:
    """With a CSRF token, and not without."""
    ada = site.person()
    cookies, target = site.browser(), path.replace("{id}", ada.id)
    problem(site.ask("DELETE", target, headers=asking(cookies)), 403, "csrf_failed")
    gone = answer(site.ask("DELETE", target, headers=asking(cookies, csrf="")), 204)
    assert {name: (text, given["max-age"]) for name, (text, given) in cookies_of(gone).items()} == {
        "__Host-userkit": ("", "0"),
        "__Host-userkit-csrf": ("", "0"),
    }


def test_deleting_somebody_else_leaves_the_cookies(site: Site) -> None:
    """The administrator stays signed in, and needs no fresh proof."""
    ada = site.person()
    site.person("root", "admin")
    cookies = site.browser("root")
    site.clock.advance(minutes=6)
    gone = answer(site.ask("DELETE", f"/users/{ada.id}", headers=asking(cookies, csrf="")), 204)
    assert cookies_of(gone) == {}
    problem(site.ask("DELETE", f"/users/{ada.id}", headers=asking(cookies, csrf="")), 404, "user_not_found")


def test_az_2_the_last_administrator_stays(site: Site) -> None:
    """Neither deleted nor closed, by nobody; with a second one they can go."""
    root = site.person("root", "admin")
    for method, path in (
        ("DELETE", "/users/me"),
        ("DELETE", f"/users/{root.id}"),
        ("POST", f"/users/{root.id}/disable"),
    ):
        told = problem(site.ask(method, path, headers=root.headers), 403, "forbidden")
        assert "administrator" in told["detail"]
    site.person("second", "admin")
    answer(site.ask("DELETE", "/users/me", headers=root.headers), 204)


# Listing


def several(site: Site, count: int) -> list[str]:
    """Register so many, and return their ids in order."""
    return [
        site.kit.users.register(email=f"user{number}@example.com", name=f"User {number}").id
        for number in range(count)
    ]


def test_a_list_is_paged_by_cursor(site: Site) -> None:
    """Each page names the next; the last one names none."""
    reader = site.person("reader", "users-read")
    everybody = [reader.id, *several(site, 6)]
    found, target = [], "/users?limit=3"
    while True:
        page = read(site.ask("GET", target, headers=reader.headers))
        assert set(page) == {"items", "next"}
        assert all(set(item) == FIELDS for item in page["items"])
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        target = f"/users?limit=3&after={page['next']}"
    assert found == everybody


def test_a_list_is_paged_by_number(site: Site) -> None:
    """Skip so many, and go on by cursor."""
    reader = site.person("reader", "users-read")
    everybody = [reader.id, *several(site, 6)]
    page = read(site.ask("GET", "/users?skip=2&limit=3", headers=reader.headers))
    assert [item["id"] for item in page["items"]] == everybody[2:5]
    page = read(site.ask("GET", f"/users?after={page['next']}", headers=reader.headers))
    assert [item["id"] for item in page["items"]] == everybody[5:]
    page = read(site.ask("GET", "/users?skip=10000", headers=reader.headers))
    assert page == {"items": [], "next": None}


def test_a_list_is_searched(site: Site) -> None:
    """By how the address and the words of the name begin, page by page."""
    reader = site.person("reader", "users-read")
    ids = several(site, 4)
    page = read(site.ask("GET", "/users?q=USER&limit=3", headers=reader.headers))
    assert [item["id"] for item in page["items"]] == ids[:3]
    page = read(site.ask("GET", f"/users?q=USER&after={page['next']}", headers=reader.headers))
    assert ([item["id"] for item in page["items"]], page["next"]) == (ids[3:], None)
    page = read(site.ask("GET", "/users?q=nobody%20here", headers=reader.headers))
    assert page == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("after=garbage", 400, "invalid_cursor"),
        ("after=%00", 400, "invalid_cursor"),
        ("after=", 400, "invalid_cursor"),
        ("limit=0", 422, "validation_failed"),
        ("limit=1001", 422, "validation_failed"),
        ("limit=many", 422, "validation_failed"),
        ("limit=1.5", 422, "validation_failed"),
        ("limit=5.0", 422, "validation_failed"),
        ("limit=05", 422, "validation_failed"),
        ("limit=%2B5", 422, "validation_failed"),
        ("limit=1_0", 422, "validation_failed"),
        ("limit=1&limit=2", 422, "validation_failed"),
        ("skip=-1", 422, "validation_failed"),
        ("skip=10001", 422, "validation_failed"),
        ("q=" + "x" * 256, 422, "validation_failed"),
        ("q=%00", 422, "validation_failed"),
        ("q=%ff", 422, "validation_failed"),
        ("q=user&skip=1", 422, "validation_failed"),
        ("order=name", 422, "validation_failed"),
        ("access_token=x", 422, "validation_failed"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(site: Site, query: str, status: int, code: str) -> None:
    """Nothing is guessed, and nothing is ignored."""
    reader = site.person("reader", "users-read")
    problem(site.ask("GET", f"/users?{query}", headers=reader.headers), status, code)


def test_a_cursor_is_not_good_for_another_list(site: Site) -> None:
    """Nor together with a number to skip."""
    reader = site.person("reader", "users-read")
    several(site, 3)
    cursor = read(site.ask("GET", "/users?limit=1", headers=reader.headers))["next"]
    searched = site.ask("GET", f"/users?q=user&after={cursor}", headers=reader.headers)
    problem(searched, 400, "invalid_cursor")
    both = site.ask("GET", f"/users?skip=1&after={cursor}", headers=reader.headers)
    problem(both, 422, "validation_failed")
