"""Roles over HTTP."""

from typing import Any

import pytest

from tests.features.surface import PEOPLE, UNKNOWN_ID, Site, alike, asking, problem, read
from userkit.http import Response

UNAUTHENTICATED = (401, "unauthenticated")
FORBIDDEN = (403, "forbidden")
HIDDEN = (404, "user_not_found")

ACCESS: dict[tuple[str, str], tuple[Any, ...]] = {
    ("GET", "roles:read"): (
        *(UNAUTHENTICATED, UNAUTHENTICATED, FORBIDDEN, HIDDEN, FORBIDDEN, 200, 200),
        *(FORBIDDEN, HIDDEN, 200, 200),
    ),
    # The holder may write roles, and yet take none that allows what they may not do.
    ("PUT", "roles:write"): (
        *(UNAUTHENTICATED, UNAUTHENTICATED, FORBIDDEN, HIDDEN, FORBIDDEN, FORBIDDEN, 200),
        *(FORBIDDEN, HIDDEN, FORBIDDEN, 200),
    ),
}
CASES = [
    pytest.param(method, permission, who, expected, id=f"{method} by {who}")
    for (method, permission), row in ACCESS.items()
    for who, expected in zip(PEOPLE, row, strict=True)
]


def put(site: Site, user_id: str, roles: Any, headers: Any) -> Response:
    """Give a user exactly some roles."""
    return site.ask("PUT", f"/users/{user_id}/roles", json={"roles": roles}, headers=headers)


@pytest.mark.parametrize(("method", "permission", "who", "expected"), CASES)
def test_az_1_who_may_do_what_with_roles(
    site: Site, method: str, permission: str, who: str, expected: Any
) -> None:
    """The column *access* of the contract; having a role is not reading it."""
    ada, people = site.people(permission)
    body = {"json": {"roles": []}} if method == "PUT" else {}
    response = site.ask(method, f"/users/{ada.id}/roles", headers=people[who], **body)
    if isinstance(expected, tuple):
        problem(response, *expected)
    else:
        held = ["poster"] if method == "GET" else []
        assert (response.status, read(response)) == (expected, {"roles": held})


@pytest.mark.parametrize(("method", "permission"), list(ACCESS))
def test_az_1_somebody_elses_id_answers_like_one_that_nobody_has(
    site: Site, method: str, permission: str
) -> None:
    """To the last byte; to whoever may, an unknown one is unknown."""
    ada, people = site.people(permission)
    body = {"json": {"roles": []}} if method == "PUT" else {}
    ids = (ada.id, UNKNOWN_ID, "garbage", "%00")
    alike(site.ask(method, f"/users/{id}/roles", headers=people["other"], **body) for id in ids)
    unknown = site.ask(method, f"/users/{UNKNOWN_ID}/roles", headers=people["administrator"], **body)
    problem(unknown, 404, "user_not_found")


def test_roles_are_replaced_and_told_in_order(site: Site) -> None:
    """What is named, each once, and nothing else."""
    ada, root = site.person("ada", "poster"), site.person("root", "admin")
    response = put(site, ada.id, ["users-write", "users-read", "users-read"], root.headers)
    assert (response.status, read(response)) == (200, {"roles": ["users-read", "users-write"]})
    shown = site.ask("GET", f"/users/{ada.id}/roles", headers=root.headers)
    assert read(shown) == {"roles": ["users-read", "users-write"]}
    assert read(put(site, ada.id, [], root.headers)) == {"roles": []}


@pytest.mark.parametrize("roles", [["admin"], ["users-read"], ["roles-write", "users-read"], ["poster"]])
def test_az_2_nobody_gives_what_they_lack(site: Site, roles: list[str]) -> None:
    """Neither to others nor to themselves."""
    bob, giver = site.person("bob"), site.person("giver", "roles-write")
    problem(put(site, bob.id, roles, giver.headers), 403, "forbidden")
    problem(put(site, giver.id, ["roles-write", *roles], giver.headers), 403, "forbidden")
    assert read(put(site, bob.id, ["roles-write"], giver.headers)) == {"roles": ["roles-write"]}


def test_az_2_nobody_takes_what_they_lack(site: Site) -> None:
    """Else one who may write roles would rule over all others."""
    root, giver = site.person("root", "admin"), site.person("giver", "roles-write")
    site.person("second", "admin")
    problem(put(site, root.id, [], giver.headers), 403, "forbidden")
    assert site.kit.roles.of(root.id) == {"admin"}


def test_az_2_a_key_gives_no_more_than_its_scopes(site: Site) -> None:
    """An administrator's, too."""
    bob, root = site.person("bob"), site.person("root", "admin")
    key = site.key(root, "roles:write")
    problem(put(site, bob.id, ["users-read"], key), 403, "forbidden")
    assert read(put(site, bob.id, ["roles-write"], key)) == {"roles": ["roles-write"]}


def test_az_2_the_last_administrator_stays_one(site: Site) -> None:
    """403, and the sentence says why."""
    root = site.person("root", "admin")
    told = problem(put(site, root.id, [], root.headers), 403, "forbidden")
    assert "administrator" in told["detail"]
    second = site.person("second", "admin")
    assert read(put(site, second.id, [], root.headers)) == {"roles": []}


@pytest.mark.parametrize(
    "roles",
    [["nobody"], ["Admin"], ["admin "], [""], ["*"], ["poster"] * 101, ["x" * 4096]],
    ids=lambda roles: f"{len(roles)} {roles[0][:8]}",
)
def test_a_role_that_is_not_defined_is_refused(site: Site, roles: list[str]) -> None:
    """Its name has one spelling."""
    bob, root = site.person("bob"), site.person("root", "admin")
    problem(put(site, bob.id, roles, root.headers), 422, "validation_failed")
    assert site.kit.roles.of(bob.id) == frozenset()


def test_se_3_a_role_that_was_taken_is_gone_at_once(site: Site) -> None:
    """Whatever access tokens are still about."""
    reader, root = site.person("reader", "users-read"), site.person("root", "admin")
    assert site.ask("GET", "/users", headers=reader.headers).status == 200
    put(site, reader.id, [], root.headers)
    problem(site.ask("GET", "/users", headers=reader.headers), 403, "forbidden")


def test_se_4_roles_are_given_by_our_own_pages(site: Site) -> None:
    """A cookie alone gives none."""
    bob = site.person("bob")
    site.person("root", "admin")
    cookies = site.browser("root")
    problem(put(site, bob.id, ["admin"], asking(cookies)), 403, "csrf_failed")
    assert put(site, bob.id, ["admin"], asking(cookies, csrf="")).status == 200
