"""AZ and AK: every route, by every kind of caller, on their own, another's and an unknown id."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.integrations.worlds import World, bearer
from tests.security.http.conftest import OpenWorld
from tests.security.http.operations import (
    ADDRESSED,
    OPERATIONS,
    UNKNOWN_ID,
    Operation,
    alike,
    ask,
    dump,
    named,
    pair_of,
    problem,
)
from userkit import User
from userkit.features.roles import roles

ROLES = {
    "admin": {"*"},
    "reader": {"users:read"},
    "writer": {"users:write"},
    "deleter": {"users:delete"},
    "roles-reader": {"roles:read"},
    "roles-writer": {"roles:write"},
    "other": {"posts:write"},
}
DEFINED = {"features": [roles(ROLES)]}

PUBLIC = {
    "confirm_email_change",
    "forgot_password",
    "jwks",
    "login",
    "refresh",
    "register",
    "reset_password",
    "token",
    "verify_email",
}
"""What anybody may ask for. Whoever adds to it has thought about it."""

PERMISSIONS = {
    "list_users": "users:read",
    "get_user": "users:read",
    "update_user": "users:write",
    "delete_user": "users:delete",
    "disable_user": "users:write",
    "enable_user": "users:write",
    "get_roles": "roles:read",
    "set_roles": "roles:write",
}
"""What needs a permission. Everything else is for whoever is signed in, about themselves."""

OWN = {"get_user", "update_user", "delete_user"}
"""What one may do to oneself all the same."""

NOT_FOR_KEYS = {each.id for each in OPERATIONS} - PUBLIC - set(PERMISSIONS) - {"get_me", "update_me"}
"""What only somebody may do who has signed in, not a program with a key."""


def may(role: str, asked: Operation) -> bool:
    """Tell whether a role lets somebody ask for this, about anybody."""
    permission = PERMISSIONS.get(asked.id)
    return permission is None or bool({"*", permission} & ROLES.get(role, set()))


def caller(world: World, role: str, number: int = 0) -> tuple[User, dict[str, str]]:
    """Return somebody with a role, just signed in, and the header that shows it."""
    user = named(world, f"{role}{number}", *([role] if role in ROLES else []))
    pair = world.kit.sessions.sign_in(email=user.email, password="mauve otters juggle teapots")
    return user, bearer(pair.access_token)


def targets(world: World, asked: Operation, owner: User) -> str:
    """Return the id of something that belongs to somebody."""
    if "/sessions/" in asked.path:
        return world.kit.sessions.list(owner.id).items[0].id
    if "/api-keys/" in asked.path:
        return world.kit.api_keys.create(owner.id, name="ci").id
    return owner.id


def test_az_1_the_application_offers_exactly_what_is_tested_here(world: World) -> None:
    """The document that the framework serves has the same operations, and the lists above name real ones."""
    path = "/openapi.json" if world.place.framework == "fastapi" else f"{world.prefix}/openapi.json"
    told = world.ask("GET", path).json()["paths"]
    served = {
        (
            method.upper(),
            path.removeprefix(world.prefix),
            # In a realm that is not the default one its name may stand before.
            each["operationId"].removeprefix(f"{world.realm}_"),
            "security" not in each,
        )
        for path, item in told.items()
        for method, each in item.items()
    }
    assert served == {(each.method, each.path, each.id, each.public) for each in OPERATIONS}
    ids = {each.id for each in OPERATIONS}
    assert {each.id for each in OPERATIONS if each.public} == PUBLIC
    assert set(PERMISSIONS) <= ids
    assert set(PERMISSIONS) >= OWN


@pytest.mark.parametrize("asked", [each for each in OPERATIONS if not each.public], ids=str)
def test_az_1_nobody_gets_in(world: World, asked: Operation) -> None:
    """401 for whatever is not public, and nothing has happened; whatever id is asked for."""
    ada = world.ada("admin")
    world.sign_in()
    owned = targets(world, asked, ada) if asked.is_addressed else UNKNOWN_ID
    before = dump(world)
    shown: list[dict[str, str]] = [
        {},
        bearer("nonsense"),
        {"x-api-key": "nonsense"},
        {"cookie": "__Host-userkit=nonsense"},
    ]
    for headers in shown:
        answers = [
            ask(world, asked, id=id, headers=headers) for id in (owned, UNKNOWN_ID, "x", "me", "%2e%2e")
        ]
        assert {problem(each) for each in answers} == {(401, "unauthenticated")}, headers
        assert all(alike(answers[0], each) for each in answers)
        assert "www-authenticate" in answers[0].headers
    assert dump(world) == before


@pytest.mark.parametrize("asked", [each for each in OPERATIONS if each.id in PERMISSIONS], ids=str)
def test_az_1_a_role_lets_one_do_what_it_says_and_no_more(open_world: OpenWorld, asked: Operation) -> None:
    """Every role, on another user, an unknown one and oneself; what one may not see is not there."""
    world = open_world(kit_options=DEFINED, limits=False)
    world.ada("admin", email="root@example.com")
    for role in ("nobody", *ROLES):
        user, headers = caller(world, role)
        other = named(world, f"other-of-{role}")
        before = dump(world)
        answers = [ask(world, asked, id=id, headers=headers) for id in (other.id, UNKNOWN_ID)]
        if may(role, asked):
            assert answers[0].status_code in (200, 204), (role, answers[0].text)
            assert not asked.is_addressed or problem(answers[1]) == (404, "user_not_found")
            continue
        assert dump(world) == before or "permission_denied" in str(set(dump(world)) - set(before))
        sees = "users:read" in ROLES.get(role, ()) or not asked.is_addressed
        assert problem(answers[0]) == ((403, "forbidden") if sees else (404, "user_not_found")), role
        # With another's id exactly as with one that nobody has: status, headers and body.
        assert alike(answers[0], answers[1]), role
        own = ask(world, asked, id=user.id, headers=headers)
        assert (own.status_code in (200, 204)) == (asked.id in OWN or may(role, asked)), (role, own.text)


@pytest.mark.parametrize("asked", [each for each in ADDRESSED if each.id not in PERMISSIONS], ids=str)
@pytest.mark.parametrize("role", ["nobody", "admin"])
def test_az_1_what_belongs_to_another_is_as_if_it_were_not_there(
    world: World, asked: Operation, role: str
) -> None:
    """Sessions and keys, also to administrators; one's own are there."""
    ada = world.ada()
    world.sign_in()
    owned = targets(world, asked, ada)
    user, headers = caller(world, role)
    before = dump(world)
    others = ask(world, asked, id=owned, headers=headers)
    unknown = ask(world, asked, id=UNKNOWN_ID, headers=headers)
    assert problem(others) == (404, "not_found"), others.text
    assert alike(others, unknown)
    assert dump(world) == before
    assert ask(world, asked, id=targets(world, asked, user), headers=headers).status_code == 204


@pytest.mark.parametrize("asked", [each for each in OPERATIONS if not each.public], ids=str)
def test_ak_1_a_key_does_what_its_scopes_and_its_owner_may(open_world: OpenWorld, asked: Operation) -> None:
    """And nothing that is for people; in either header."""
    world = open_world(kit_options=DEFINED)
    root = named(world, "root", "admin")
    ada = world.ada("admin")
    other = named(world, "somebody")
    none = world.kit.api_keys.create(ada.id, name="none").secret
    every = world.kit.api_keys.create(ada.id, name="all", scopes={"*"}).secret
    before = dump(world)
    for headers in ({"x-api-key": none}, bearer(none)):
        answer = ask(world, asked, id=other.id, headers=headers)
        if asked.id in NOT_FOR_KEYS:
            assert problem(answer) == (403, "forbidden")
        elif asked.id in PERMISSIONS:
            assert answer.status_code in (403, 404), answer.text
        else:
            assert answer.status_code == 200, answer.text
    assert [line for line in dump(world) if line.startswith("users ")] == [
        line for line in before if line.startswith("users ")
    ]
    answer = ask(world, asked, id=other.id, headers={"x-api-key": every})
    assert (answer.status_code == 403) == (asked.id in NOT_FOR_KEYS), answer.text
    world.kit.roles.set(ada.id, [])
    if asked.id in PERMISSIONS:
        answer = ask(world, asked, id=root.id, headers={"x-api-key": every})
        assert answer.status_code in (403, 404), answer.text


def test_ak_1_a_key_is_shown_once(world: World) -> None:
    """Not in lists, letters, or the audit trail; its prefix opens nothing."""
    world.ada()
    token = world.sign_in()
    made = world.ask("POST", "/auth/api-keys", json={"name": "ci"}, token=token)
    key = made.json()["key"]
    listed = world.ask("GET", "/auth/api-keys", token=token)
    assert key not in listed.text
    assert key[-20:] not in listed.text
    assert made.json()["prefix"] in listed.text
    assert world.ask("GET", "/users/me", headers={"x-api-key": made.json()["prefix"]}).status_code == 401
    assert key not in repr(world.kit.audit.list(limit=1000)) + repr(world.letters())


def test_ak_1_a_key_that_was_taken_back_opens_nothing_at_once(world: World) -> None:
    """Nor one that has expired, nor that of an account that is closed."""
    ada = world.ada()
    token = world.sign_in()
    body = {"name": "ci", "expires_at": "2026-01-01T00:10:00Z"}
    keys = [world.ask("POST", "/auth/api-keys", json=body, token=token).json() for _ in range(3)]

    def opens(key: dict[str, Any]) -> bool:
        return world.ask("GET", "/users/me", headers={"x-api-key": key["key"]}).status_code == 200

    assert all(opens(key) for key in keys)
    assert world.ask("DELETE", f"/auth/api-keys/{keys[0]['id']}", token=token).status_code == 204
    assert [opens(key) for key in keys] == [False, True, True]
    world.kit.users.disable(ada.id)
    assert [opens(key) for key in keys] == [False] * 3
    world.kit.users.enable(ada.id)
    world.clock.advance(minutes=10)
    assert [opens(key) for key in keys] == [False] * 3


@pytest.mark.parametrize("scopes", [["users:write"], ["*"], ["roles:write"], ["users:read", "users:delete"]])
def test_ak_1_scopes_are_within_what_the_owner_may(open_world: OpenWorld, scopes: list[str]) -> None:
    """Who reads makes keys that read."""
    world = open_world(kit_options=DEFINED)
    _, headers = caller(world, "reader")
    before = dump(world)
    answer = world.ask("POST", "/auth/api-keys", json={"name": "k", "scopes": scopes}, headers=headers)
    assert problem(answer) == (403, "forbidden")
    assert [line for line in dump(world) if line.startswith("api_keys ")] == [
        line for line in before if line.startswith("api_keys ")
    ]
    answer = world.ask(
        "POST", "/auth/api-keys", json={"name": "k", "scopes": ["users:read"]}, headers=headers
    )
    assert answer.status_code == 201


FRESH = ("delete_me", "change_email", "create_api_key", "delete_user")


@pytest.mark.parametrize("asked", [each for each in OPERATIONS if each.id in FRESH], ids=str)
def test_az_1_what_is_dangerous_wants_a_fresh_proof(world: World, asked: Operation) -> None:
    """After five minutes a stolen token cannot do it, and the password makes it fresh again."""
    ada = world.ada()
    pair = pair_of(world)
    world.clock.advance(minutes=6)
    before = dump(world)
    answer = ask(world, asked, id=ada.id, token=pair["access_token"])
    assert problem(answer) == (403, "reauthentication_required")
    assert dump(world) == before
    body = {"password": "mauve otters juggle teapots"}
    assert world.ask("POST", "/auth/reauthenticate", json=body, token=pair["access_token"]).status_code == 204
    assert ask(world, asked, id=ada.id, token=pair["access_token"]).status_code in (201, 202, 204)


def set_roles(world: World, id: str, given: list[str], headers: dict[str, str]) -> httpx.Response:
    """Give somebody exactly these roles."""
    return world.ask("PUT", f"/users/{id}/roles", json={"roles": given}, headers=headers)


def test_az_2_nobody_gives_or_takes_what_they_lack(open_world: OpenWorld) -> None:
    """Neither to themselves nor to others; names of roles are exact."""
    world = open_world(kit_options=DEFINED)
    root = world.ada("admin")
    manager, headers = caller(world, "roles-writer")
    other = named(world, "somebody")
    for id in (manager.id, other.id):
        for given in (["admin"], ["reader"], ["roles-writer", "admin"]):
            answer = set_roles(world, id, given, headers)
            assert problem(answer) == (403, "forbidden"), (given, answer.text)
    assert problem(set_roles(world, root.id, [], headers)) == (403, "forbidden")
    admin = bearer(world.sign_in())
    for name in ("Admin", " admin", "admin\n", "\uff41dmin", "", "*", "root", "reader,admin"):
        assert problem(set_roles(world, other.id, [name], admin)) == (422, "validation_failed"), name
    assert world.kit.roles.of(other.id) == frozenset()
    assert world.kit.roles.of(manager.id) == {"roles-writer"}


def test_az_2_the_last_administrator_stays(world: World) -> None:
    """By no route: not disabled, not deleted, not demoted, by themselves or by others."""
    root = world.ada("admin")
    token = pair_of(world)["access_token"]
    attempts: list[tuple[str, str, Any]] = [
        ("PUT", f"/users/{root.id}/roles", {"roles": []}),
        ("POST", f"/users/{root.id}/disable", None),
        ("DELETE", f"/users/{root.id}", None),
        ("DELETE", "/users/me", None),
    ]
    for method, path, body in attempts:
        assert problem(world.ask(method, path, json=body, token=token)) == (403, "forbidden"), path
    assert world.kit.roles.of(root.id) == {"admin"}
    assert world.sign_in()


TRICKS: list[Callable[[str], str]] = [
    lambda id: f"/api/v1/users/me/../{id}",
    lambda id: f"/api/v1/users//{id}",
    lambda id: f"/api/v1//users/{id}",
    lambda id: f"/api/v1/users/{id}/",
    lambda id: f"/api/v1/users/{id};x=y",
    lambda id: f"/api/v1/users/%2e/{id}",
    lambda id: f"/api/v1/users/{id}%00",
    lambda id: f"/api/v1/users/{id.upper()}",
    lambda id: f"/api/v1/users/{id}%20",
    lambda id: f"/api/v1/users/{id}.json",
    lambda id: f"/api/v1/users/me%2f..%2f{id}",
    lambda id: f"/API/V1/USERS/{id}",
]


@pytest.mark.parametrize("way", ["in-process", "socket"])
def test_az_1_no_spelling_of_a_path_goes_around_the_check(open_world: OpenWorld, way: str) -> None:
    """What is no path of ours is not found, and what is one is checked."""
    world = open_world(way, "sqlite" if way == "socket" else "memory")
    other = named(world, "somebody")
    world.ada()
    token = world.sign_in()
    for trick in TRICKS:
        for method in ("GET", "DELETE", "PATCH"):
            answer = world.ask(method, trick(other.id), token=token, json={"name": "Eve"})
            assert answer.status_code in (301, 307, 308, 400, 404, 405, 422), (
                trick(other.id),
                answer.status_code,
            )
            assert "somebody@example.com" not in answer.text
    assert world.kit.users.get(other.id) == other
