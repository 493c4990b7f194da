"""The OpenAPI document tells of every route what it takes and what it answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.doors import route
from tests.security.world import World
from userkit.errors import NotFoundError, StaleError
from userkit.features.mail import mail
from userkit.http import FRESH, PUBLIC, SESSION, USER, over_user, permission, self_or
from userkit.http.openapi import (
    SECURITY_SCHEMES,
    document,
    other_responses,
    problem_responses,
    security_of,
)
from userkit.http.problems import PROBLEM_JSON
from userkit.http.route import FORM, JSON
from userkit.http.schemas import Omittable, Paging, ReplyModel, RequestModel, Text, UserKitValidationProblem
from userkit.surface import Surface


class Thing(ReplyModel):
    """A thing."""

    name: str


class NewThing(RequestModel):
    """A new thing."""

    name: Text
    size: Omittable[int] = None


class Needed(RequestModel):
    """A query with something that is required."""

    name: Text


def described(**changes: Any) -> dict[str, Any]:
    """Return the operation of a route."""
    one = route(**{"access": PUBLIC, **changes})
    told: dict[str, Any] = document([one], prefix="/api", title="Things", version="1")
    operation: dict[str, Any] = told["paths"][f"/api{one.path}"][one.method.lower()]
    return operation


@pytest.fixture(scope="module")
def whole() -> Iterator[dict[str, Any]]:
    """The document of a whole kit."""
    world = World("memory://")
    kit = world.open(features=[mail(sender="App <no-reply@app.example>")])
    yield document(Surface.of(kit).routes, prefix="/api/v1", title="App", version="1.2.3")
    world.close()


def operations(told: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Return every operation with its path and method."""
    return [
        (path, method, operation)
        for path, methods in told["paths"].items()
        for method, operation in methods.items()
    ]


def test_the_document_is_json_and_of_version_3_1(whole: dict[str, Any]) -> None:
    """With the title and the version of the application."""
    assert json.loads(json.dumps(whole)) == whole
    assert whole["openapi"] == "3.1.0"
    assert whole["info"] == {"title": "App", "version": "1.2.3"}
    assert all(path.startswith("/api/v1/") for path in whole["paths"])


def test_every_operation_is_told_of(whole: dict[str, Any]) -> None:
    """With a name of its own, a summary, a tag, and answers that have descriptions."""
    every = [operation for _, _, operation in operations(whole)]
    names = [operation["operationId"] for operation in every]
    assert len(names) == len(set(names))
    for operation in every:
        assert operation["summary"]
        assert len(operation["tags"]) == 1
        assert all(answer["description"] for answer in operation["responses"].values())
        assert {"422", "503"} <= set(operation["responses"])


def test_every_reference_leads_somewhere(whole: dict[str, Any]) -> None:
    """And every schema is referred to."""
    text = json.dumps(whole)
    used = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert used == set(whole["components"]["schemas"])


def test_every_place_in_a_path_is_a_parameter(whole: dict[str, Any]) -> None:
    """And required."""
    for path, _, operation in operations(whole):
        places = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        told = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert told == places
        assert all(each["required"] for each in operation["parameters"] if each["in"] == "path")


def test_a_body_and_a_reply_are_described() -> None:
    """By references to their schemas."""
    operation = described(method="POST", body=NewThing, reply=Thing, status=201)
    assert operation["requestBody"] == {
        "required": True,
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/NewThing"}}},
    }
    assert operation["responses"]["201"] == {
        "description": "What was asked for.",
        "content": {JSON: {"schema": {"$ref": "#/components/schemas/Thing"}}},
    }
    assert {"400", "413", "415", "422"} <= set(operation["responses"])


def test_a_form_is_described_in_place() -> None:
    """As frameworks do."""
    content = described(method="POST", body=NewThing, media_type=FORM)["requestBody"]["content"]
    assert list(content) == [FORM]
    assert set(content[FORM]["schema"]["properties"]) == {"name", "size"}
    assert content[FORM]["schema"]["additionalProperties"] is False


def test_where_nothing_is_taken_nothing_is_described() -> None:
    """Neither a body nor parameters nor who may call it."""
    operation = described(status=204)
    assert operation["parameters"] == []
    assert operation["responses"]["204"] == {"description": "Done."}
    assert not {"requestBody", "security", "description"} & set(operation)
    assert set(operation["responses"]) == {"204", "422", "503"}


def test_a_query_is_described() -> None:
    """Each field with its description, its bounds and its default."""
    limit, after = described(query=Paging)["parameters"]
    assert (limit["name"], limit["in"], limit["required"]) == ("limit", "query", False)
    assert limit["description"] == "How many to return."
    assert limit["schema"]["minimum"] == 1
    assert limit["schema"]["default"] == 100
    assert after["name"] == "after"
    (name,) = described(query=Needed)["parameters"]
    assert name["required"]
    assert "description" not in name


def test_a_condition_is_described_where_it_is_heeded() -> None:
    """As a header that may be there, and by what it may lead to."""
    operation = described(method="PATCH", conditional=True)
    (parameter,) = operation["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("If-Match", "header", False)
    assert "412" in operation["responses"]
    assert described(method="PATCH")["parameters"] == []


def test_descriptions_headers_and_other_answers_are_told() -> None:
    """As the route says them."""
    one: dict[str, Any] = {
        "description": "More.",
        "headers": {"ETag": "The revision."},
        "also": {204: "Nothing."},
    }
    operation = described(**one)
    assert operation["description"] == "More."
    assert operation["responses"]["200"]["headers"]["ETag"]["description"] == "The revision."
    assert operation["responses"]["204"] == {"description": "Nothing."}
    assert other_responses(route(**one)) == {204: "Nothing."}


@pytest.mark.parametrize(
    ("access", "schemes", "statuses"),
    [
        (PUBLIC, (), set()),
        (USER, SECURITY_SCHEMES, {401}),
        (SESSION, ("password", "bearer"), {401, 403}),
        (FRESH, ("password", "bearer"), {401, 403}),
        (permission("a:b"), SECURITY_SCHEMES, {401, 403}),
        (over_user("a:b"), SECURITY_SCHEMES, {401, 403, 404}),
        (self_or("a:b"), SECURITY_SCHEMES, {401, 403, 404}),
        (self_or("a:b", fresh=True), SECURITY_SCHEMES, {401, 403, 404}),
    ],
)
def test_who_may_call_it_is_told(access: Any, schemes: tuple[str, ...], statuses: set[int]) -> None:
    """By the schemes of which one is enough, and by the answers of who may not."""
    one = route(access=access)
    assert security_of(one) == schemes
    assert set(problem_responses(one)) - {422, 503} == statuses
    told = described(access=access, path=one.path)
    assert told.get("security", []) == [{name: []} for name in schemes]


def test_a_change_by_a_cookie_may_be_refused() -> None:
    """And so the answer is described, with the link to what the error reference says."""
    told, _ = problem_responses(route(method="POST"))[403]
    assert "[`csrf_failed`](https://" in told
    assert told.count("`forbidden`") == 1
    assert 403 not in problem_responses(route(method="POST", access=PUBLIC))
    fresh, _ = problem_responses(route(access=FRESH))[403]
    assert "reauthentication_required" in fresh


def test_problems_of_a_route_are_told_once() -> None:
    """By their status, with every code."""
    one = route(access=PUBLIC, errors=(NotFoundError, StaleError, NotFoundError), path="/things/{id}")
    told = problem_responses(one)
    assert list(told) == sorted(told)
    assert told[404][0].count("`not_found`") == 1
    assert "`stale`" in told[409][0]
    assert told[422][1] is UserKitValidationProblem
    content = described(access=PUBLIC, path="/things/{id}")["responses"]["404"]["content"]
    assert list(content) == [PROBLEM_JSON]


def test_the_authorize_button_works(whole: dict[str, Any]) -> None:
    """The password form goes to a route that takes it."""
    schemes = whole["components"]["securitySchemes"]
    assert tuple(schemes) == SECURITY_SCHEMES
    url = schemes["password"]["flows"]["password"]["tokenUrl"]
    assert FORM in whole["paths"][url]["post"]["requestBody"]["content"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["api_key"]["name"] == "X-API-Key"
