"""Answers that come bit by bit: how they are framed, how they fail, and that what makes them is closed."""

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import RootModel

from tests.http.doors import SELF, Doorkeeper, answered, application, asking, bearing, problem, route
from tests.http.eventsource import Event, read
from userkit.errors import ForbiddenError, ModelUnavailableError, NotFoundError, WouldWaitError
from userkit.http.events import ServerEvent, begun, event_bytes
from userkit.http.messages import Request, Response
from userkit.http.openapi import document
from userkit.http.route import PUBLIC, AnyCall, AnyRoute, Reply, permission
from userkit.http.schemas import ReplyModel
from userkit.kernel.origin import coming_from, current_origin
from userkit.sync import iterate, run

Events = AsyncGenerator[ServerEvent, None]


class Said(ReplyModel):
    """A word."""

    word: str


class Pause:
    """Something to wait for."""

    def __await__(self) -> Any:
        """Wait."""
        yield


def said(word: str) -> ServerEvent:
    """Return an event."""
    return ServerEvent(name="said", data=Said(word=word))


class Speech:
    """Says words; an error among them is raised, and ``trips`` is raised by its cleanup.

    ``asked`` is how far it has come, ``closed`` how often its cleanup ran.
    """

    def __init__(self, *words: str | Exception, trips: BaseException | None = None) -> None:
        self.words, self.trips = words, trips
        self.asked = self.closed = 0

    async def say(self) -> Events:
        """Say them."""
        try:
            for word in self.words:
                self.asked += 1
                if isinstance(word, Exception):
                    raise word
                yield said(word)
        finally:
            self.closed += 1
            if self.trips is not None:
                raise self.trips

    async def handle(self, _: AnyCall) -> Reply:
        """Answer with them."""
        return Reply(events=self.say())


def speaking(speech: Speech, **more: Any) -> AnyRoute:
    """Return a route that answers with a speech."""
    return route(speech.handle, **{"access": PUBLIC, "events": {"said": "a word"}, **more})


def asked(one: AnyRoute, request: Request | None = None, **more: Any) -> Response:
    """Return the answer to a request."""
    return run(application(**more).run(one, request or asking()))


def streamed(response: Response) -> bytes:
    """Return all of what comes bit by bit."""
    assert response.stream is not None
    return b"".join(iterate(response.stream))


def heard(events: list[Event]) -> list[str]:
    """Return the words that were said."""
    assert {event.name for event in events} <= {"said"}
    return [event.json["word"] for event in events]


def test_an_event_has_a_name_and_one_line_of_data() -> None:
    """And an empty line ends it (WHATWG HTML, section 9.2.5)."""
    assert event_bytes("said", b'{"word":"a"}') == b'event: said\ndata: {"word":"a"}\n\n'


@given(st.lists(st.text(st.characters(codec="utf-8"))))
def test_whatever_is_said_arrives_as_it_is(words: list[str]) -> None:
    """Line ends of any kind, colons, empty text, and what looks like another event."""
    speech = Speech(*words)
    assert heard(read(streamed(asked(speaking(speech))))) == words


@pytest.mark.parametrize(
    "word", ["a\n\nevent: problem\ndata: {}\n\n", "a\rb", "a\r\nb", "\u2028\u2029\x85", "\ufeff", ": ", "\0"]
)
def test_what_is_said_is_never_an_event_of_its_own(word: str) -> None:
    """It is in the data, on one line."""
    body = streamed(asked(speaking(Speech(word))))
    assert heard(read(body)) == [word]
    assert body.count(b"\n") == 3
    assert b"\r" not in body


def test_data_may_be_any_model() -> None:
    """Also one that is no object."""

    class Number(RootModel[int]):
        """A number."""

    async def count() -> Events:
        yield ServerEvent(name="counted", data=Number(1))

    assert b"".join(iterate(run(begun(count())))) == b"event: counted\ndata: 1\n\n"


def test_an_answer_of_events_is_no_other() -> None:
    """Nobody keeps it or holds it back, and its length is not known."""

    async def handle(call: AnyCall) -> Reply:
        return Reply(events=Speech("a").say(), headers=(("x-more", "1"),))

    answer = asked(route(handle, access=PUBLIC, status=201, events={"said": "a word"}))
    assert (answer.status, answer.body) == (201, b"")
    assert answer.headers == (
        ("content-type", "text/event-stream"),
        ("x-accel-buffering", "no"),
        ("cache-control", "no-store"),
        ("x-more", "1"),
    )
    assert heard(read(streamed(answer))) == ["a"]
    assert "a" not in repr(answer).removeprefix("Response")


def test_an_answer_may_have_no_events() -> None:
    """Which is no error."""
    speech = Speech()
    answer = asked(speaking(speech))
    assert (answer.status, streamed(answer), speech.closed) == (200, b"", 1)


def test_no_event_is_made_before_it_is_asked_for() -> None:
    """But the first, which decides on the status."""
    speech = Speech("a", "b", "c")
    answer = asked(speaking(speech))
    assert speech.asked == 1
    assert answer.stream is not None
    steps = iterate(answer.stream)
    assert speech.asked == 1
    assert [next(steps), speech.asked] == [b'event: said\ndata: {"word":"a"}\n\n', 1]
    assert [next(steps), speech.asked] == [b'event: said\ndata: {"word":"b"}\n\n', 2]
    steps.close()
    assert speech.closed == 1


ERRORS: dict[str, tuple[Exception, int, str]] = {
    "told": (ForbiddenError("Not you."), 403, "forbidden"),
    "for operators": (ModelUnavailableError("at models.internal"), 503, "language_model_unavailable"),
    "foreign": (RuntimeError("hunter2"), 500, "internal_error"),
    "system": (OSError("hunter2"), 500, "internal_error"),
}


@pytest.mark.parametrize(("error", "status", "code"), ERRORS.values(), ids=ERRORS)
def test_an_error_before_the_first_event_has_its_status(error: Exception, status: int, code: str) -> None:
    """As anywhere else, and nothing is streamed."""
    speech = Speech(error)
    answer = asked(speaking(speech))
    assert problem(answer) == (status, code)
    assert (answer.stream, speech.closed) == (None, 1)


@pytest.mark.parametrize(("error", "status", "code"), ERRORS.values(), ids=ERRORS)
def test_a_later_error_is_the_last_event(error: Exception, status: int, code: str) -> None:
    """With what a problem says, and no more than that."""
    speech = Speech("a", error, "b")
    answer = asked(speaking(speech))
    assert answer.status == 200
    *before, last = read(streamed(answer))
    assert heard(before) == ["a"]
    assert last.name == "problem"
    assert (last.json["status"], last.json["code"]) == (status, code)
    assert {"type", "title", "detail"} <= last.json.keys()
    assert "hunter2" not in last.data
    assert "models.internal" not in last.data
    assert speech.closed == 1


def test_the_detail_of_a_later_error_is_one_line() -> None:
    """Whatever it quotes."""
    answer = asked(speaking(Speech("a", NotFoundError("No user\n\nevent: said\ndata: \r\ud800."))))
    _, last = read(streamed(answer))
    assert last.json["detail"] == "No user\n\nevent: said\ndata: \r?."


def test_what_cannot_be_sent_is_an_error_as_any_other() -> None:
    """Before the first event with a status, and later as the last event; what made it is closed."""
    first = Speech("\ud800")
    assert problem(asked(speaking(first))) == (500, "internal_error")
    later = Speech("a", "\ud800", "b")
    assert [event.name for event in read(streamed(asked(speaking(later))))] == ["said", "problem"]
    assert (first.closed, later.closed, later.asked) == (1, 1, 2)


@pytest.mark.parametrize("pieces", [0, 1, 2, 3])
def test_closing_the_answer_closes_what_makes_it(pieces: int) -> None:
    """However far it has come, also before anything was sent."""
    speech = Speech("a", "b")
    answer = asked(speaking(speech))
    assert answer.stream is not None
    steps = iterate(answer.stream)
    assert len([piece for _, piece in zip(range(pieces), steps, strict=False)]) == min(pieces, 2)
    assert speech.closed == (pieces == 3)
    steps.close()
    steps.close()
    assert speech.closed == 1


@pytest.mark.parametrize("pieces", [0, 1])
def test_closing_the_stream_itself_closes_what_makes_it(pieces: int) -> None:
    """As a framework with an event loop does."""
    speech = Speech("a", "b")

    async def leave() -> None:
        stream = await begun(speech.say())
        for _ in range(pieces):
            await anext(stream)
        await stream.aclose()

    run(leave())
    assert speech.closed == 1


def test_an_answer_that_nobody_sends_is_closed_as_well(caplog: pytest.LogCaptureFixture) -> None:
    """When nobody holds it any more."""
    speech = Speech("a", "b")
    asked(speaking(speech))
    gc.collect()
    assert speech.closed == 1
    assert not caplog.records


LEAVING: dict[str, Callable[[Any], list[bytes]]] = {
    "closed before it is sent": lambda steps: [],
    "closed later": lambda steps: [next(steps)],
}


@pytest.mark.parametrize("leave", LEAVING.values(), ids=LEAVING)
def test_a_cleanup_that_fails_is_logged(
    leave: Callable[[Any], list[bytes]], caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody else would hear of it."""
    speech = Speech("a", "b", trips=RuntimeError("the books are not balanced"))
    answer = asked(speaking(speech))
    assert answer.stream is not None
    steps = iterate(answer.stream)
    leave(steps)
    steps.close()
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("userkit.http", logging.ERROR)
    assert record.exc_info is not None
    assert record.exc_info[1] is speech.trips


def test_a_cleanup_that_fails_hides_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be sent is told, and both are in the log."""
    speech = Speech("\ud800", trips=RuntimeError("the books are not balanced"))
    assert problem(asked(speaking(speech))) == (500, "internal_error")
    told = [str(record.exc_info and record.exc_info[1]) for record in caplog.records]
    assert told[0] == "the books are not balanced"
    assert "surrogates" in told[1]


def test_a_cleanup_that_fails_at_the_end_is_told() -> None:
    """There the client listens still."""
    speech = Speech("a", trips=RuntimeError("the books are not balanced"))
    assert [event.name for event in read(streamed(asked(speaking(speech))))] == ["said", "problem"]


def test_whoever_is_interrupted_closes_what_makes_the_events() -> None:
    """Before the first event and later, and the interruption goes on."""

    async def interrupted(before: int) -> None:
        closed = asyncio.Event()
        waiting = asyncio.Event()

        async def say() -> Events:
            try:
                for _ in range(before):
                    yield said("a")
                waiting.set()
                await asyncio.get_running_loop().create_future()
            finally:
                await asyncio.sleep(0)  # a cleanup that has to wait
                closed.set()

        async def listen() -> None:
            async for _ in await begun(say()):
                pass

        listening = asyncio.create_task(listen())
        await waiting.wait()
        listening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listening
        assert closed.is_set()

    for before in (0, 1):
        asyncio.run(interrupted(before))


def test_events_are_made_where_the_request_came_from() -> None:
    """From the first to the cleanup, although whoever sends them knows nothing of the request any more."""
    origins = []

    async def handle(_: AnyCall) -> Reply:
        async def say() -> Events:
            try:
                for word in "abc":
                    origins.append(current_origin())
                    yield said(word)
            finally:
                origins.append(current_origin())

        return Reply(events=say())

    talk = route(handle, access=permission("users:write"), events={"said": "a word"})
    request = asking("GET", *bearing("holder"), ("user-agent", "curl/8"), peer="192.0.2.1")
    answer = asked(talk, request)
    assert current_origin().actor_id is None
    with coming_from(actor_id=SELF, address="203.0.113.9"):
        assert answer.stream is not None
        steps = iterate(answer.stream)
        next(steps)
        next(steps)
        assert current_origin().address == "203.0.113.9"
        steps.close()
    assert len(origins) == 3
    (origin,) = set(origins)
    assert origin.actor_id not in (None, SELF)
    assert (origin.session_id, origin.address, origin.user_agent) == ("fresh", "192.0.2.1", "curl/8")


def test_whoever_may_not_listen_makes_nothing_speak() -> None:
    """Nothing is begun, so nothing is to be closed."""
    speech = Speech("a")
    talk = speaking(speech, access=permission("users:write"))
    assert problem(asked(talk)) == (401, "unauthenticated")
    assert problem(asked(talk, asking("GET", *bearing("stranger")))) == (403, "forbidden")
    assert problem(asked(talk, asking("GET", *bearing("narrow-key")))) == (403, "forbidden")
    assert speech.asked == 0
    assert asked(talk, asking("GET", *bearing("holder-key"))).stream is not None


def test_what_is_asked_is_read_as_strictly_as_anywhere() -> None:
    """Too much is refused, and so is a query that is not asked for."""
    speech = Speech("a")
    talk = speaking(speech, method="POST")
    assert problem(asked(talk, asking("POST", body=b" " * 65), body_limit=64)) == (413, "body_too_large")
    assert problem(asked(talk, asking("POST", query="a=1"))) == (422, "validation_failed")
    assert speech.asked == 0
    assert asked(talk, asking("POST", body=b" " * 64), body_limit=64).status == 200


@pytest.mark.parametrize("method", ["HEAD", "POST", "DELETE"])
def test_a_stream_has_no_head(method: str) -> None:
    """It would cost what it costs, and nobody would read it."""
    speech = Speech("a")
    answer = run(application().answer({"GET": speaking(speech)}, asking(method)))
    assert problem(answer) == (405, "method_not_allowed")
    assert answer.header("allow") == "GET, OPTIONS"
    assert speech.asked == 0


def test_options_does_not_offer_the_head_of_a_stream() -> None:
    """And makes nothing speak."""
    speech = Speech("a")
    answer = run(application().answer({"GET": speaking(speech)}, asking("OPTIONS")))
    assert (answer.status, answer.header("allow"), speech.asked) == (204, "GET, OPTIONS", 0)


def test_a_door_that_fails_makes_nothing_speak() -> None:
    """Nobody gets in by a failure."""
    speech = Speech("a")
    door = Doorkeeper(failing={"require": RuntimeError("hunter2")})
    talk = speaking(speech, access=permission("users:write"))
    assert problem(asked(talk, asking("GET", *bearing("holder")), gatekeeper=door))[0] == 500
    assert speech.asked == 0


async def _waits_at_once() -> Events:
    await Pause()
    yield said("a")


def test_a_speech_that_waits_in_a_synchronous_kit_is_named() -> None:
    """Whether it waits before the first event or later, and what makes it is closed."""
    with pytest.raises(WouldWaitError, match="_waits_at_once waited"):
        run(begun(_waits_at_once()))
    closed = []

    async def waits_later() -> Events:
        try:
            yield said("a")
            await Pause()
        finally:
            closed.append(True)

    steps = iterate(run(begun(waits_later())))
    assert next(steps)
    with pytest.raises(WouldWaitError, match="waits_later waited"):
        next(steps)
    assert closed == [True]


def test_the_document_tells_of_the_events() -> None:
    """Each with its meaning, and of the problem that may be the last; errors are told as anywhere."""
    talk = speaking(Speech(), access=permission("users:write"), errors=(ModelUnavailableError,))
    told = document([talk], prefix="/api/v1", title="App", version="1")
    responses = told["paths"]["/api/v1/things"]["get"]["responses"]
    assert responses["200"]["description"] == "What was asked for."
    ((kind, content),) = responses["200"]["content"].items()
    assert kind == "text/event-stream"
    assert content["schema"]["type"] == "string"
    assert content["schema"]["description"].startswith("Server-sent events. `said`: a word; `problem`: ")
    assert {"401", "403", "422", "503"} <= responses.keys()


def test_an_answer_without_events_is_no_stream() -> None:
    """Also of a route that has some at other times."""

    async def handle(_: AnyCall) -> Reply:
        return Reply(value=Said(word="a"))

    answer = asked(route(handle, access=PUBLIC, events={"said": "a word"}))
    assert (answer.stream, answered(answer)) == (None, {"word": "a"})
