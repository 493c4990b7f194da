"""The document: the same as userkit's own, wherever the router is, and with how to sign in."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel

from tests.integrations.fastapi.world import (
    EMAIL,
    PASSWORD,
    an_application,
    bearer,
    client_of,
    kit_over,
    sign_up,
)
from userkit.http.openapi import document
from userkit.http.settings import DEFAULT_PREFIX
from userkit.integrations.fastapi import CurrentUser, OptionalUser, UserKitRouter, require

SCHEMES = [{"password": []}, {"bearer": []}, {"api_key": []}]


def bare_app(router: UserKitRouter | None = None, **options: Any) -> FastAPI:
    """Return an application that has nothing but our router."""
    app = FastAPI()
    app.include_router(router or UserKitRouter(kit_over()), **options)
    return app


def plainly(schema: Any) -> Any:
    """Return a schema without what FastAPI adds (titles) and leaves out (defaults of nothing)."""
    if isinstance(schema, Mapping):
        titled = isinstance(schema.get("title"), str)
        left_out = {key for key, value in schema.items() if (key, value) == ("default", None)}
        left_out |= {"title"} if titled else set()
        return {key: plainly(value) for key, value in schema.items() if key not in left_out}
    return [plainly(each) for each in schema] if isinstance(schema, list) else schema


def parameter(told: Mapping[str, Any]) -> Any:
    """Return a parameter; FastAPI describes it twice."""
    plain = plainly(told)
    plain["schema"].pop("description", None)
    return plain


def told_of(operation: Mapping[str, Any]) -> Any:
    """Return what an operation says, in one order."""
    parameters = {(each["in"], each["name"]): parameter(each) for each in operation.get("parameters", ())}
    responses = {
        status: {key: plainly(value) for key, value in answer.items()}
        for status, answer in operation["responses"].items()
    }
    return {
        "tags": operation["tags"],
        "summary": operation["summary"],
        "description": operation.get("description"),
        "operationId": operation["operationId"],
        "security": sorted(map(json.dumps, operation.get("security", ()))),
        "body": plainly(operation.get("requestBody")),
        "parameters": parameters,
        "responses": responses,
    }


def operations(told: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """Return the operations of a document by path and method."""
    return {
        (path, method): told_of(each) for path, item in told["paths"].items() for method, each in item.items()
    }


def token_urls(app: FastAPI) -> str:
    told: str = app.openapi()["components"]["securitySchemes"]["password"]["flows"]["password"]["tokenUrl"]
    return told


@pytest.mark.parametrize("prefix", [DEFAULT_PREFIX, "/v2", ""])
def test_fastapi_and_userkit_say_the_same_of_every_operation(prefix: str) -> None:
    """Ids, parameters, bodies, answers, problems and ways to sign in."""
    kit = kit_over()
    ours = document(kit.routes(), prefix=prefix, title="FastAPI", version="0.1.0")
    theirs = bare_app(UserKitRouter(kit, prefix=prefix)).openapi()
    assert operations(theirs) == operations(ours)
    assert len(operations(ours)) > 30


def test_fastapi_and_userkit_have_the_same_components() -> None:
    """Every schema of a body, an answer and a problem, and the security schemes."""
    ours = document(kit_over().routes(), prefix=DEFAULT_PREFIX, title="FastAPI", version="0.1.0")[
        "components"
    ]
    theirs = bare_app().openapi()["components"]
    assert plainly(theirs["schemas"]) == plainly(ours["schemas"])
    password, usual = theirs["securitySchemes"].pop("password"), ours["securitySchemes"].pop("password")
    assert theirs["securitySchemes"] == ours["securitySchemes"]
    # Relative to the page with the documentation, so that it is right behind a proxy.
    assert password["flows"]["password"].pop("tokenUrl") == "api/v1/auth/token"
    assert usual["flows"]["password"].pop("tokenUrl") == "/api/v1/auth/token"
    assert password == usual


def test_every_reference_leads_somewhere() -> None:
    """A document that points at nothing cannot be shown."""
    told = an_application().openapi()
    text = json.dumps(told)
    names = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert names == names & told["components"]["schemas"].keys()


class UserResponse(BaseModel):
    """A model of the application with a name of ours."""

    nickname: str


class UserCreate(BaseModel):
    """Another one."""

    nickname: str


def test_models_of_the_application_may_have_our_names() -> None:
    """FastAPI tells them apart, and every reference still leads somewhere."""
    app = an_application()

    @app.post("/people")
    async def people(body: UserCreate) -> UserResponse:
        return UserResponse(nickname=body.nickname)

    told = app.openapi()
    text = json.dumps(told)
    names = {part.partition('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert names <= told["components"]["schemas"].keys()
    assert len([name for name in names if name.endswith("UserResponse")]) == 2
    with client_of(app) as client:
        assert client.post("/people", json={"nickname": "ada"}).json() == {"nickname": "ada"}
        sign_up(client)


def test_guarded_endpoints_of_the_application_say_how_to_sign_in() -> None:
    """Without a running application, before the router and after it, in routers and lists."""
    app = FastAPI()
    inner = APIRouter(dependencies=[require("users:read")])

    @app.get("/before")
    async def before(user: CurrentUser) -> None: ...

    @inner.get("/inner")
    async def within() -> None: ...

    app.include_router(UserKitRouter(kit_over()))
    app.include_router(inner)

    @app.get("/after")
    async def after(user: OptionalUser) -> None: ...

    @app.get("/open")
    async def open_to_all() -> None: ...

    paths = app.openapi()["paths"]
    for path in ("/before", "/inner", "/after"):
        assert sorted(paths[path]["get"]["security"], key=str) == sorted(SCHEMES, key=str), path
        assert "parameters" not in paths[path]["get"]
    assert "security" not in paths["/open"]["get"]


@pytest.mark.parametrize("started", [False, True], ids=["not started", "started"])
@pytest.mark.parametrize(
    ("options", "included", "app_options", "url"),
    [
        ({}, {}, {}, "api/v1/auth/token"),
        ({"prefix": "/accounts"}, {}, {}, "accounts/auth/token"),
        ({}, {"prefix": "/x"}, {}, "x/api/v1/auth/token"),
        ({"prefix": ""}, {"prefix": "/x/y"}, {}, "x/y/auth/token"),
        ({}, {}, {"docs_url": "/internal/docs"}, "../api/v1/auth/token"),
        ({}, {}, {"docs_url": None}, "api/v1/auth/token"),
    ],
    ids=["usual", "prefix", "included", "both", "docs elsewhere", "no docs"],
)
def test_the_password_form_goes_where_the_application_takes_it(
    started: bool, options: dict[str, Any], included: dict[str, Any], app_options: dict[str, Any], url: str
) -> None:
    """The Authorize button works wherever the router is, also for guarded endpoints that come after it."""
    app = FastAPI(**app_options)
    app.include_router(UserKitRouter(kit_over(), **options), **included)

    @app.get("/after")
    async def after(user: CurrentUser) -> None: ...

    if started:
        with client_of(app) as client:
            told = client.get("/openapi.json").json()
        assert told["components"]["securitySchemes"]["password"]["flows"]["password"]["tokenUrl"] == url
    else:
        assert token_urls(app) == url
    assert token_urls(app) == url


def test_it_works_below_the_path_of_a_proxy() -> None:
    """The server says where it is; what is relative to the page with the documentation is there."""
    with client_of(an_application(), root_path="/proxied") as client:
        told = client.get("/openapi.json").json()
        made = client.post("/api/v1/users", json={"email": EMAIL, "name": "Ada", "password": PASSWORD})
    assert told["servers"] == [{"url": "/proxied"}]
    url = told["components"]["securitySchemes"]["password"]["flows"]["password"]["tokenUrl"]
    assert urljoin("https://app.example/proxied/docs", url) == "https://app.example/proxied/api/v1/auth/token"
    assert made.headers["location"] == f"/proxied/api/v1/users/{made.json()['id']}"


def test_several_applications_each_say_their_own() -> None:
    """Whichever is asked first, and asked again."""
    first, second = FastAPI(), FastAPI()
    first.include_router(UserKitRouter(kit_over(), prefix="/one"))
    second.include_router(UserKitRouter(kit_over(), prefix="/two"))
    for app in (first, second):

        @app.get("/own")
        async def own(user: CurrentUser) -> None: ...

    assert [token_urls(app) for app in (first, second)] == ["one/auth/token", "two/auth/token"]

    @first.get("/more")
    async def more(user: CurrentUser) -> None: ...

    first.openapi_schema = None
    assert [token_urls(app) for app in (first, second)] == ["one/auth/token", "two/auth/token"]


def test_a_document_of_the_applications_own_making_is_kept() -> None:
    """What it has put in the place of app.openapi is only corrected where it can be."""
    app = an_application()
    app.openapi = lambda: {"paths": {"/api/v1/auth/token": {}}}  # type: ignore[method-assign]
    with client_of(app) as client:
        assert client.get("/openapi.json").json() == {"paths": {"/api/v1/auth/token": {}}}


def test_a_router_that_is_not_to_be_shown_is_not() -> None:
    """include_in_schema=False hides our operations, and guarded endpoints still say how to sign in."""
    app = an_application()
    hidden = FastAPI()
    hidden.include_router(UserKitRouter(kit_over()), include_in_schema=False)

    @hidden.get("/own")
    async def own(user: CurrentUser) -> None: ...

    assert set(hidden.openapi()["paths"]) == {"/own"}
    assert hidden.openapi()["components"]["securitySchemes"].keys() == {"password", "bearer", "api_key"}
    assert "/api/v1/users/me" in app.openapi()["paths"]


def test_the_pages_with_the_documentation_are_there_and_the_form_works() -> None:
    """What the Authorize button sends gets a token that opens our endpoints and the application's own."""
    with client_of(an_application()) as client:
        sign_up(client)
        assert client.get("/docs").status_code == 200
        url = client.get("/openapi.json").json()["components"]["securitySchemes"]["password"]["flows"][
            "password"
        ]["tokenUrl"]
        form = {"username": EMAIL, "password": PASSWORD, "grant_type": "password"}
        answer = client.post(f"/{url}", data=form)
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        assert client.get("/protected", headers=bearer(token)).status_code == 200


def test_names_of_operations_lead_to_their_paths() -> None:
    """url_path_for knows our operations."""
    app = bare_app(prefix="/x")
    assert app.url_path_for("get_user", id="7") == "/x/api/v1/users/7"
