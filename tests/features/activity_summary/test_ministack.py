"""From the browser to Bedrock and back: both frameworks, and a model whose frames come over the wire."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from flask import Flask

from tests.features.activity_summary.world import ROLES
from tests.features.parts import SECRET
from tests.http.eventsource import Event, read
from tests.servers.brain import Brain, MinistackBedrockServer
from userkit import SyncUserKit, UserKit
from userkit.features.activity_summary import activity_summary
from userkit.features.roles import roles
from userkit.features.spending import SpentOn, spending
from userkit.integrations.fastapi import UserKitRouter
from userkit.integrations.flask import UserKitExtension
from userkit.testing import InstantHasher

pytestmark = pytest.mark.server

ADA = {"email": "ada@example.com", "name": "Ada Lovelace", "password": "mauve otters juggle teapots"}
MIA = {"email": "mia@example.com", "name": "Mia of Support", "password": "quiet lanterns drift upstream"}
LOGIN = {"email": MIA["email"], "password": MIA["password"]}


def settings(url: str) -> dict[str, Any]:
    """Return what both kits are made with."""
    return {
        "secret": SECRET,
        "hasher": InstantHasher(),
        "relay": False,
        "language_model": url,
        "features": [activity_summary(), roles(ROLES)],
    }


def target(user_id: str) -> str:
    """Return where the summary of a day is."""
    now = datetime.now(UTC).replace(microsecond=0)
    since, until = (now + timedelta(hours=hours) for hours in (-23, 1))
    period = f"since={since:%Y-%m-%dT%H:%M:%SZ}&until={until:%Y-%m-%dT%H:%M:%SZ}"
    return f"/api/v1/users/{user_id}/activity-summary?{period}"


Answered = tuple[list[Event], SpentOn]


@contextmanager
def in_fastapi(url: str) -> Iterator[Callable[[], Answered]]:
    """Offer an asynchronous kit, and ask it."""
    kit, app = UserKit("memory://", **settings(url)), FastAPI()
    app.include_router(UserKitRouter(kit))
    with TestClient(app) as client:
        ada, mia = (client.post("/api/v1/users", json=each).json()["id"] for each in (ADA, MIA))
        assert client.portal is not None
        client.portal.call(kit.roles.assign, mia, "support")

        def ask() -> Answered:
            token = client.post("/api/v1/auth/login", json=LOGIN).json()["access_token"]
            answer = client.get(target(ada), headers={"authorization": f"Bearer {token}"})
            assert client.portal is not None
            spent = client.portal.call(kit[spending()].current)
            return read(answer.content), spent.purposes["activity_summary"]

        yield ask


@contextmanager
def in_flask(url: str) -> Iterator[Callable[[], Answered]]:
    """Offer a synchronous kit, and ask it."""
    app = Flask(__name__)
    with SyncUserKit("memory://", **settings(url)) as kit:
        UserKitExtension(app, kit)
        client = app.test_client()
        ada, mia = (client.post("/api/v1/users", json=each).get_json()["id"] for each in (ADA, MIA))
        kit.roles.assign(mia, "support")

        def ask() -> Answered:
            token = client.post("/api/v1/auth/login", json=LOGIN).get_json()["access_token"]
            answer = client.get(target(ada), headers={"authorization": f"Bearer {token}"})
            return read(answer.data), kit[spending()].current().purposes["activity_summary"]

        yield ask


@pytest.mark.parametrize("offered", [in_fastapi, in_flask])
def test_a_summary_comes_from_bedrock_to_the_browser(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, offered: Any
) -> None:
    """With what it cost by the provider's own count, and nothing that was typed on the wire."""
    brain.script = ["The owner registered with device 1 [1].\nNothing else happened [1].\n"]
    brain.tokens = (321, 45)
    with offered(ministack_bedrock.url()) as ask:
        (legend, one, two, done), spent = ask()
    assert [each.name for each in (legend, one, two, done)] == ["legend", "sentence", "sentence", "done"]
    assert one.json["text"] == "The owner registered with device 1."
    assert done.json == {"sentences": 2, "usage": {"input_tokens": 321, "output_tokens": 45}}
    assert (spent.input_tokens, spent.output_tokens, spent.reserved) == (321, 45, 0)
    (wish,) = brain.asked
    assert '"event":"user_registered"' in wish.text
    for typed in ("ada", "example.com", "127.0.0.1", "werkzeug", "testclient"):
        assert typed not in wish.text.lower()


@pytest.mark.parametrize("offered", [in_fastapi, in_flask])
def test_what_bedrock_makes_up_does_not_reach_the_browser(
    ministack_bedrock: MinistackBedrockServer, brain: Brain, offered: Any
) -> None:
    """The sentences before it do; it is paid for at the most that it can have cost."""
    brain.script = ["The owner registered [1].\nSee https://evil.example [1].\nMore [1].\n"]
    with offered(ministack_bedrock.url()) as ask:
        (_, one, refusal), spent = ask()
    assert one.name == "sentence"
    assert (refusal.name, refusal.json["code"]) == ("problem", "summary_refused")
    assert "evil" not in refusal.data
    assert spent.reserved == 0
    assert spent.input_tokens > 500
