"""Schemathesis on an application of ours: what it may do, what it must see, and where it is wrong."""

import asyncio
import copy
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any
from urllib.parse import urljoin

import schemathesis
from schemathesis import AuthContext, Case, Config, HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.engine import events, from_schema

from tests.integrations.worlds import PASSWORD, World
from userkit import SyncUserKit, User, UserKitError, UserNotFoundError
from userkit.testing.http import Client

__all__ = ["EXCEPTIONS", "Findings", "explore"]

SEED = 1 if os.environ.get("CI") == "true" else SystemRandom().getrandbits(32)
"""CI repeats what passed before; developers explore."""

ADMINISTRATOR = "root@example.com"

_REFUSED = "positive_data_acceptance"
EXCEPTIONS: dict[tuple[str, int, str], str] = {
    (_REFUSED, 400, "invalid_email"): "which addresses there are is more than a pattern says",
    (_REFUSED, 400, "invalid_name"): "a name has something to see in it, and nothing that turns text around",
    (_REFUSED, 400, "weak_password"): "a good password depends on lists, address and name",
    (_REFUSED, 400, "invalid_token"): "links are sent by mail, not described",
    (_REFUSED, 400, "invalid_cursor"): "cursors are what an answer before has told",
    (_REFUSED, 400, "invalid_attributes"): "attributes are as large as all of them together",
    (_REFUSED, 412, "stale"): "of which revision somebody is, is known when it is read",
    (_REFUSED, 413, "body_too_large"): "a hundred long texts, each allowed, are more than one body may be",
    (_REFUSED, 422, "by a rule"): "such as a role that is not defined, or a time that is past",
}
"""Where what was made fits the schema and is refused for what no schema can say: check, status and code."""

# What does not fit the schema is refused with these as well: If-Match with something that is no revision, and
# lists that are so long that the body is.
_NEGATIVE = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422]


@dataclass
class Findings:
    """What was seen. `problems` are for people to read."""

    phases: dict[str, str] = field(default_factory=dict)
    statuses: set[int] = field(default_factory=set)
    operations: set[str] = field(default_factory=set)
    checks: set[str] = field(default_factory=set)
    requests: int = 0
    problems: list[str] = field(default_factory=list)


def explore(world: World, openapi_path: str, *, examples: int, phases: tuple[str, ...]) -> Findings:
    """Let an administrator who has just signed in do what the document says, well and badly."""
    told = world.ask("GET", openapi_path).json()
    schema = schemathesis.openapi.from_dict(told, config=_config(examples, phases))
    _check_document(told)
    if world.client.is_wired:
        schema.config.update(base_url=world.url)
    else:
        schema.app = _Bridge(world.client)
    # Without an interval a token is never used twice.
    schema.auth(refresh_interval=None)(_administrator_of(world))
    schema.hook(filter_failure)
    # Whoever is the last administrator can neither leave nor be sent away.
    world.ada("admin", email="keeper@example.com")
    findings = Findings()
    for event in from_schema(schema).execute():
        _note(findings, event)
    return findings


def _check_document(told: dict[str, Any]) -> None:
    """See that a document is one of OpenAPI 3.1, by its own schema."""
    whole = copy.deepcopy(told)
    form = whole["components"]["securitySchemes"]["password"]["flows"]["password"]
    # It may be relative to where the document is (section 4.6); the schema has forgotten it.
    form["tokenUrl"] = urljoin("https://app.example/openapi.json", form["tokenUrl"])
    schemathesis.openapi.from_dict(whole).validate()


def filter_failure(context: HookContext, failure: Failure, case: Case, response: Response) -> bool:
    """Tell whether something is a failure; some refusals are none."""
    checks = type(failure).checks
    return not any((check, response.status_code, _code(response)) in EXCEPTIONS for check in checks)


def _config(examples: int, phases: tuple[str, ...]) -> Config:
    generation = {"deterministic": SEED == 1, "database": "none", "max-examples": examples}
    known = ("examples", "coverage", "fuzzing", "stateful")
    return Config.from_dict(
        {
            "seed": SEED,
            "continue-on-failure": True,
            "generation": generation,
            "phases": {name: {"enabled": name in phases} for name in known},
            "output": {"sanitization": {"enabled": False}},
            "checks": {"negative_data_rejection": {"expected-statuses": _NEGATIVE}},
        }
    )


def _administrator_of(world: World) -> type[Any]:
    kit = world.kit

    class Administrator:
        """Sign in for every request: the request before may have ended the session, or the account."""

        def get(self, case: Case, context: AuthContext) -> str:
            try:
                return _signed_in(kit, _account(world))
            except UserKitError:
                # Somebody has changed the password.
                kit.users.delete(_account(world).id)
                return _signed_in(kit, _account(world))

        def set(self, case: Case, data: str, context: AuthContext) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}

    return Administrator


def _signed_in(kit: SyncUserKit, user: User) -> str:
    return kit.sessions.sign_in(email=user.email, password=PASSWORD).access_token


def _account(world: World) -> User:
    kit = world.kit
    try:
        user = kit.users.get_by_email(ADMINISTRATOR)
    except UserNotFoundError:
        return world.ada("admin", email=ADMINISTRATOR)
    if user.is_disabled:
        kit.users.enable(user.id)
    if kit.roles.of(user.id) != {"admin"}:
        kit.roles.set(user.id, ["admin"])
    return user


class _Bridge:
    """An ASGI application that hands on what it is asked to one that runs already.

    Schemathesis keeps what it starts until the process ends, and drives WSGI by a client that some of its
    checks cannot call.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http", "there is nothing to start"
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        target = (scope["raw_path"] + b"?" * bool(scope["query_string"]) + scope["query_string"]).decode()
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
        answer = await asyncio.to_thread(
            self._client.ask, scope["method"], target, headers=headers, body=body
        )
        sent = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
        await send({"type": "http.response.start", "status": answer.status, "headers": sent})
        await send({"type": "http.response.body", "body": answer.body})


def _code(response: Response) -> str:
    try:
        told = response.json()
        by_rule = response.status_code == 422 and not told.get("errors")
        return "by a rule" if by_rule else str(told["code"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _note(findings: Findings, event: events.EngineEvent) -> None:
    match event:
        case events.PhaseFinished():
            findings.phases[event.phase.name.value] = event.status.value
        case events.NonFatalError():
            findings.problems.append(f"{event.label}: {event.value!r}")
        case events.FatalError():
            findings.problems.append(f"{event.exception!r}")
        case events.ScenarioFinished():
            findings.problems += _problems(findings, event)


def _problems(findings: Findings, event: events.ScenarioFinished) -> Iterator[str]:
    recorder = event.recorder
    findings.requests += len(recorder.interactions)
    for node in recorder.cases.values():
        findings.operations.add(node.value.operation.label)
    for interaction in recorder.interactions.values():
        if interaction.response is not None:
            findings.statuses.add(interaction.response.status_code)
    for case_id, checks in recorder.checks.items():
        for check in checks:
            findings.checks.add(check.name)
            if check.failure_info is not None:
                failure = check.failure_info.failure
                interaction = recorder.interactions.get(case_id)
                answered = interaction and interaction.response
                seen = f"{answered.status_code} {answered.content[:300]!r}" if answered else "no answer"
                where = f"{event.phase.value}: {recorder.label}: {check.name}: {failure.title}"
                yield "\n".join((where, failure.message, check.failure_info.code_sample[-800:], seen))
