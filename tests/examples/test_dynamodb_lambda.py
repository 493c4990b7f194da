"""The example for AWS Lambda, driven with events of an HTTP API, over a server that speaks DynamoDB."""

import base64
import importlib.util
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.servers.dynamodb import DynoxideServer
from tests.serving.served import environment
from userkit.testing.bench import PATIENCE

FOLDER = Path(__file__).parents[2] / "examples" / "dynamodb_lambda"
SECRET = "not-a-secret-but-as-long-as-one-has-to-be"
Event = dict[str, Any]


def variables(server: DynoxideServer) -> dict[str, str]:
    """Return what a function is configured with, for a table of its own."""
    return {"USERKIT_DATABASE": server.url(database=server.create_database()), "USERKIT_SECRET": SECRET}


@pytest.fixture
def function(dynoxide: DynoxideServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Load the module as a new container does, once."""
    for name in os.environ:
        if name.startswith("USERKIT_"):
            monkeypatch.delenv(name)
    for name, value in variables(dynoxide).items():
        monkeypatch.setenv(name, value)
    spec = importlib.util.spec_from_file_location("lambda_handler", FOLDER / "handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        yield module
    finally:
        module.kit.close()


def recorded(name: str, **changes: Any) -> Event:
    """Return an event from its file, with changes at its top."""
    event: Event = json.loads((FOLDER / f"{name}.json").read_text())
    return event | changes


def asking(method: str, path: str, **headers: str) -> Event:
    """Return an event without a body."""
    event = recorded("login", rawPath=path, body=None)
    event["requestContext"]["http"] |= {"method": method, "path": path}
    del event["headers"]["content-type"], event["headers"]["content-length"]
    event["headers"] |= headers
    return event


def test_recorded_events_are_answered_by_one_kit(function: ModuleType) -> None:
    """Somebody registers and signs in; the kit was opened when the container began, and stays open."""
    assert function.kit.is_open
    created = function.handler(recorded("register"), None)
    assert (created["statusCode"], created["isBase64Encoded"], created["cookies"]) == (201, False, [])
    assert created["headers"]["content-type"] == "application/json"
    ada = json.loads(created["body"])

    again = function.handler(recorded("register"), None)
    assert (again["statusCode"], json.loads(again["body"])["code"]) == (409, "email_already_exists")

    body = base64.b64encode(recorded("login")["body"].encode()).decode()
    signed_in = function.handler(recorded("login", body=body, isBase64Encoded=True), None)
    token = json.loads(signed_in["body"])["access_token"]
    shown = function.handler(
        asking("GET", f"/api/v1/users/{ada['id']}", authorization=f"Bearer {token}"), None
    )
    assert json.loads(shown["body"])["email"] == "ada@example.com"
    assert function.kit.is_open


def test_cookies_go_in_and_out_beside_the_headers(function: ModuleType) -> None:
    """An HTTP API takes them apart; several leave as several."""
    function.handler(recorded("register"), None)
    signed_in = function.handler(recorded("login", rawQueryString="transport=cookie"), None)
    assert signed_in["statusCode"] == 204
    assert "set-cookie" not in signed_in["headers"]
    cookies = [cookie.partition(";")[0] for cookie in signed_in["cookies"]]
    assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-userkit", "__Host-userkit-csrf"]
    me = function.handler(asking("GET", "/api/v1/users/me") | {"cookies": cookies}, None)
    assert json.loads(me["body"])["name"] == "Ada Lovelace"


def test_paths_are_found_below_a_stage_and_others_are_not(function: ModuleType) -> None:
    """The address is the one that the gateway saw, and what waits is done on a schedule."""
    staged = asking("GET", "/live/api/v1/users/me")
    staged["requestContext"]["stage"] = "live"
    assert function.handler(staged, None)["statusCode"] == 401
    assert function.handler(asking("GET", "/nothing"), None)["statusCode"] == 404
    assert function.handler(asking("PUT", "/api/v1/users/me"), None)["headers"]["allow"]
    function.handler(recorded("register"), None)
    (entry, *_) = function.kit.audit.list().items
    assert entry.address == "203.0.113.7"
    assert function.work({}, None) == {"done": 0, "failed": 0}


def test_one_command_runs_events_from_files(dynoxide: DynoxideServer) -> None:
    """And tells what the cold start took, and each event after it."""
    done = subprocess.run(
        [sys.executable, "handler.py", "register.json", "login.json"],
        cwd=FOLDER,
        env=environment(**variables(dynoxide)),
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    told = re.sub(r"\d+ ms", "N ms", done.stdout).splitlines()
    assert told == ["cold start: N ms", "register.json: 201 in N ms", "login.json: 200 in N ms"]
