"""Errors of userkit that the application's own endpoints raise."""

from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.integrations.fastapi.world import an_application, client_of, kit_over
from userkit import UserKit
from userkit.errors import EmailAlreadyExistsError, ForbiddenError, InvalidEntityError, UserKitError
from userkit.integrations.fastapi import CurrentUser, UserKitRouter


class Hiding:
    """Middleware that does not say what it is put around."""

    __slots__ = ("_inner",)

    def __init__(self, app: ASGIApp) -> None:
        self._inner = [app]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._inner[0](scope, receive, send)


class Timing(BaseHTTPMiddleware):
    """Middleware as most people write it."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        answer = await call_next(request)
        answer.headers["x-timed"] = "yes"
        return answer


async def timed(request: Request, call_next: RequestResponseEndpoint) -> Response:
    answer = await call_next(request)
    answer.headers["x-function"] = "yes"
    return answer


def failing(kit: UserKit, app: FastAPI | None = None) -> FastAPI:
    """Return an application whose endpoints call the kit, and let its errors go."""
    app = an_application(kit, app)

    @app.get("/people/{id}")
    async def person(id: str) -> str:
        return (await kit.users.get(id)).name

    @app.get("/taken")
    def taken() -> None:
        raise EmailAlreadyExistsError

    @app.get("/broken")
    async def broken() -> None:
        raise InvalidEntityError("a row of ours")

    @app.get("/theirs")
    async def theirs() -> None:
        raise HTTPException(418)

    return app


def test_they_become_problem_details() -> None:
    """From asynchronous endpoints and from those in threads."""
    with client_of(failing(kit_over())) as client:
        missing, taken, theirs = (client.get(path) for path in ("/people/7", "/taken", "/theirs"))
    assert (missing.status_code, missing.json()["code"]) == (404, "user_not_found")
    assert (taken.status_code, taken.json()["code"]) == (409, "email_already_exists")
    assert missing.headers["content-type"] == "application/problem+json"
    assert (theirs.status_code, theirs.json()) == (418, {"detail": "I'm a Teapot"})


def test_what_is_nobodys_input_is_logged_under_a_number(caplog: pytest.LogCaptureFixture) -> None:
    """The client is told the number and nothing else."""
    with client_of(failing(kit_over())) as client:
        answer = client.get("/broken")
    told = answer.json()
    assert (answer.status_code, told["code"]) == (500, "internal_error")
    assert "row" not in answer.text
    assert told["error_id"] in caplog.text


@pytest.mark.parametrize(
    "add",
    [
        lambda app: app.add_middleware(Hiding),
        lambda app: app.add_middleware(Timing),
        lambda app: app.middleware("http")(timed),
        lambda app: [app.add_middleware(each) for each in (Hiding, Timing, Hiding)],
    ],
    ids=["hiding", "base", "function", "several"],
)
def test_middleware_of_the_application_is_no_obstacle(add: Any) -> None:
    """Not even one that hides what it is put around."""
    app = failing(kit_over())
    add(app)
    with client_of(app) as client:
        answers = [client.get("/people/7"), client.get("/protected"), client.get("/api/v1/users/me")]
    assert [answer.status_code for answer in answers] == [404, 401, 401]
    assert {answer.headers["content-type"] for answer in answers} == {"application/problem+json"}


async def _short(_: Request, error: Exception) -> Response:
    assert isinstance(error, UserKitError)
    return JSONResponse({"oops": error.code}, status_code=400)


@pytest.mark.parametrize("early", [True, False], ids=["before the router", "after the router"])
def test_a_handler_of_the_application_wins(early: bool) -> None:
    """For its own endpoints; our routes answer as they always do."""
    app = FastAPI(exception_handlers={UserKitError: _short}) if early else FastAPI()
    app = failing(kit_over(), app)
    if not early:
        app.add_exception_handler(UserKitError, _short)
    with client_of(app) as client:
        assert client.get("/people/7").json() == {"oops": "user_not_found"}
        assert client.get("/protected").json() == {"oops": "unauthenticated"}
        assert client.get("/api/v1/users/me").json()["code"] == "unauthenticated"


def test_a_handler_for_one_kind_of_errors_wins_for_that_kind() -> None:
    """All others stay problem details."""
    app = failing(kit_over())

    @app.exception_handler(ForbiddenError)
    async def forbidden(_: Request, error: ForbiddenError) -> Response:
        return PlainTextResponse("no", status_code=403)

    @app.get("/forbidden")
    async def refused() -> None:
        raise ForbiddenError

    with client_of(app) as client:
        assert client.get("/forbidden").text == "no"
        assert client.get("/taken").json()["code"] == "email_already_exists"


def test_a_mounted_application_is_guarded_by_the_router_of_the_outer_one() -> None:
    """Its guards find the kit, and what they raise is answered."""
    app, inner = an_application(), FastAPI()

    @inner.get("/report")
    async def report(user: CurrentUser) -> str:
        return user.email

    app.mount("/inner", inner)
    with client_of(app) as client:
        answer = client.get("/inner/report")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_the_routers_own_paths_answer_every_method() -> None:
    """HEAD as GET, OPTIONS with what there is, and a problem for what there is not."""
    app = FastAPI()
    app.include_router(UserKitRouter(kit_over()))
    with client_of(app) as client:
        head, options, other = (
            client.request(method, "/api/v1/users/me") for method in ("HEAD", "OPTIONS", "PUT")
        )
    assert (head.status_code, head.content) == (401, b"")
    assert options.headers["allow"] == "DELETE, GET, HEAD, PATCH, OPTIONS"
    assert (other.status_code, other.json()["code"]) == (405, "method_not_allowed")
