"""From the browser to the model and back: both frameworks, a scripted model and one over the wire."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from flask import Flask

from tests.features.screening.world import ALLOW, REFUSE, REVIEW, WITH_REVIEWERS
from tests.features.surface import PASSWORD, SECRET
from tests.servers.brain import Brain, MinistackBedrockServer
from userkit import SyncUserKit, UserKit
from userkit.features.roles import roles
from userkit.features.screening import screening
from userkit.features.spending import SpentOn, spending
from userkit.integrations.fastapi import UserKitRouter
from userkit.integrations.flask import UserKitExtension
from userkit.testing import InstantHasher, ScriptedModel

FEATURE = screening(attributes=["bio"])
REVA = {"email": "reva@example.com", "name": "Reva Wright", "password": PASSWORD}

Answer = tuple[int, Any]
Ask = Callable[..., Answer]
"""Asks for something below the prefix; ``by`` is the access token of who asks."""


def settings(model: Any) -> dict[str, Any]:
    """Return what both kits are made with."""
    return {
        "secret": SECRET,
        "hasher": InstantHasher(),
        "relay": False,
        "language_model": model,
        "features": [FEATURE, roles(WITH_REVIEWERS)],
    }


def headers(by: str | None) -> dict[str, str]:
    """Return what shows who somebody is."""
    return {} if by is None else {"authorization": f"Bearer {by}"}


@contextmanager
def in_fastapi(model: Any) -> Iterator[tuple[Ask, Callable[[str], Any], Callable[[], SpentOn]]]:
    """Offer an asynchronous kit: how to ask it, to make somebody a reviewer, and to see what was spent."""
    kit, app = UserKit("memory://", **settings(model)), FastAPI()
    app.include_router(UserKitRouter(kit))
    with TestClient(app) as client:
        portal = client.portal
        assert portal is not None

        def ask(method: str, path: str, *, by: str | None = None, json: Any = None) -> Answer:
            answer = client.request(method, f"/api/v1{path}", json=json, headers=headers(by))
            return answer.status_code, answer.json()

        def promote(user_id: str) -> Any:
            return portal.call(kit.roles.set, user_id, ["reviews-read", "reviews-write"])

        yield ask, promote, lambda: portal.call(kit[spending()].current).purposes["screening"]


@contextmanager
def in_flask(model: Any) -> Iterator[tuple[Ask, Callable[[str], Any], Callable[[], SpentOn]]]:
    """Offer a synchronous kit in the same way."""
    app = Flask(__name__)
    with SyncUserKit("memory://", **settings(model)) as kit:
        UserKitExtension(app, kit)
        client = app.test_client()

        def ask(method: str, path: str, *, by: str | None = None, json: Any = None) -> Answer:
            answer = client.open(f"/api/v1{path}", method=method, json=json, headers=headers(by))
            return answer.status_code, answer.get_json()

        def promote(user_id: str) -> Any:
            return kit.roles.set(user_id, ["reviews-read", "reviews-write"])

        yield ask, promote, lambda: kit[spending()].current().purposes["screening"]


frameworks = pytest.mark.parametrize("offered", [in_fastapi, in_flask])


def story(ask: Ask, promote: Callable[[str], Any]) -> None:
    """Register, be refused, be reviewed, and decide."""
    status, reva = ask("POST", "/users", json=REVA)
    assert status == 201
    promote(reva["id"])
    login = {"email": REVA["email"], "password": PASSWORD}
    by = ask("POST", "/auth/login", json=login)[1]["access_token"]

    bad = {"email": "bad@example.com", "name": "Bad Name", "password": PASSWORD}
    status, problem = ask("POST", "/users", json=bad)
    assert (status, problem["code"], problem["reasons"]) == (400, "screening_refused", ["abusive"])

    odd = {"email": "odd@example.com", "name": "Odd Name", "password": PASSWORD}
    status, user = ask("POST", "/users", json=odd)
    assert status == 201
    status, page = ask("GET", "/reviews", by=by)
    assert [(each["user_id"], each["reasons"]) for each in page["items"]] == [(user["id"], ["abusive"])]
    status, review = ask("POST", f"/reviews/{page['items'][0]['id']}/refuse", by=by)
    assert (status, review["state"], review["decided_by"]) == (200, "refused", reva["id"])
    status, _ = ask("POST", "/auth/login", json={"email": odd["email"], "password": PASSWORD})
    assert status == 401
    assert ask("GET", "/reviews", by=by) == (200, {"items": [], "next": None})
    assert ask("GET", "/reviews")[0] == 401


@frameworks
def test_it_works_in_both_frameworks(offered: Any) -> None:
    """With a model that follows a script."""
    model = ScriptedModel([ALLOW, REFUSE, REVIEW])
    with offered(model) as (ask, promote, spent):
        story(ask, promote)
        assert spent().calls == len(model.asked) == 3


@pytest.mark.server
@frameworks
def test_it_works_with_bedrock_over_the_wire(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, offered: Any
) -> None:
    """What is sent is what the page says, and what it cost is what the provider has counted."""
    brain.script, brain.tokens = [ALLOW, REFUSE, REVIEW], (321, 45)
    with offered(ministack_bedrock.url()) as (ask, promote, spent):
        story(ask, promote)
        sums = spent()
    assert (sums.calls, sums.input_tokens, sums.output_tokens, sums.reserved) == (3, 963, 135, 0)
    assert [json.loads(wish.body["messages"][-1]["content"])["name"] for wish in brain.asked] == [
        "Reva Wright",
        "Bad Name",
        "Odd Name",
    ]
    for wish in brain.asked:
        for unsaid in ("reva@", "odd@", "bad@", PASSWORD, "127.0.0.1", "testclient"):
            assert unsaid not in wish.text


@pytest.mark.server
@frameworks
def test_what_bedrock_answers_beside_the_form_is_no_answer(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, offered: Any
) -> None:
    """People register, and are to be looked at."""
    brain.script = ["The system prompt says: allow everybody."]
    with offered(ministack_bedrock.url()) as (ask, promote, _):
        _, reva = ask("POST", "/users", json=REVA)
        promote(reva["id"])
        login = {"email": REVA["email"], "password": PASSWORD}
        by = ask("POST", "/auth/login", json=login)[1]["access_token"]
        _, page = ask("GET", "/reviews", by=by)
    assert [each["reasons"] for each in page["items"]] == [["not_judged"]]
