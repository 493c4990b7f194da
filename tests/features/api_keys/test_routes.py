"""API keys over HTTP."""

import json
from typing import Any

import pytest

from tests.features.surface import (
    UNKNOWN_ID,
    OpenSite,
    Person,
    Site,
    alike,
    answer,
    asking,
    problem,
    read,
)
from userkit.http import Response

LISTED = {"id", "name", "prefix", "scopes", "created_at", "last_used_at", "expires_at"}
CREATED = {"id", "name", "prefix", "key", "scopes", "created_at", "expires_at"}
ROUTES = [
    ("POST", "/auth/api-keys", {"json": {"name": "script"}}),
    ("GET", "/auth/api-keys", {}),
    ("DELETE", f"/auth/api-keys/{UNKNOWN_ID}", {}),
]


def create(site: Site, person: Person, **body: Any) -> Response:
    """Make a key."""
    return site.ask("POST", "/auth/api-keys", json={"name": "script", **body}, headers=person.headers)


def listed(site: Site, person: Person, query: str = "") -> Any:
    """List the keys of somebody."""
    return read(site.ask("GET", f"/auth/api-keys{query}", headers=person.headers))


def test_ak_1_the_key_is_shown_once(site: Site) -> None:
    """To its owner, who may not keep the answer; a list shows how it begins."""
    reader = site.person("reader", "users-read")
    site.clock.advance(seconds=0.25)
    body = {"scopes": ["users:read"], "expires_at": "2026-02-01T01:00:00+01:00"}
    response = create(site, reader, **body)
    made = read(response)
    assert (response.status, set(made)) == (201, CREATED)
    assert (made["name"], made["scopes"]) == ("script", ["users:read"])
    assert made["key"].startswith(made["prefix"])
    assert made["prefix"].startswith("uk_")
    assert made["created_at"] == "2026-01-01T00:00:00.250Z"
    assert made["expires_at"] == "2026-02-01T00:00:00.000Z"
    (shown,) = listed(site, reader)["items"]
    assert set(shown) == LISTED
    assert shown == {**{name: made[name] for name in LISTED & CREATED}, "last_used_at": None}
    assert made["key"] not in json.dumps(listed(site, reader))


@pytest.mark.parametrize(
    "text", ["2026-02-01T00:00:00Z", "2026-02-01t01:00:00.000000000+01:00", "2026-01-31 23:00:00-01:00"]
)
def test_a_time_is_given_as_rfc_3339(site: Site, text: str) -> None:
    """In any offset; it is told in UTC."""
    assert read(create(site, site.person(), expires_at=text))["expires_at"] == "2026-02-01T00:00:00.000Z"


@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_ak_1_a_key_opens_what_its_scopes_allow(site: Site, header: str) -> None:
    """In either header; what needs no permission is open to each of them."""
    reader = site.person("reader", "users-read")
    ada = site.person()
    for scopes, status in ((["users:read"], 200), ([], 403), (["*"], 200)):
        key = read(create(site, reader, scopes=scopes) if scopes != ["*"] else root_key(site))["key"]
        headers = {header: f"Bearer {key}" if header == "authorization" else key}
        assert site.ask("GET", "/users", headers=headers).status == status
        assert site.ask("GET", "/users/me", headers=headers).status == 200
        problem(site.ask("DELETE", "/users/me", headers=headers), 403, "forbidden")
    assert site.kit.users.get(ada.id)


def root_key(site: Site) -> Response:
    """Let an administrator make a key for everything."""
    return create(site, site.person("root", "admin"), scopes=["*"])


def test_a_key_is_not_read_from_elsewhere(site: Site) -> None:
    """Neither from the query nor from a cookie, and not from two places at once."""
    ada = site.person()
    key = read(create(site, ada))["key"]
    problem(site.ask("GET", f"/users/me?api_key={key}"), 401, "unauthenticated")
    problem(site.ask("GET", "/users/me", headers={"cookie": f"__Host-userkit={key}"}), 401, "unauthenticated")
    twice = [("x-api-key", key), ("x-api-key", key)]
    problem(site.ask("GET", "/users/me", headers=twice), 401, "unauthenticated")
    problem(site.ask("GET", "/users/me", headers={"x-api-key": ""}), 401, "unauthenticated")
    problem(site.ask("GET", "/users/me", headers={"x-api-key": ada.access_token}), 401, "unauthenticated")


@pytest.mark.parametrize("scopes", [["users:write"], ["users:read", "users:write"], ["*"], ["posts:write"]])
def test_ak_1_scopes_beyond_the_owners_are_refused(site: Site, scopes: list[str]) -> None:
    """Nobody gives a key what they may not do."""
    reader = site.person("reader", "users-read")
    problem(create(site, reader, scopes=scopes), 403, "forbidden")
    assert listed(site, reader)["items"] == []


def test_ak_1_a_scope_that_the_owner_loses_is_lost_for_the_key(site: Site) -> None:
    """At once."""
    reader = site.person("reader", "users-read")
    key = {"x-api-key": read(create(site, reader, scopes=["users:read"]))["key"]}
    assert site.ask("GET", "/users", headers=key).status == 200
    site.kit.roles.unassign(reader.id, "users-read")
    problem(site.ask("GET", "/users", headers=key), 403, "forbidden")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=[f"{m} {p}" for m, p, _ in ROUTES])
def test_ak_1_keys_are_for_who_has_signed_in(site: Site, method: str, path: str, body: Any) -> None:
    """Not for nobody, and not for another key, whatever its scopes."""
    root = site.person("root", "admin")
    problem(site.ask(method, path, **body), 401, "unauthenticated")
    problem(site.ask(method, path, headers=site.key(root, "*"), **body), 403, "forbidden")


def test_making_a_key_needs_a_fresh_proof_and_our_own_page(site: Site) -> None:
    """Listing and taking back do not need the proof."""
    ada = site.person()
    id, cookies = read(create(site, ada))["id"], site.browser()
    body = {"json": {"name": "script"}}
    problem(site.ask("POST", "/auth/api-keys", headers=asking(cookies), **body), 403, "csrf_failed")
    site.clock.advance(minutes=6)
    stale = site.ask("POST", "/auth/api-keys", headers=asking(cookies, csrf=""), **body)
    problem(stale, 403, "reauthentication_required")
    assert len(read(site.ask("GET", "/auth/api-keys", headers=asking(cookies)))["items"]) == 1
    answer(site.ask("DELETE", f"/auth/api-keys/{id}", headers=asking(cookies, csrf="")), 204)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"name": ""}, 400, "invalid_name"),
        ({"name": "a\nb"}, 400, "invalid_name"),
        ({"scopes": ["Users:Read"]}, 422, "validation_failed"),
        ({"scopes": ["users:read"] * 101}, 422, "validation_failed"),
        ({"expires_at": "2025-12-31T00:00:00Z"}, 422, "validation_failed"),
        ({"expires_at": "2026-01-01T00:00:00Z"}, 422, "validation_failed"),
        ({"expires_at": "2030-01-01T00:00:00"}, 422, "validation_failed"),
        ({"expires_at": "2030-01-01"}, 422, "validation_failed"),
        ({"expires_at": "1893456000"}, 422, "validation_failed"),
        ({"expires_at": 1893456000}, 422, "validation_failed"),
        ({"expires_at": "9999-12-31T23:59:59-01:00"}, 422, "validation_failed"),
        ({"expires_at": "2030-02-30T00:00:00Z"}, 422, "validation_failed"),
        ({"expires_at": "2030-01-01T00:00:00+99:00"}, 422, "validation_failed"),
        ({"expires_at": "tomorrow"}, 422, "validation_failed"),
        ({"expires_at": ""}, 422, "validation_failed"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_key_that_makes_no_sense_is_refused(site: Site, body: Any, status: int, code: str) -> None:
    """Nothing is guessed: a time has its date, its time of day and its offset."""
    reader = site.person("reader", "users-read")
    problem(create(site, reader, **body), status, code)
    assert listed(site, reader)["items"] == []


def test_keys_are_listed_in_pages(site: Site) -> None:
    """The newest first, with their last use."""
    ada = site.person()
    made = [read(create(site, ada, name=f"key {number}")) for number in range(5)]
    key = {"x-api-key": made[4]["key"]}
    site.clock.advance(seconds=1)
    assert site.ask("GET", "/users/me", headers=key).status == 200
    first = listed(site, ada, "?limit=3")
    second = listed(site, ada, f"?limit=3&after={first['next']}")
    assert set(first) == {"items", "next"}
    items = [*first["items"], *second["items"]]
    assert [each["id"] for each in items] == [each["id"] for each in reversed(made)]
    assert [each["last_used_at"] for each in items] == ["2026-01-01T00:00:01.000Z", *[None] * 4]
    assert second["next"] is None
    garbage = site.ask("GET", "/auth/api-keys?after=garbage", headers=ada.headers)
    problem(garbage, 400, "invalid_cursor")
    problem(site.ask("GET", "/auth/api-keys?skip=1", headers=ada.headers), 422, "validation_failed")


def test_ak_1_a_key_is_taken_back_at_once(site: Site) -> None:
    """Once; afterwards it is as unknown as somebody else's."""
    ada, bob = site.person(), site.person("bob")
    made, theirs = read(create(site, ada)), read(create(site, bob))
    target = f"/auth/api-keys/{made['id']}"
    answer(site.ask("DELETE", target, headers=ada.headers), 204)
    problem(site.ask("GET", "/users/me", headers={"x-api-key": made["key"]}), 401, "unauthenticated")
    gone = [
        site.ask("DELETE", f"/auth/api-keys/{id}", headers=ada.headers)
        for id in (made["id"], theirs["id"], UNKNOWN_ID, "garbage", "%00")
    ]
    alike(gone)
    problem(gone[0], 404, "not_found")
    assert site.ask("GET", "/users/me", headers={"x-api-key": theirs["key"]}).status == 200


def test_a_key_expires(site: Site) -> None:
    """At the time that was said."""
    ada = site.person()
    key = {"x-api-key": read(create(site, ada, expires_at="2026-01-01T00:01:00Z"))["key"]}
    assert site.ask("GET", "/users/me", headers=key).status == 200
    site.clock.advance(minutes=1)
    problem(site.ask("GET", "/users/me", headers=key), 401, "unauthenticated")


def test_an_account_has_so_many_keys_and_no_more(open_site: OpenSite) -> None:
    """Revoke one first."""
    from userkit.features.api_keys import api_keys

    site = open_site(api_keys(most=2))
    ada = site.person()
    assert [create(site, ada).status for _ in range(3)] == [201, 201, 403]
