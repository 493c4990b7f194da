"""Reviews over HTTP, and what somebody who is refused is told."""

import json
from typing import Any

import pytest

from tests.features.screening.world import REFUSE, REVIEW, OpenWorld, World, by_name
from tests.features.surface import PASSWORD, UNKNOWN_ID, alike, answer, asking, problem, read
from userkit.errors import ModelReplyError, ModelTimeoutError
from userkit.features.email_verification import email_verification
from userkit.features.registration import registration
from userkit.http import Response

DOUBTFUL = by_name(bad=REFUSE, odd=REVIEW)
SHOWN = {
    "id",
    "user_id",
    "occasion",
    "verdict",
    "reasons",
    "state",
    "name",
    "attributes",
    "earlier_name",
    "earlier_attributes",
    "opened_at",
    "decided_at",
    "decided_by",
}
ROUTES = [
    ("GET", "/reviews", "reviews-read"),
    ("GET", f"/reviews/{UNKNOWN_ID}", "reviews-read"),
    ("POST", f"/reviews/{UNKNOWN_ID}/accept", "reviews-write"),
    ("POST", f"/reviews/{UNKNOWN_ID}/refuse", "reviews-write"),
]


def register(world: World, name: str, email: str, **more: Any) -> Response:
    """Register somebody as a stranger does."""
    body = {"email": email, "name": name, "password": PASSWORD}
    return world.site.ask("POST", "/users", json=body, **more)


def test_a_review_is_read_and_decided(open_world: OpenWorld) -> None:
    """By whoever has the permissions."""
    world = open_world(script=[DOUBTFUL], attributes=["bio"])
    reviewer = world.reviewer()
    ada = world.register("Ada Lovelace", attributes={"bio": "I count."})
    world.site.clock.advance(minutes=1)
    world.kit.users.update(ada.id, name="Odd Name", attributes={"bio": "Odd."})
    page = read(world.site.ask("GET", "/reviews", headers=reviewer.headers))
    (shown,) = page["items"]
    assert page["next"] is None
    assert shown == {
        "id": shown["id"],
        "user_id": ada.id,
        "occasion": "change",
        "verdict": "review",
        "reasons": ["abusive"],
        "state": "open",
        "name": "Odd Name",
        "attributes": {"bio": "Odd."},
        "earlier_name": "Ada Lovelace",
        "earlier_attributes": {"bio": "I count."},
        "opened_at": "2026-01-01T00:01:00.000Z",
        "decided_at": None,
        "decided_by": None,
    }
    target = f"/reviews/{shown['id']}"
    assert read(world.site.ask("GET", target, headers=reviewer.headers)) == shown
    refused = read(world.site.ask("POST", f"{target}/refuse", headers=reviewer.headers))
    assert refused == {
        **shown,
        "state": "refused",
        "decided_at": "2026-01-01T00:01:00.000Z",
        "decided_by": reviewer.id,
    }
    assert world.kit.users.get(ada.id).name == "Ada Lovelace"
    (entry,) = world.audited("review_refused")
    assert (entry.actor_id, entry.user_id) == (reviewer.id, ada.id)
    for decision in ("accept", "refuse"):
        problem(world.site.ask("POST", f"{target}/{decision}", headers=reviewer.headers), 409, "stale")


def test_reviews_are_listed_in_pages_by_state(open_world: OpenWorld) -> None:
    """Open ones unless it is said otherwise."""
    world = open_world(script=[DOUBTFUL])
    reviewer = world.reviewer()
    for number in range(3):
        world.register(f"Odd Name {number}")
    ask = world.site.ask
    first = read(ask("GET", "/reviews?limit=2", headers=reviewer.headers))
    second = read(ask("GET", f"/reviews?limit=2&after={first['next']}", headers=reviewer.headers))
    assert [len(first["items"]), len(second["items"])] == [2, 1]
    accepted = read(ask("POST", f"/reviews/{first['items'][0]['id']}/accept", headers=reviewer.headers))
    assert (accepted["state"], set(accepted)) == ("accepted", SHOWN)
    shown = read(ask("GET", "/reviews?state=accepted", headers=reviewer.headers))
    assert shown == {"items": [accepted], "next": None}
    problem(ask("GET", "/reviews?state=garbage", headers=reviewer.headers), 422, "validation_failed")
    problem(ask("GET", "/reviews?after=garbage", headers=reviewer.headers), 400, "invalid_cursor")


@pytest.mark.parametrize(("method", "path", "role"), ROUTES, ids=[f"{m} {p[:9]} {r}" for m, p, r in ROUTES])
def test_se_3_reviews_are_for_those_with_the_permission(
    open_world: OpenWorld, method: str, path: str, role: str
) -> None:
    """To nobody else, and not to a key that is too narrow for it."""
    world = open_world()
    ada, holder = world.site.person(), world.site.person("holder", role)
    other = world.site.person("other", *({"reviews-read", "reviews-write"} - {role}))
    problem(world.site.ask(method, path), 401, "unauthenticated")
    for headers in (ada.headers, other.headers, world.site.key(holder)):
        problem(world.site.ask(method, path, headers=headers), 403, "forbidden")
    scope = role.replace("-", ":")
    allowed = [
        world.site.ask(method, path, headers=headers)
        for headers in (holder.headers, world.site.key(holder, scope))
    ]
    alike(allowed)
    assert allowed[0].status == (200 if path == "/reviews" else 404)


def test_a_decision_comes_from_our_own_pages(open_world: OpenWorld) -> None:
    """Where it comes with a cookie."""
    world = open_world()
    world.site.person("reva", "reviews-write")
    cookies = world.site.browser("reva")
    path = f"/reviews/{UNKNOWN_ID}/accept"
    problem(world.site.ask("POST", path, headers=asking(cookies)), 403, "csrf_failed")
    problem(world.site.ask("POST", path, headers=asking(cookies, csrf="")), 404, "not_found")


def test_whoever_is_refused_is_told_why_in_fixed_words(open_world: OpenWorld) -> None:
    """At registration and at a change, and nothing of what they typed."""
    world = open_world(script=[DOUBTFUL])
    ada = world.site.person()
    refused = [
        register(world, "Bad Name", "bad@example.com"),
        world.site.ask("PATCH", "/users/me", json={"name": "Bad Name"}, headers=ada.headers),
    ]
    for response in refused:
        told = problem(response, 400, "screening_refused")
        assert told["reasons"] == ["abusive"]
        assert "Bad Name" not in json.dumps(told)
    assert world.kit.users.get(ada.id).name == "Ada Test"


@pytest.mark.parametrize("error", [ModelTimeoutError(), ModelReplyError()], ids=["away", "nonsense"])
def test_a_model_that_fails_is_nobodys_error(open_world: OpenWorld, error: Any) -> None:
    """Registering is answered as ever."""
    world = open_world(script=[error])
    assert register(world, "Ada Lovelace", "ada@example.com").status == 201
    assert [each.reasons for each in world.open_reviews()] == [("not_judged",)]


def test_staff_opens_accounts_for_others_unscreened(open_world: OpenWorld) -> None:
    """Whoever is merely signed in does not."""
    world = open_world(script=[DOUBTFUL])
    holder, ada = world.site.person("holder", "users-write"), world.site.person()
    assert register(world, "Bad Name", "one@example.com", headers=holder.headers).status == 201
    problem(register(world, "Bad Name", "two@example.com", headers=ada.headers), 400, "screening_refused")


# Private registration


@pytest.fixture
def private(open_world: OpenWorld) -> World:
    """A site where nobody learns who has an account."""
    return open_world(
        registration("private"),
        email_verification(required=True),
        script=[DOUBTFUL],
        mail=True,
    )


@pytest.mark.parametrize(("name", "status"), [("Bad Name", 400), ("Odd Name", 202), ("Ada Lovelace", 202)])
def test_lg_3_what_is_judged_does_not_tell_who_has_an_account(private: World, name: str, status: int) -> None:
    """A name is refused, reviewed or allowed alike, whether or not the address is known."""
    private.site.person("known", verified=True)
    private.register("Not Yet", email="unconfirmed@example.com")
    responses = [
        register(private, name, f"{email}@example.com")
        for email in ("known", "unconfirmed", "new", "KNOWN", "known", "new")
    ]
    alike(responses)
    assert responses[0].status == status
    if status == 202:
        answer(responses[0], 202)


def test_lg_3_an_address_that_is_known_opens_no_review(private: World) -> None:
    """Its owner has changed nothing; hashing is done all the same."""
    private.site.person("known", verified=True)
    runs = private.site.hasher.runs
    register(private, "Odd Name", "known@example.com")
    register(private, "Odd Name", "new@example.com")
    assert private.site.hasher.runs == runs + 2
    (review,) = private.open_reviews()
    assert private.kit.users.get(review.user_id).email == "new@example.com"


def test_lg_3_a_refusal_does_not_tell_of_another_users_name(private: World) -> None:
    """Strangers could ask for names one by one otherwise."""
    private.register("John Smith")
    posing = register(private, "John Srnith", "one@example.com", peer="192.0.2.7")
    honest = register(private, "Grace Hopper", "two@example.com", peer="192.0.2.7")
    alike([posing, honest])


def test_rg_3_an_address_has_one_account_whatever_is_judged(private: World) -> None:
    """Refused first, then allowed, then reviewed under the same address."""
    for name in ("Bad Name", "Ada Lovelace", "Odd Name"):
        register(private, name, "ada@example.com")
    (user,) = private.kit.users.list().items
    assert (user.name, private.open_reviews()) == ("Ada Lovelace", ())
