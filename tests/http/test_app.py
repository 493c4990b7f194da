"""Whatever is asked and whatever fails: there is an answer, and nobody gets in by a failure."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import field_serializer

from tests.http.doors import (
    SELF,
    Doorkeeper,
    answered,
    application,
    as_json,
    asking,
    bearing,
    problem,
    route,
)
from userkit.errors import ForbiddenError, OverloadedError, StoreUnavailableError, UserKitError
from userkit.http import FRESH, PUBLIC, USER, Access, over_user, permission, self_or
from userkit.http.messages import Request, Response
from userkit.http.route import AnyCall, AnyRoute, Reply
from userkit.http.schemas import ReplyModel, RequestModel, Text
from userkit.kernel.origin import Origin, coming_from, current_origin
from userkit.sync import run


class Thing(ReplyModel):
    """A thing."""

    name: str


class NewThing(RequestModel):
    """A new thing."""

    name: Text


class Broken(ReplyModel):
    """A thing that cannot be shown."""

    name: str

    @field_serializer("name")
    def fail(self, _: str) -> str:
        """Fail."""
        raise ValueError("hunter2")


async def show(_: AnyCall) -> Reply:
    """Answer with a thing."""
    return Reply(value=Thing(name="Grüße"), headers=(("etag", '"v1"'),))


SHOWN = route(show, access=PUBLIC, reply=Thing)


def asked(one: AnyRoute, request: Request, **more: Any) -> Response:
    """Return the answer to a request."""
    return run(application(**more).run(one, request))


def test_a_reply_is_json() -> None:
    """With the headers of the handler, and nobody keeps it."""
    answer = asked(SHOWN, asking())
    assert answer.status == 200
    assert answer.headers == (
        ("content-type", "application/json"),
        ("cache-control", "no-store"),
        ("etag", '"v1"'),
    )
    assert answer.body == '{"name":"Grüße"}'.encode()


def test_a_reply_may_have_no_body() -> None:
    """Then it says nothing of a content type."""
    answer = asked(route(access=PUBLIC, status=204), asking())
    assert (answer.status, answer.headers, answer.body) == (204, (("cache-control", "no-store"),), b"")


def test_a_reply_may_be_kept_where_the_route_says_so() -> None:
    """Unless it is a problem."""
    kept = route(show, access=PUBLIC, cacheable="public, max-age=300")
    assert asked(kept, asking()).header("cache-control") == "public, max-age=300"
    assert asked(kept, asking(query="x=1")).header("cache-control") == "no-store"


def test_a_handler_may_choose_another_status() -> None:
    """For an answer of another kind."""

    async def accept(_: AnyCall) -> Reply:
        return Reply(status=202)

    assert asked(route(accept, access=PUBLIC, status=201), asking()).status == 202


def test_a_body_reaches_the_handler_as_a_model() -> None:
    """And so do the query and the transport."""

    async def make(call: AnyCall) -> Reply:
        assert call.body == NewThing(name="a")
        assert call.query is None
        assert call.transport is None
        return Reply(value=Thing(name=call.body.name))

    making = route(make, access=PUBLIC, method="POST", body=NewThing, status=201)
    answer = asked(making, as_json({"name": "a"}))
    assert (answer.status, answered(answer)) == (201, {"name": "a"})


def test_where_no_body_is_asked_for_none_is_read() -> None:
    """Whatever it says."""
    assert asked(route(access=PUBLIC, method="POST"), as_json(b"garbage")).status == 200


@pytest.mark.parametrize(("length", "status"), [(0, 400), (63, 400), (64, 400), (65, 413), (10_000, 413)])
def test_a_body_may_be_too_large(length: int, status: int) -> None:
    """Before anything is read of it, or anybody is asked who sends it."""
    making = route(access=PUBLIC, method="POST", body=NewThing)
    assert asked(making, as_json(b" " * length), body_limit=64).status == status
    if status == 413:
        door = Doorkeeper()
        sent = asking("POST", *bearing("fresh"), body=b" " * length)
        assert (
            problem(asked(route(method="POST"), sent, gatekeeper=door, body_limit=64))[1] == "body_too_large"
        )
        assert door.asked == []


def test_a_server_may_say_that_a_body_is_too_large() -> None:
    """When it reads no further."""
    assert problem(application(body_limit=64).too_large()) == (413, "body_too_large")
    assert b"64 bytes" in application(body_limit=64).too_large().body


PATH = {"GET": SHOWN, "DELETE": route(method="DELETE", access=PUBLIC, status=204)}


def test_a_path_is_answered_by_its_methods() -> None:
    """Each by its route."""
    app = application()
    assert run(app.answer(PATH, asking("GET"))).body == '{"name":"Grüße"}'.encode()
    assert run(app.answer(PATH, asking("DELETE"))).status == 204


def test_head_is_get_without_the_body() -> None:
    """The headers are the same, and the length is that of the body (RFC 9110, section 9.3.2)."""
    app = application()
    get, head = (run(app.answer(PATH, asking(method))) for method in ("GET", "HEAD"))
    assert head.body == b""
    assert head.status == get.status
    assert head.headers == (*get.headers, ("content-length", str(len(get.body))))


def test_head_needs_what_get_needs() -> None:
    """And where there is nothing to get there is no head."""
    app = application()
    refused = run(app.answer({"GET": route()}, asking("HEAD")))
    assert (refused.status, refused.body) == (401, b"")
    assert refused.header("www-authenticate") is not None
    assert run(app.answer({"GET": route()}, asking("HEAD", *bearing("fresh")))).status == 200
    assert problem(run(app.answer({"POST": route(method="POST")}, asking("HEAD")))) == (
        405,
        "method_not_allowed",
    )


def test_options_tells_the_methods() -> None:
    """To anybody, since the documentation does, too."""
    answer = run(application().answer(PATH, asking("OPTIONS")))
    assert (answer.status, answer.body) == (204, b"")
    assert answer.header("allow") == "DELETE, GET, HEAD, OPTIONS"
    assert answer.header("cache-control") == "no-store"
    posting = run(application().answer({"POST": route(method="POST")}, asking("OPTIONS")))
    assert posting.header("allow") == "POST, OPTIONS"


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "get", "", "GET "]
)
def test_other_methods_are_not_allowed(method: str) -> None:
    """The answer says which ones are (RFC 9110, section 15.5.6)."""
    answer = run(application().answer(PATH, asking(method, ("x-http-method-override", "GET"))))
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.header("allow") == "DELETE, GET, HEAD, OPTIONS"


FAILURES: list[Callable[[], Exception]] = [
    lambda: StoreUnavailableError("The database app at db.internal:5432 broke off."),
    lambda: RuntimeError("hunter2"),
    lambda: OverloadedError(retry_after=3),
    lambda: KeyError("hunter2"),
    RecursionError,
    MemoryError,
    UserKitError,
]
PORTS: list[tuple[str, Access, str]] = [
    ("authenticate", PUBLIC, "fresh"),
    ("authenticate", USER, "fresh"),
    ("authenticate", self_or("users:write"), "fresh"),
    ("require", permission("users:write"), "holder"),
    ("require", over_user("users:write"), "holder"),
    ("require", self_or("users:write"), "holder"),
    ("allows", over_user("users:write"), "stranger"),
    ("allows", self_or("users:write"), "seer"),
    ("require_fresh", FRESH, "fresh"),
    ("require_fresh", self_or("users:write", fresh=True), "fresh"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure()).__name__)
@pytest.mark.parametrize(
    ("port", "access", "caller"), PORTS, ids=[f"{port}-{at}" for at, (port, _, _) in enumerate(PORTS)]
)
def test_cf_1_nobody_gets_in_by_a_failure(
    port: str, access: Access, caller: str, failure: Callable[[], Exception]
) -> None:
    """Whatever of a gatekeeper fails, and how: the handler is not reached, and nothing is told of it."""
    reached: list[str] = []

    async def handle(_: AnyCall) -> Reply:
        reached.append("handler")
        return Reply()

    door = Doorkeeper(failing={port: failure()})
    request = asking("POST", *bearing(caller), path_values={"id": SELF})
    answer = asked(route(handle, access=access, method="POST"), request, gatekeeper=door)
    assert not reached
    assert port in door.asked
    assert answer.status in (500, 503)
    assert b"hunter2" not in answer.body
    assert b"db.internal" not in answer.body
    assert (answer.header("retry-after") is not None) is (answer.status == 503)


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure()).__name__)
def test_a_handler_that_fails_is_answered(failure: Callable[[], Exception]) -> None:
    """And so is one that answers with what cannot be shown."""

    async def fail(_: AnyCall) -> Reply:
        raise failure()

    assert problem(asked(route(fail, access=PUBLIC), asking()))[0] in (500, 503)


def test_a_reply_that_cannot_be_encoded_is_our_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of it is told."""

    async def broken(_: AnyCall) -> Reply:
        return Reply(value=Broken(name="a"))

    async def surrogate(_: AnyCall) -> Reply:
        return Reply(value=Thing.model_construct(name="\ud800"))

    for handler in (broken, surrogate):
        answer = asked(route(handler, access=PUBLIC), asking())
        assert problem(answer) == (500, "internal_error")
        assert b"hunter2" not in answer.body
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


@pytest.mark.parametrize("error", [asyncio.CancelledError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_who_is_cancelled_is_cancelled(error: type[BaseException]) -> None:
    """A server that stops, or a client that goes away, is no failure to be answered."""

    async def cancelled(_: AnyCall) -> Reply:
        raise error

    for one, door in (
        (route(cancelled, access=PUBLIC), Doorkeeper()),
        (route(), Doorkeeper(failing={"authenticate": error()})),
    ):
        with pytest.raises(error):
            asked(one, asking("GET", *bearing("fresh")), gatekeeper=door)
    assert current_origin() == Origin()


def test_a_401_blames_the_token_that_was_shown() -> None:
    """And nothing where none was."""
    blamed = asked(route(), asking("GET", *bearing("garbage"))).header("www-authenticate")
    assert blamed == 'Bearer realm="userkit", error="invalid_token"'
    assert asked(route(), asking()).header("www-authenticate") == 'Bearer realm="userkit"'


CALLED_FROM = (("user-agent", "Mozilla\n/5.0"), ("x-forwarded-for", "6.6.6.6, ::ffff:192.0.2.7"))


@pytest.mark.parametrize(
    ("credential", "actor", "session"), [(None, None, None), ("fresh", SELF, "fresh"), ("key", SELF, None)]
)
@pytest.mark.parametrize("fails", [False, True])
def test_au_1_what_is_recorded_knows_where_the_call_comes_from(
    credential: str | None, actor: str | None, session: str | None, fails: bool
) -> None:
    """From which address and program, and who acts; afterwards all is as before, also after a failure."""
    seen: list[Origin] = []

    async def note(_: AnyCall) -> Reply:
        seen.append(current_origin())
        if fails:
            raise ForbiddenError
        return Reply()

    request = asking("GET", *CALLED_FROM, *bearing(credential), peer="10.0.0.1")
    with coming_from(address="198.51.100.1", user_agent="outer") as outer:
        answer = asked(route(note, access=PUBLIC), request)
        assert current_origin() == outer
    assert answer.status == (403 if fails else 200)
    assert seen == [
        Origin(actor_id=actor, session_id=session, address="192.0.2.7", user_agent="Mozilla\ufffd/5.0")
    ]


def test_au_1_refusals_know_where_the_call_comes_from() -> None:
    """The gatekeeper records them: who asks is known before it is asked whether they may."""
    seen: list[Origin] = []

    class Recording(Doorkeeper):
        def _fail(self, port: str) -> None:
            seen.append(current_origin())

    request = asking("GET", *bearing("stranger"), path_values={"id": SELF}, peer="192.0.2.7")
    assert asked(route(access=over_user("users:write")), request, gatekeeper=Recording()).status == 404
    asking_who, requiring, seeing = seen
    assert (asking_who.actor_id, asking_who.address, asking_who.user_agent) == (None, "192.0.2.7", "")
    assert requiring.session_id == seeing.session_id == "stranger"
    assert requiring.address == "192.0.2.7"


HEADER_NAMES = st.sampled_from(
    ["authorization", "x-api-key", "cookie", "origin", "x-csrf-token", "content-type", "if-match", "host"]
)


@given(
    st.sampled_from(["GET", "HEAD", "POST", "PATCH", "OPTIONS"]) | st.text(max_size=8),
    st.lists(st.tuples(HEADER_NAMES, st.text(st.characters(max_codepoint=255)))),
    st.text(max_size=20),
    st.binary(max_size=50),
    st.none() | st.text(max_size=20),
    st.text(max_size=40),
)
def test_cf_1_any_request_is_answered(
    method: str, headers: list[tuple[str, str]], query: str, body: bytes, peer: str | None, user_id: str
) -> None:
    """And never by an error of ours, whatever it is made of."""
    access = self_or("users:write")
    routes = {
        "GET": route(access=access),
        "POST": route(access=PUBLIC, method="POST", body=NewThing, query=NewThing),
        "PATCH": route(access=access, method="PATCH", conditional=True),
    }
    request = Request(
        method=method,
        path="/",
        path_values={"id": user_id},
        headers=tuple(headers),
        query=query,
        body=body,
        peer=peer,
    )
    answer = run(application().answer(routes, request))
    assert answer.status < 500
    if answer.status >= 400 and method != "HEAD":
        problem(answer)
