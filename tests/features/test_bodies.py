"""What is sent to any route is read strictly: the models say what there is, and all else is refused."""

import json
from typing import Any

import pytest

from tests.features.surface import SECRET, Site, problem
from userkit import SyncUserKit
from userkit.http import FORM, JSON, Response
from userkit.http.route import AnyRoute
from userkit.sync import run
from userkit.testing import InstantHasher

ROUTES = SyncUserKit("memory://", secret=SECRET, hasher=InstantHasher()).routes()
WITH_JSON = [route for route in ROUTES if route.body is not None and route.media_type == JSON]
WITH_FORM = [route for route in ROUTES if route.media_type == FORM]

SERVERS_OWN = (
    *("id", "version", "disabled", "disabled_at", "email_verified", "email_verified_at", "email_key"),
    *("roles", "created_at", "updated_at", "session_epoch", "user_id", "is_admin", "realm", "hash", "by"),
    *("claimed_epoch", "spared_since", "epoch", "__proto__", "constructor", "$where", ""),
)
NESTED: Any = "x"
for _ in range(60):
    NESTED = [NESTED]
WRONG: dict[str, tuple[Any, ...]] = {
    "string": ({"$ne": None}, {}, [], ["x"], 0, 1, -1.5, True, None, NESTED, "a\0b", "x" * 4097),
    "array": ({"$ne": None}, {}, "x", 1, True, None, [1], [None], [["x"]], [{}], [True], ["a\0b"], NESTED),
    "object": ([], ["x"], [{}], "x", "{}", 1, 1.5, True, None, NESTED),
}
KINDS = ("text/plain", "text/plain; charset=utf-8", "multipart/form-data", "application/xml", "", "json")
NOT_JSON = (
    *(b"", b"{", b"{'a': 1}", b'{"a": NaN}', b'{"a": 1} x', b"\xff\xfe{}"),
    *(b'{"a": "\xed\xa0\x80"}', b'{"a": 1, "a": 2}', b"[" * 100_000, b'{"a":' * 20_000),
)


def named(route: AnyRoute) -> str:
    """Return what tells routes apart in the names of tests."""
    return f"{route.method} {route.path}"


def fields(route: AnyRoute) -> dict[str, Any]:
    """Return the schema of each field of a body."""
    properties: dict[str, Any] = route.body.model_json_schema()["properties"]
    return properties


def example(route: AnyRoute) -> dict[str, Any]:
    """Return a body that can be read, whatever becomes of it."""
    assert route.body is not None
    required = route.body.model_json_schema().get("required", [])
    samples = {"string": "some text", "array": [], "object": {}}
    return {name: samples[fields(route)[name]["type"]] for name in required}


def wrong_values(schema: dict[str, Any]) -> list[Any]:
    """Return what a field is not."""
    values = list(WRONG[schema["type"]])
    if schema.get("format") == "date-time":
        values += ["2030-01-01", "1893456000", "now", "2030-01-01T00:00:00"]
    if schema["type"] == "object" and "string" in str(schema.get("additionalProperties")):
        values += [{"$ne": None}, {"otp": 1}, {"otp": ["1"]}, {"otp": "a\0b"}]
    return values


def stored(site: Site) -> list[Any]:
    """Return everything that the store holds."""
    kinds = [each.entity for feature in site.kit._assembly.features for each in feature.collections]
    store = site.kit._store.realm("default")
    return [item for kind in kinds for item in run(store.find(kind, limit=1000)).items]


class Sender:
    """Somebody who may do everything, and sends what nobody should."""

    def __init__(self, site: Site) -> None:
        """Sign in."""
        self.site, self.ada, self.root = site, site.person(), site.person("root", "admin")
        self.before = stored(site)

    def send(self, route: AnyRoute, *, query: str = "", headers: Any = (), **body: Any) -> Response:
        """Send something to a route, and see to it that nothing was changed."""
        target = route.path.replace("{id}", self.ada.id) + query
        given = [*self.root.headers.items(), *headers]
        response = self.site.ask(route.method, target, headers=given, **body)
        assert stored(self.site) == self.before
        return response


@pytest.fixture
def sender(site: Site) -> Sender:
    """Somebody who may do everything."""
    return Sender(site)


def test_every_feature_is_among_the_routes() -> None:
    """The tests below are not passing for want of bodies."""
    assert {route.tag for route in ROUTES} == {
        *("users", "sign-in and sessions", "passwords and e-mail", "API keys", "roles"),
    }
    assert (len(ROUTES), len(WITH_JSON), len(WITH_FORM)) == (31, 14, 1)


@pytest.mark.parametrize("route", WITH_JSON, ids=named)
def test_rg_1_unknown_fields_are_refused_everywhere(sender: Sender, route: AnyRoute) -> None:
    """Those that the server keeps for itself, too; the answer names the field, not what was in it."""
    known = fields(route)
    for name in SERVERS_OWN:
        if name in known:
            continue
        told = problem(sender.send(route, json={**example(route), name: "secret"}), 422, "validation_failed")
        assert [(each["loc"], each["type"]) for each in told["errors"]] == [
            (["body", name], "extra_forbidden")
        ]
        assert "secret" not in json.dumps(told)


@pytest.mark.parametrize("route", WITH_FORM, ids=named)
def test_rg_1_unknown_fields_of_forms_are_refused(sender: Sender, route: AnyRoute) -> None:
    """As are those that come twice."""
    for name in SERVERS_OWN:
        response = sender.send(route, form={**example(route), name: "secret"})
        problem(response, 422, "validation_failed")
    form = (("content-type", FORM),)
    twice = sender.site.ask("POST", route.path, headers=form, body=b"username=a&username=b&password=c")
    problem(twice, 415, "unsupported_media_type")


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_rg_1_unknown_words_in_the_query_are_refused_everywhere(sender: Sender, route: AnyRoute) -> None:
    """Also where a route takes none; and no secret is accepted there (SE-4)."""
    body: dict[str, Any] = {"form": example(route)} if route.media_type == FORM else {}
    if route.body is not None and not body:
        body = {"json": example(route)}
    for query in ("?unknown=1", "?access_token=x", "?token=x", "?=", "?%00=1"):
        told = problem(sender.send(route, query=query, **body), 422, "validation_failed")
        assert told["errors"][0]["loc"][0] == "query"


@pytest.mark.parametrize("route", WITH_JSON, ids=named)
def test_rg_2_a_value_of_another_type_is_refused(sender: Sender, route: AnyRoute) -> None:
    """In every field; the answer says where and why, and the database is as it was."""
    for name, schema in fields(route).items():
        for value in wrong_values(schema):
            response = sender.send(route, json={**example(route), name: value})
            assert response.status == 422, (name, value, response.body)
            told = problem(response, 422, "validation_failed")
            assert all(each["loc"][:2] == ["body", name] for each in told["errors"])
            assert all(set(each) == {"loc", "msg", "type"} for each in told["errors"])


@pytest.mark.parametrize("route", WITH_JSON, ids=named)
def test_rg_2_what_is_required_is_required(sender: Sender, route: AnyRoute) -> None:
    """Each field by itself."""
    for name in example(route):
        body = {other: value for other, value in example(route).items() if other != name}
        told = problem(sender.send(route, json=body), 422, "validation_failed")
        assert [(each["loc"], each["type"]) for each in told["errors"]] == [(["body", name], "missing")]


@pytest.mark.parametrize("route", WITH_JSON, ids=named)
def test_rg_2_a_body_is_an_object(sender: Sender, route: AnyRoute) -> None:
    """Not a list, not a text, not a number, not null."""
    for body in ([], [{}], "x", "{}", 1, 1.5, True, None, NESTED):
        problem(sender.send(route, json=body), 422, "validation_failed")


@pytest.mark.parametrize("route", WITH_JSON, ids=named)
def test_what_is_not_json_is_malformed(sender: Sender, route: AnyRoute) -> None:
    """Cut, doubled, endless, not UTF-8."""
    for body in NOT_JSON:
        problem(sender.send(route, body=body), 400, "malformed_body")


@pytest.mark.parametrize("route", WITH_JSON, ids=named)
def test_pw_5_lone_surrogates_are_refused_everywhere(sender: Sender, route: AnyRoute) -> None:
    """In every field that holds text, and as the name of one."""
    for name, schema in fields(route).items():
        if schema["type"] == "string":
            sent = sender.send(route, json={**example(route), name: "\ud800"})
            assert (sent.status, json.loads(sent.body)["code"]) in [
                (400, "malformed_body"),
                (422, "validation_failed"),
            ]
    assert sender.send(route, json={**example(route), "\ud800": "x"}).status in (400, 422)


@pytest.mark.parametrize("route", [*WITH_JSON, *WITH_FORM], ids=named)
def test_se_4_other_kinds_of_bodies_are_refused(sender: Sender, route: AnyRoute) -> None:
    """Among them what a form of another site can send."""
    site, path = sender.site, route.path.replace("{id}", sender.ada.id)
    other = FORM if route.media_type == JSON else JSON
    own = list(sender.root.headers.items())
    problem(raw(site, route, path, own), 415, "unsupported_media_type")
    for kind in (*KINDS, other, f"{route.media_type}; charset=utf-16", f"{route.media_type}, text/plain"):
        headers = [*own, ("content-type", kind)]
        problem(raw(site, route, path, headers), 415, "unsupported_media_type")
    assert stored(site) == sender.before


def raw(site: Site, route: AnyRoute, path: str, headers: list[tuple[str, str]]) -> Response:
    """Send a body with these headers and no others."""
    from userkit.http import Request

    request = Request(
        method=route.method,
        path=path,
        path_values={name: path.split("/")[2] for name in route.path_names},
        headers=tuple(headers),
        body=json.dumps(example(route)).encode(),
        peer="192.0.2.1",
    )
    return run(site.surface.app.run(route, request))


@pytest.mark.parametrize("route", ROUTES, ids=named)
def test_a_body_that_is_too_large_is_not_looked_at(site: Site, route: AnyRoute) -> None:
    """Also where none is read, and before anybody is asked who they are."""
    target = route.path.replace("{id}", "x")
    problem(site.ask(route.method, target, body=b" " * (256 * 1024 + 1)), 413, "body_too_large")
