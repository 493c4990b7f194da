"""The example that screens sign-ups, started as its README says, and called from outside."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from tests.examples.running import running

REVIEWER = {"email": "reviewer@example.com", "password": "a long pass phrase"}
PASSWORD = "mauve otters juggle teapots"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[httpx.Client]:
    """Start the application."""
    with running("screening/main.py", tmp_path, REVIEWER_PASSWORD=REVIEWER["password"]) as client:
        yield client


def test_sign_ups_are_let_through_reviewed_or_refused_and_summarised(client: httpx.Client) -> None:
    """As the README goes: one name is doubtful, one is refused, and what happened is told."""

    def register(name: str) -> httpx.Response:
        who = {"email": f"{name[:3].lower()}@mail.example", "name": name, "password": PASSWORD}
        return client.post("/api/v1/users", json=who)

    assert register("Ada Lovelace").status_code == 201
    doubtful = register("PayPal Helper")
    assert doubtful.status_code == 201
    refused = client.post(
        "/api/v1/users",
        json={"email": "a@mail.example", "name": "\u0410dministrator", "password": PASSWORD},
    )
    assert refused.json()["code"] == "screening_refused"

    token = client.post("/api/v1/auth/login", json=REVIEWER).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    (review,) = client.get("/api/v1/reviews", headers=headers).json()["items"]
    assert (review["name"], review["reasons"]) == ("PayPal Helper", ["impersonates_brand"])

    now = datetime.now(UTC)
    period = {
        "since": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
        "until": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    path = f"/api/v1/users/{review['user_id']}/activity-summary"
    told = client.get(path, params=period, headers=headers).text
    assert "event: sentence\ndata: " in told
    assert "The event user registered happened once" in told
    undone = client.post(f"/api/v1/reviews/{review['id']}/refuse", headers=headers)
    assert undone.json()["state"] == "refused"


def test_the_rule_of_thumb_serves_chat_completions(tmp_path: Path) -> None:
    """With a tool it answers by calling it, without one by a summary with citations."""
    with running("screening/thumb.py", tmp_path) as client:
        name = {"role": "user", "content": json.dumps({"name": "Bank of Nowhere"})}
        tools = [{"type": "function", "function": {"name": "answer", "parameters": {}}}]
        body = client.post("/v1/chat/completions", json={"messages": [name], "tools": tools}).json()
        (call,) = body["choices"][0]["message"]["tool_calls"]
        assert json.loads(call["function"]["arguments"])["verdict"] == "review"
        trail = {"role": "user", "content": json.dumps({"entries": [{"n": 1, "event": "signed_in"}]})}
        body = client.post("/v1/chat/completions", json={"messages": [trail]}).json()
        assert body["choices"][0]["message"]["content"] == "The event signed in happened once [1]"
