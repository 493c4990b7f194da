"""Answers that come bit by bit, through both frameworks, behind every server."""

import asyncio
import logging
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator, MutableMapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from flask import Flask
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response

from tests.http.eventsource import Event, read
from tests.integrations.exploring import _check_document as check_document
from tests.integrations.serving import serving_asgi, serving_wsgi
from tests.integrations.streams import STREAMS, Director, Listener, script
from tests.integrations.worlds import IN_PROCESS, PASSWORD, SECRET, World
from tests.servers.answering import until_it_answers
from tests.servers.reaper import reaper
from userkit import SyncUserKit, UserKit
from userkit.http.messages import Response as PlainResponse
from userkit.integrations.fastapi import UserKitRouter
from userkit.integrations.fastapi.translating import native
from userkit.integrations.flask import UserKitExtension
from userkit.testing import InstantHasher
from userkit.testing.bench import PATIENCE
from userkit.testing.http import SocketClient

ROOT = Path(__file__).parents[2]
SERVED = "tests.integrations.streams_served"

COMMANDS = {
    "uvicorn": ["uvicorn", "--factory", f"{SERVED}:asgi", "--workers=2", "--port={port}"],
    "gunicorn-sync": ["gunicorn", f"{SERVED}:wsgi()", "--workers=2", "--bind=127.0.0.1:{port}"],
    "gunicorn-threads": [
        "gunicorn",
        f"{SERVED}:wsgi()",
        "--workers=2",
        "--worker-class=gthread",
        "--threads=4",
        "--bind=127.0.0.1:{port}",
    ],
}


@dataclass(frozen=True)
class Server:
    """Where an application is served. ``notices``: whether the server hears that a client has gone away."""

    host: str
    port: int
    notices: bool
    database: str = ""

    def listen(self, *words: str, path: str = "", **headers: str) -> Listener:
        """Return a client that listens to a stream."""
        target = script(*words).replace("streams?", f"streams{path}?")
        return Listener(self.host, self.port, target, headers=headers)

    def ask(self, method: str, target: str, **headers: str) -> httpx.Response:
        """Send a request, and return the whole answer."""
        return httpx.request(
            method, f"http://{self.host}:{self.port}{target}", headers=headers, timeout=PATIENCE
        )


@contextmanager
def launched(command: list[str], folder: Path) -> Generator[Server]:
    """Serve an application with a server in a process of its own; end it by its id."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    database, log = f"sqlite:///{folder / 'app.db'}", folder / "log"
    environment = {"DATABASE": database, "SECRET": SECRET, "HOME": str(folder), "TMPDIR": str(folder)}
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-m", *(word.format(port=port) for word in command)],
            cwd=ROOT,
            env=os.environ | environment,
            stdout=told,
            stderr=told,
        )
    reaper().watch_process(process.pid, signal_number=signal.SIGTERM)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as client:
            until_it_answers(client, "/", process, log, patience=PATIENCE)
        yield Server("127.0.0.1", port, command[0] == "uvicorn", database)
    finally:
        process.terminate()
        process.wait(PATIENCE)
        reaper().forget_process(process.pid)
    assert "Traceback" not in log.read_text()


@pytest.fixture(scope="module", params=COMMANDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve an application with each of the servers, in several processes."""
    with launched(COMMANDS[request.param], tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
def director() -> Iterator[Director]:
    """Direct a stream."""
    with Director() as director:
        yield director


def words(events: list[Event]) -> list[str]:
    """Return the words that were said; floods are short."""
    return [event.json["word"] for event in events if event.name == "said"]


def see_that_it_flows(listener: Listener, director: Director) -> None:
    """See that each event of `watch say:a wait say:b` arrives while the next is waited for."""
    director.begin()
    answer = listener.answer
    assert answer.status == 200
    assert answer.headers.get_all("content-type") == ["text/event-stream"]
    assert answer.headers.get_all("cache-control") == ["no-store"]
    assert answer.headers.get_all("x-accel-buffering") == ["no"]
    assert answer.headers["content-length"] is None
    assert answer.headers["content-encoding"] is None
    assert listener.next().json["word"] == "a"
    director.wait()
    director.go()
    director.closed()
    assert words(listener.rest()) == ["b"]


def test_every_event_arrives_while_the_next_is_waited_for(server: Server, director: Director) -> None:
    """Nothing is held back, by nobody."""
    with server.listen(director.watch, "say:a", "wait", "say:b") as listener:
        see_that_it_flows(listener, director)


def test_a_client_that_goes_away_ends_the_stream(server: Server, director: Director) -> None:
    """In the middle of events without end: what makes them cleans up."""
    with server.listen(director.watch, "flood") as listener:
        director.begin()
        listener.next()
        listener.leave()
        director.closed()


def test_a_client_may_go_away_while_the_stream_waits(server: Server, director: Director) -> None:
    """Where the server can tell, it ends at once; elsewhere with the next events."""
    with server.listen(director.watch, "say:a", "wait", "flood") as listener:
        director.begin()
        listener.next()
        director.wait()
        listener.leave()
        if not server.notices:
            director.go()
        director.closed()


def test_a_client_may_go_away_before_the_first_event(server: Server, director: Director) -> None:
    """Then the stream ends when there is one."""
    with socket.create_connection((server.host, server.port), timeout=PATIENCE) as connection:
        target = script(director.watch, "wait", "flood")
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: app.example\r\n\r\n".encode())
        director.begin()
        director.wait()
    director.go()
    director.closed()


def test_errors_are_told_before_and_after_the_first_event(server: Server, director: Director) -> None:
    """By a status, and by the last event."""
    before = server.ask("GET", script("fail"))
    assert (before.status_code, before.json()["code"]) == (503, "language_model_unavailable")
    assert before.headers["content-type"] == "application/problem+json"
    assert before.headers["retry-after"] == "7"
    with server.listen(director.watch, "say:a", "fail") as listener:
        director.begin()
        director.closed()
        said, last = listener.rest()
    assert (listener.answer.status, said.json["word"], last.name) == (200, "a", "problem")
    assert last.json["code"] == "language_model_unavailable"


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT"])
def test_other_methods_begin_nothing(server: Server, method: str) -> None:
    """HEAD neither: it has no length, and costs what it costs."""
    answer = server.ask(method, script("say:a"))
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, OPTIONS")
    assert (answer.content == b"") == (method == "HEAD")


def test_options_begins_nothing(server: Server) -> None:
    """It tells what there is."""
    answer = server.ask("OPTIONS", script("fail"))
    assert (answer.status_code, answer.headers["allow"], answer.content) == (204, "GET, OPTIONS", b"")


def test_a_connection_is_good_for_another_request(server: Server) -> None:
    """Where it is kept open, the end of a stream is where it is."""
    with httpx.Client(base_url=f"http://{server.host}:{server.port}", timeout=PATIENCE) as client:
        for _ in range(3):
            assert words(read(client.get(script("say:a", "say:b")).content)) == ["a", "b"]


def test_the_stream_knows_for_whom_it_is(server: Server, director: Director) -> None:
    """From its first event to its cleanup; and whoever may not listen gets nothing."""
    with SyncUserKit(server.database, secret=SECRET) as kit:
        user = kit.users.register(email=f"a{server.port}@example.com", name="Ada", password=PASSWORD)
        token = kit.sessions.sign_in(email=user.email, password=PASSWORD).access_token
        target = script("fail").replace("streams", "streams/guarded")
        assert server.ask("GET", target).json()["code"] == "unauthenticated"
        assert server.ask("GET", target, authorization=f"Bearer {token}").json()["code"] == "forbidden"
        kit.roles.set(user.id, ["admin"])
        headers = {"authorization": f"Bearer {token}"}
        with server.listen(director.watch, "say:a", "wait", "say:b", path="/guarded", **headers) as listener:
            director.begin()
            first = listener.next()
            director.wait()
            director.go()
            assert director.closed() == user.id
            (second,) = listener.rest()
        for event in (first, second):
            assert (event.json["actor"], event.json["address"]) == (user.id, "127.0.0.1")


class Timed(BaseHTTPMiddleware):
    """Middleware as most people write it."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Add a header."""
        answer = await call_next(request)
        answer.headers["x-timed"] = "yes"
        return answer


class Noted:
    """Middleware that looks at what passes."""

    def __init__(self, app: Any) -> None:
        """Take the application."""
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass everything on."""

        async def noting(message: Any) -> None:
            await send(message)

        await self.app(scope, receive, noting)


async def _opened() -> Any:
    yield "something"


Add = tuple[Any, dict[str, Any]]
BASE: Add = (Timed, {})
PLAIN: Add = (Noted, {})
GZIP: Add = (GZipMiddleware, {"minimum_size": 1})
CORS: Add = (CORSMiddleware, {"allow_origins": ["https://shop.example"]})
MIDDLEWARE: dict[str, tuple[Add, ...]] = {
    "none": (),
    "base": (BASE,),
    "two-base": (BASE, BASE),
    "gzip": (GZIP,),
    "cors": (CORS,),
    "all": (BASE, GZIP, CORS, PLAIN),
}
ASKED = {"accept-encoding": "gzip", "origin": "https://shop.example"}


def _fastapi(**options: Any) -> FastAPI:
    app = FastAPI(**options)
    kit = UserKit("memory://", secret=SECRET, hasher=InstantHasher(), features=[STREAMS])
    app.include_router(UserKitRouter(kit))
    return app


def _flask() -> Flask:
    app = Flask(__name__)
    kit = SyncUserKit("memory://", secret=SECRET, hasher=InstantHasher(), features=[STREAMS])
    UserKitExtension(app, kit)
    return app


@pytest.mark.parametrize("wanted", MIDDLEWARE.values(), ids=MIDDLEWARE)
def test_middleware_holds_nothing_back(wanted: tuple[Add, ...], director: Director) -> None:
    """Events pass as they come, and a client that goes away while the stream waits is noticed."""
    app = _fastapi()
    for kind, options in wanted:
        app.add_middleware(kind, **options)
    with serving_asgi(app) as at, Director() as second:
        serving = Server(at.host, at.port, notices=True)
        with serving.listen(director.watch, "say:a", "wait", "say:b", **ASKED) as listener:
            see_that_it_flows(listener, director)
            _see_that_it_was_there(wanted, listener)
        with serving.listen(second.watch, "say:a", "wait", **ASKED) as listener:
            second.begin()
            listener.next()
            second.wait()
            listener.leave()
            second.closed()


def _see_that_it_was_there(wanted: tuple[Add, ...], listener: Listener) -> None:
    headers = listener.answer.headers
    assert (headers["x-timed"] == "yes") == (BASE in wanted)
    allowed = headers["access-control-allow-origin"]
    assert allowed == ("https://shop.example" if CORS in wanted else None)


@pytest.mark.parametrize("wanted", MIDDLEWARE.values(), ids=MIDDLEWARE)
def test_middleware_lets_errors_and_floods_pass(
    wanted: tuple[Add, ...], director: Director, caplog: pytest.LogCaptureFixture
) -> None:
    """A problem has its status, and a flood ends when nobody listens; nothing is logged of either."""
    app = _fastapi()
    for kind, options in wanted:
        app.add_middleware(kind, **options)
    with serving_asgi(app) as at:
        serving = Server(at.host, at.port, notices=True)
        assert serving.ask("GET", script("fail"), **ASKED).status_code == 503
        with serving.listen(director.watch, "flood", **ASKED) as listener:
            director.begin()
            listener.next()
            listener.leave()
            director.closed()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_what_an_application_wants_of_all_its_routes_holds_nothing_back(director: Director) -> None:
    """Dependencies are looked at before, and cleaned up after."""
    with serving_asgi(_fastapi(dependencies=[Depends(_opened)])) as at:
        serving = Server(at.host, at.port, notices=True)
        with serving.listen(director.watch, "say:a", "wait", "say:b") as listener:
            see_that_it_flows(listener, director)


def test_a_mounted_application_holds_nothing_back(director: Director) -> None:
    """It is an application as any other."""
    outer, inner = FastAPI(), _fastapi()
    outer.mount("/inner", inner)
    outer.router.lifespan_context = inner.router.lifespan_context
    with (
        serving_asgi(outer) as at,
        Listener(at.host, at.port, f"/inner{script(director.watch, 'say:a', 'wait', 'say:b')}") as listener,
    ):
        see_that_it_flows(listener, director)


def test_streams_that_wait_do_not_hold_each_other_up() -> None:
    """On one event loop, or in a thread each."""
    for serve, app in ((serving_asgi, _fastapi()), (serving_wsgi, _flask())):
        with serve(app) as at, ExitStack() as stack:
            directors = [stack.enter_context(Director()) for _ in range(8)]
            listeners = []
            for number, each in enumerate(directors):
                listener = Listener(at.host, at.port, script(each.watch, f"say:{number}", "wait", "say:end"))
                listeners.append(stack.enter_context(listener))
                each.begin()
                each.wait()
            assert [each.next().json["word"] for each in listeners] == [str(number) for number in range(8)]
            for each in reversed(directors):
                each.go()
                each.closed()
            assert [words(each.rest()) for each in listeners] == [["end"]] * 8


def test_werkzeug_holds_nothing_back(director: Director) -> None:
    """Flask's own server, for development."""
    with serving_wsgi(_flask()) as at:
        with Listener(at.host, at.port, script(director.watch, "say:a", "wait", "say:b")) as listener:
            see_that_it_flows(listener, director)
        with Director() as second:
            with Listener(at.host, at.port, script(second.watch, "flood")) as listener:
                second.begin()
                listener.next()
            second.closed()


@pytest.mark.parametrize(
    ("serve", "make"), [(serving_asgi, _fastapi), (serving_wsgi, _flask)], ids=["fastapi", "flask"]
)
def test_a_cleanup_that_fails_is_logged(
    serve: Callable[..., Any],
    make: Callable[[], Any],
    director: Director,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """And harms nobody: the next request is answered."""
    with serve(make()) as at:
        client: SocketClient = at
        with Listener(client.host, client.port, script(director.watch, "say:a", "flood", "trip")) as listener:
            director.begin()
            listener.next()
        director.closed()
        assert words(read(client.ask("GET", script("say:b")).body)) == ["b"]
    (record,) = [each for each in caplog.records if each.name == "userkit.http"]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "the books are not balanced"


# In process.


@pytest.fixture
def world(place: Any, open_world: Callable[..., World]) -> World:
    """Start an application that has streams."""
    return open_world(kit_options={"features": [STREAMS]}, http_options={"body_limit": 100})


@pytest.mark.parametrize("place", IN_PROCESS, ids=str, indirect=True)
def test_a_stream_is_an_answer_as_any_other(world: World) -> None:
    """To clients that wait for its end."""
    answer = world.ask("GET", script("say:a", "say:b"))
    assert words(read(answer.content)) == ["a", "b"]
    assert "content-length" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert world.ask("GET", script()).content == b""
    assert world.ask("GET", "/api/v1/streams?skript=say:a").status_code == 422
    assert [event.name for event in read(world.ask("GET", script("say:a", "fail")).content)] == [
        "said",
        "problem",
    ]


@pytest.mark.parametrize("place", IN_PROCESS, ids=str, indirect=True)
def test_a_stream_may_be_ordered(world: World) -> None:
    """With a body, of the size that is read anywhere; signed in, and not with an API key."""
    user = world.ada("admin")
    token = world.sign_in()
    order = {"script": "say:a"}
    assert words(read(world.ask("POST", "/api/v1/streams/orders", json=order, token=token).content)) == ["a"]
    large = {"script": "say:a " * 100}
    assert world.ask("POST", "/api/v1/streams/orders", json=large, token=token).status_code == 413
    assert world.ask("POST", "/api/v1/streams/orders", json=order).status_code == 401
    key = world.kit.api_keys.create(user.id, name="script").secret
    assert world.ask("POST", "/api/v1/streams/orders", json=order, token=key).status_code == 403


@pytest.mark.parametrize("place", IN_PROCESS, ids=str, indirect=True)
def test_se_4_a_stream_that_is_ordered_with_a_cookie_comes_from_our_own_pages(world: World) -> None:
    """Without the token of the session nothing is begun."""
    world.ada("admin")
    signed_in = world.ask(
        "POST",
        "/auth/login?transport=cookie",
        json={"email": "ada@example.com", "password": PASSWORD},
        headers={"origin": "https://app.example"},
    )
    jar = {
        each.split("=", 1)[0]: each.split("=", 1)[1].split(";")[0]
        for each in signed_in.headers.get_list("set-cookie")
    }
    order = {"script": "fail"}
    refused = world.ask("POST", "/api/v1/streams/orders", json=order, cookies=jar)
    assert (refused.status_code, refused.json()["code"]) == (403, "csrf_failed")
    token = next(value for name, value in jar.items() if "csrf" in name)
    allowed = world.ask(
        "POST",
        "/api/v1/streams/orders",
        json={"script": "say:a"},
        cookies=jar,
        headers={"x-csrf-token": token, "origin": "https://app.example"},
    )
    assert words(read(allowed.content)) == ["a"]


@pytest.mark.parametrize("place", IN_PROCESS, ids=str, indirect=True)
def test_the_document_tells_of_streams(world: World) -> None:
    """It is a good one, and tells of events, of errors and of who may listen."""
    openapi = "/openapi.json" if world.place.framework == "fastapi" else "/api/v1/openapi.json"
    told = world.ask("GET", openapi).json()
    check_document(told)
    public = told["paths"]["/api/v1/streams"]["get"]
    guarded = told["paths"]["/api/v1/streams/guarded"]["get"]
    assert list(public["responses"]["200"]["content"]) == ["text/event-stream"]
    assert public["responses"]["200"]["description"] == "What was asked for."
    schema = public["responses"]["200"]["content"]["text/event-stream"]["schema"]
    assert schema["type"] == "string"
    assert "`said`: a word; `problem`:" in schema["description"]
    assert list(public["responses"]["503"]["content"]) == ["application/problem+json"]
    assert "security" not in public
    assert [list(each) for each in guarded["security"]] == [["password"], ["bearer"], ["api_key"]]
    assert {"401", "403", "422", "503"} <= guarded["responses"].keys()
    assert "head" not in told["paths"]["/api/v1/streams"]


def test_the_test_client_of_fastapi_hears_streams() -> None:
    """All at once, as it does with every answer."""
    with (
        TestClient(_fastapi()) as client,
        client.stream("GET", script("say:a", "say:b", "fail")) as answer,
    ):
        assert answer.status_code == 200
        assert [line for line in answer.iter_lines() if line.startswith("event")] == [
            "event: said",
            "event: said",
            "event: problem",
        ]


def test_the_test_client_of_flask_hears_streams(caplog: pytest.LogCaptureFixture) -> None:
    """Piece by piece when it is asked to, and closing the answer closes the stream."""
    client = _flask().test_client()
    assert words(read(client.get(script("say:a", "say:b")).data)) == ["a", "b"]
    with client.get(script("say:a", "say:b", "trip"), buffered=False) as answer:
        piece = next(iter(answer.response))
        assert isinstance(piece, bytes)
        assert words(read(piece)) == ["a"]
        assert caplog.records == []
    assert [record.name for record in caplog.records] == ["userkit.http"]  # its cleanup has run
    assert client.head(script("say:a")).status_code == 405


# The answer itself, without a server.

Message = MutableMapping[str, Any]


class Peer:
    """A server that serves one request. ``leaves`` is set when the client goes away."""

    def __init__(self, *, gone: bool = False, send_fails: int = -1, receive_fails: bool = False) -> None:
        self.leaves = asyncio.Event()
        self.sent: list[Message] = []
        self.send_fails, self.receive_fails = send_fails, receive_fails
        if gone:
            self.leaves.set()

    async def receive(self) -> Message:
        """Tell that the client has gone away, when it has."""
        await self.leaves.wait()
        if self.receive_fails:
            raise RuntimeError("a server that fails")
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Keep what is sent."""
        if len(self.sent) == self.send_fails:
            raise OSError("nobody listens")
        self.sent.append(message)


class Source:
    """Sends `a`, waits for `more`, sends `b`. Its cleanup waits, too; ``closed`` when it has ended."""

    def __init__(self) -> None:
        self.waits, self.more = asyncio.Event(), asyncio.Event()
        self.closed = 0

    async def __call__(self) -> Any:
        """Send it."""
        try:
            yield b"a"
            self.waits.set()
            await self.more.wait()
            yield b"b"
        finally:
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
            self.closed += 1


def served(source: Source, peer: Peer) -> Any:
    """Return the answer while it is sent; it has begun, as all streams have."""

    async def serve() -> None:
        stream = source()
        assert await anext(stream) == b"a"
        await native(PlainResponse(status=200, stream=stream))({"type": "http"}, peer.receive, peer.send)

    return serve()


def test_an_answer_ends_with_its_stream() -> None:
    """And what was sent is what it made."""

    async def test() -> None:
        source, peer = Source(), Peer()
        source.more.set()
        await served(source, peer)
        assert [each.get("body") for each in peer.sent] == [None, b"b", b""]
        assert (peer.sent[-1]["more_body"], source.closed) == (False, 1)

    asyncio.run(test())


def test_a_client_that_has_gone_away_before_closes_the_stream() -> None:
    """Before anything of it was sent."""

    async def test() -> None:
        source, peer = Source(), Peer(gone=True)
        await served(source, peer)
        assert source.closed == 1
        assert not any(each.get("more_body") is False for each in peer.sent)

    asyncio.run(test())


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_server_that_cannot_send_closes_the_stream(at: int) -> None:
    """Whichever message it is; that nobody listens is no error."""

    async def test() -> None:
        source, peer = Source(), Peer(send_fails=at)
        source.more.set()
        await served(source, peer)
        assert (source.closed, len(peer.sent)) == (1, at)

    asyncio.run(test())


def test_a_server_that_fails_is_heard() -> None:
    """And the stream is closed."""

    async def test() -> None:
        source, peer = Source(), Peer(gone=True, receive_fails=True)
        with pytest.raises(RuntimeError, match="a server that fails"):
            await served(source, peer)
        assert source.closed == 1

    asyncio.run(test())


def test_an_answer_that_is_interrupted_closes_the_stream() -> None:
    """As a server does that is to end; the interruption goes on."""

    async def test() -> None:
        source, peer = Source(), Peer()
        task = asyncio.create_task(served(source, peer))
        await source.waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert source.closed == 1

    asyncio.run(test())


def test_an_answer_that_is_interrupted_again_and_again_lets_the_stream_clean_up() -> None:
    """As structured concurrency does, on which middleware rests."""

    async def test() -> None:
        source, peer = Source(), Peer()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(served, source, peer)
            await source.waits.wait()
            tasks.cancel_scope.cancel()
        assert source.closed == 1

    asyncio.run(test())
