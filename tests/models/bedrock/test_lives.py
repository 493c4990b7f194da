"""Calls that are ended, calls that wait for each other, and what is left of a model that was closed."""

import asyncio
import random
import threading
from collections.abc import Iterator

import pytest

from tests.models.sides import ANSWER, PROMPT, Ask, Side, ask, embed, in_a_loop, listen, refused
from tests.servers.bedrock import Act, Asked, BedrockLoopback, Wire, drips, hangs, says, streams
from tests.servers.eventstream import text_frames
from userkit.errors import LanguageModelError, ModelTimeoutError
from userkit.plugins.backends import open_language_model
from userkit.ports.language_model import LanguageModel, Message
from userkit.sync import iterate, run

_EMBEDDER = "amazon.titan-embed-text-v2:0"
_PATIENCE = 20.0
_FRESH = "Is this one of those that come afterwards?"
_BEGUN = list(text_frames("No, ", "never"))[:2]


def _wait(wire: Wire, _: Asked) -> None:
    wire.until(threading.Event())


@pytest.fixture
def threads() -> Iterator[None]:
    """Fail when a thread is left that was not there before, except the server's own."""
    before = set(threading.enumerate())
    yield
    left = [
        thread
        for thread in set(threading.enumerate()) - before
        if not thread.name.startswith("bedrock-loopback")
    ]
    for thread in left:
        thread.join(_PATIENCE)
    assert not [thread for thread in left if thread.is_alive()]


async def _arrived(loopback: BedrockLoopback, count: int = 1) -> None:
    await asyncio.to_thread(loopback.arrived, count)


async def _gone(loopback: BedrockLoopback, place: int = 0) -> None:
    assert await asyncio.to_thread(loopback.asked[place].closed.wait, _PATIENCE)


def _opened(loopback: BedrockLoopback, *, blocking: bool = False, **options: object) -> LanguageModel:
    url = loopback.url(embedding_model=_EMBEDDER, **options)
    return open_language_model(url, blocking=blocking)


@pytest.mark.parametrize("asking", [ask, listen, embed])
@pytest.mark.parametrize(
    "act",
    [
        pytest.param(hangs(), id="before-the-answer"),
        pytest.param(hangs(status=200), id="in-the-answer"),
        pytest.param(drips(), id="while-it-drips"),
    ],
)
@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_cancelling_a_call_closes_its_connection(
    bedrock_loopback: BedrockLoopback, asking: Ask, act: Act
) -> None:
    """At once, long before the time-out, and the only slot is free again."""
    bedrock_loopback.script = [act, says(ANSWER)]
    model = _opened(bedrock_loopback, concurrency=1, read_timeout=600)
    task = asyncio.ensure_future(asking(model))
    await _arrived(bedrock_loopback)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _gone(bedrock_loopback)
    assert (await ask(model)).text == ANSWER
    await model.close()
    assert len(bedrock_loopback.asked) == 2


@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_cancelling_between_two_pieces_closes_the_stream(bedrock_loopback: BedrockLoopback) -> None:
    """Whoever waits for the next piece is woken."""
    bedrock_loopback.script = [streams(*_BEGUN, _wait), says(ANSWER)]
    model = _opened(bedrock_loopback, concurrency=1, read_timeout=600)
    pieces = model.stream([Message(text=PROMPT)])
    assert (await anext(pieces)).text == "No, "
    task = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await _gone(bedrock_loopback)
    assert [piece async for piece in pieces] == []
    assert (await ask(model)).text == ANSWER
    await model.close()


@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_leaving_a_stream_closes_its_connection(bedrock_loopback: BedrockLoopback) -> None:
    """With ``aclose``, again and again, over one slot."""
    bedrock_loopback.script = [streams(*_BEGUN, _wait)] * 3 + [says(ANSWER)]
    model = _opened(bedrock_loopback, concurrency=1, read_timeout=600)
    for place in range(3):
        pieces = model.stream([Message(text=PROMPT)])
        assert (await anext(pieces)).text == "No, "
        await pieces.aclose()
        await pieces.aclose()
        await _gone(bedrock_loopback, place)
    assert (await ask(model)).text == ANSWER
    await model.close()


@pytest.mark.usefixtures("threads")
def test_leaving_a_stream_without_an_event_loop_closes_its_connection(
    bedrock_loopback: BedrockLoopback,
) -> None:
    """``iterate().close()`` does, and leaving the loop over it."""
    bedrock_loopback.script = [streams(*_BEGUN, _wait), streams(*_BEGUN, _wait), says(ANSWER)]
    model = _opened(bedrock_loopback, blocking=True, concurrency=1, read_timeout=600)
    for place in range(2):
        pieces = iterate(model.stream([Message(text=PROMPT)]))
        assert next(pieces).text == "No, "
        pieces.close()
        assert bedrock_loopback.asked[place].closed.wait(_PATIENCE)
    assert run(ask(model)).text == ANSWER
    run(model.close())


@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_a_stream_that_was_never_begun_asks_nobody(bedrock_loopback: BedrockLoopback) -> None:
    """Closing it does no harm, and it holds no slot."""
    bedrock_loopback.script = [says(ANSWER)]
    model = _opened(bedrock_loopback, concurrency=1)
    await model.stream([Message(text=PROMPT)]).aclose()
    assert bedrock_loopback.asked == []
    await ask(model)
    await model.close()


@pytest.mark.parametrize("asking", [ask, listen, embed])
@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_more_callers_than_slots_are_served_in_turn(
    bedrock_loopback: BedrockLoopback, asking: Ask
) -> None:
    """Never more at once than there are slots, and everybody gets an answer."""
    at_once: list[int] = []
    lock = threading.Lock()
    now = 0

    def counts(wire: Wire, asked: Asked) -> None:
        nonlocal now
        with lock:
            now += 1
            at_once.append(now)
        wire.pause()
        with lock:
            now -= 1
        if asked.operation == "invoke":
            wire.respond(b'{"embedding": [0.5], "inputTextTokenCount": 1}')
        else:
            says(ANSWER)(wire, asked)

    bedrock_loopback.script = [counts]
    model = _opened(bedrock_loopback, concurrency=3)
    await asyncio.gather(*(asking(model) for _ in range(30)))
    await model.close()
    assert len(at_once) == 30
    assert max(at_once) == 3
    assert bedrock_loopback.connections <= 3


@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_waiting_for_a_slot_counts_towards_the_time_limit(bedrock_loopback: BedrockLoopback) -> None:
    """Whoever waits too long has asked nobody; whoever is cancelled while waiting takes no slot along."""
    gate = threading.Event()

    def gated(wire: Wire, asked: Asked) -> None:
        wire.until(gate)
        says(ANSWER)(wire, asked)

    bedrock_loopback.script = [gated]
    model = _opened(bedrock_loopback, concurrency=1, read_timeout=600)
    first = asyncio.ensure_future(ask(model))
    await _arrived(bedrock_loopback)
    await refused(ask(model, time_limit=0.1), ModelTimeoutError)
    await refused(listen(model, time_limit=0.1), ModelTimeoutError)
    waiting = asyncio.ensure_future(ask(model))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(bedrock_loopback.asked) == 1
    gate.set()
    assert (await first).text == ANSWER
    assert (await ask(model)).text == ANSWER
    await model.close()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_callers_that_go_at_any_moment_leave_no_slot_taken(
    bedrock_loopback: BedrockLoopback, seed: int
) -> None:
    """Afterwards as many calls go on at once as there are slots."""
    moments = random.Random(seed)
    gate, entered = threading.Event(), threading.Semaphore(0)

    def gated(wire: Wire, asked: Asked) -> None:
        # What was sent by those that have gone may arrive only now.
        if _FRESH in asked.text:
            entered.release()
            wire.until(gate)
        says(ANSWER)(wire, asked)

    def hasty(wire: Wire, asked: Asked) -> None:
        (says(ANSWER) if asked.connection % 3 else hangs())(wire, asked)

    bedrock_loopback.script = [hasty]
    model = _opened(bedrock_loopback, concurrency=3, read_timeout=600)
    calls = []
    for _ in range(40):
        calls.append(asyncio.ensure_future(moments.choice([ask, listen])(model)))
        await asyncio.sleep(moments.choice([0, 0, 0.001, 0.01]))
        moments.choice(calls).cancel()
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    bedrock_loopback.script = [gated]
    question = [Message(text=_FRESH)]
    fresh = [asyncio.ensure_future(model.complete(question)) for _ in range(6)]
    for _ in range(3):
        assert await asyncio.to_thread(entered.acquire, timeout=_PATIENCE)
    assert not entered.acquire(blocking=False)
    gate.set()
    assert [answer.text for answer in await asyncio.gather(*fresh)] == [ANSWER] * 6
    await model.close()


@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_the_event_loop_goes_on_while_calls_hang(bedrock_loopback: BedrockLoopback) -> None:
    """Other tasks run, between any two bytes."""
    gate = threading.Event()
    bedrock_loopback.script = [streams(_BEGUN[0], gate, *list(text_frames("No."))[1:])]
    model = _opened(bedrock_loopback, concurrency=4, read_timeout=600)
    hanging = [asyncio.ensure_future(listen(model)) for _ in range(4)]
    await _arrived(bedrock_loopback, 4)
    for _ in range(1000):
        await asyncio.sleep(0)
    assert not any(task.done() for task in hanging)
    gate.set()
    await asyncio.gather(*hanging)
    await model.close()


@pytest.mark.parametrize("asking", [ask, listen, embed])
@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_closing_a_model_ends_its_calls(bedrock_loopback: BedrockLoopback, asking: Ask) -> None:
    """Those that go on and those that wait for a slot get an error of ours; then nothing is left."""
    bedrock_loopback.script = [hangs()]
    model = _opened(bedrock_loopback, concurrency=2, read_timeout=600)
    calls = [asyncio.ensure_future(asking(model)) for _ in range(4)]
    await _arrived(bedrock_loopback, 2)
    async with asyncio.timeout(_PATIENCE):
        await model.close()
        answers = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(answer, LanguageModelError) for answer in answers), answers
    await _gone(bedrock_loopback, 0)
    await _gone(bedrock_loopback, 1)


@pytest.mark.usefixtures("threads")
def test_closing_a_blocking_model_leaves_the_calls_of_other_threads_alone(
    bedrock_loopback: BedrockLoopback,
) -> None:
    """They get their answer, and then no connection is left."""
    gate = threading.Event()

    def gated(wire: Wire, asked: Asked) -> None:
        wire.until(gate)
        says(ANSWER)(wire, asked)

    bedrock_loopback.script = [gated]
    model = _opened(bedrock_loopback, blocking=True)
    heard: list[str] = []
    worker = threading.Thread(target=lambda: heard.append(run(ask(model)).text))
    worker.start()
    bedrock_loopback.arrived()
    run(model.close())
    gate.set()
    worker.join(_PATIENCE)
    assert heard == [ANSWER]
    assert bedrock_loopback.asked[0].closed.wait(_PATIENCE)


@pytest.mark.usefixtures("threads")
@in_a_loop
async def test_a_closed_model_connects_again(bedrock_loopback: BedrockLoopback) -> None:
    """As the port says."""
    bedrock_loopback.script = [says(ANSWER)]
    model = _opened(bedrock_loopback)
    for _ in range(2):
        assert (await ask(model)).text == ANSWER
        await listen(model)
        await model.close()
        await model.close()
    assert bedrock_loopback.asked[-1].closed.wait(_PATIENCE)
    assert bedrock_loopback.connections == 2


@pytest.mark.usefixtures("threads")
def test_threads_share_a_blocking_model(bedrock_loopback: BedrockLoopback) -> None:
    """As a threaded server of a synchronous framework does."""
    bedrock_loopback.script = [says(ANSWER)]
    model = _opened(bedrock_loopback, blocking=True, concurrency=2)
    heard: list[str] = []

    def work() -> None:
        heard.append(run(ask(model)).text)
        heard.append("".join(piece.text for piece in iterate(model.stream([Message(text=PROMPT)]))))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(_PATIENCE)
    assert heard == [ANSWER] * 16
    run(model.close())
    assert all(asked.closed.wait(_PATIENCE) for asked in bedrock_loopback.asked)


@pytest.mark.usefixtures("threads")
def test_one_model_serves_one_loop_after_another(bedrock_loopback: BedrockLoopback, side: Side) -> None:
    """As tests and scripts do."""
    bedrock_loopback.script = [says(ANSWER)]
    for _ in range(2):
        assert side.run(bedrock_loopback.url(concurrency=1), ask).text == ANSWER


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.usefixtures("threads")
def test_a_connection_that_ended_between_two_calls_is_replaced(
    bedrock_loopback: BedrockLoopback, side: Side, reset: bool
) -> None:
    """As load balancers end those that are idle."""

    def last(wire: Wire, asked: Asked) -> None:
        says(ANSWER)(wire, asked)
        wire.cut(reset=reset)

    bedrock_loopback.script = [last, last, says(ANSWER)]

    async def scenario(model: LanguageModel) -> None:
        for _ in range(3):
            assert (await ask(model)).text == ANSWER

    side.run(bedrock_loopback.url(), scenario)
    assert bedrock_loopback.connections == 3
