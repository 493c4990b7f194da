"""The asynchronous side: threads, places, time limits, cancelling and closing."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

import pytest

from tests.models.bedrock.stubs import NOVA, FakeStream, ListedClient, answer
from userkit.backends.bedrock import BedrockModel, ThreadedBedrockModel
from userkit.backends.bedrock.crew import Crew
from userkit.backends.bedrock.line import Line
from userkit.errors import ModelReplyError, ModelTimeoutError, ModelUnavailableError
from userkit.ports.language_model import Message

HELLO = [Message(text="Hi")]
FAR = 20
asker: ContextVar[str] = ContextVar("asker", default="nobody")


class Gate:
    """An answer that comes when it is let through. It notes that somebody waits for it."""

    def __init__(self, then: Any = None) -> None:
        """Begin closed."""
        self.waited = threading.Event()
        self.opened = threading.Event()
        self.then = answer({"text": "Hi"}) if then is None else then

    def __call__(self) -> Any:
        """Wait, and answer."""
        self.waited.set()
        assert self.opened.wait(FAR)
        return self.then

    async def reached(self) -> None:
        """Wait until somebody waits."""
        assert await asyncio.to_thread(self.waited.wait, FAR)


def crew_threads() -> list[str]:
    """Return the threads of models."""
    return [each.name for each in threading.enumerate() if each.name.startswith("userkit-bedrock")]


def use(client: ListedClient, scenario: Callable[[ThreadedBedrockModel], Awaitable[None]]) -> None:
    """Do something with a model over a client, and close it. No thread is left."""

    async def whole() -> None:
        model = ThreadedBedrockModel(BedrockModel.from_client(client, NOVA, attempts=1))
        assert (model.name, model.blocking) == (NOVA, False)
        try:
            await scenario(model)
        finally:
            await model.close()
            await model.close()

    asyncio.run(whole(), debug=True)
    assert crew_threads() == []
    assert client.closed == 0


def test_a_thread_asks_for_who_asks() -> None:
    """With the context variables of the asker, which it cannot change."""
    seen: list[tuple[str, str]] = []

    def look() -> Any:
        seen.append((asker.get(), threading.current_thread().name))
        asker.set("the thread")
        return answer({"text": "Hi"})

    async def scenario(model: ThreadedBedrockModel) -> None:
        asker.set("me")
        assert (await model.complete(HELLO)).text == "Hi"
        assert asker.get() == "me"

    use(ListedClient(look), scenario)
    assert seen[0][0] == "me"
    assert seen[0][1].startswith("userkit-bedrock")


def test_no_more_calls_than_connections_go_out() -> None:
    """The others wait for their turn, in which they came."""
    gates = [Gate(), Gate()]

    async def scenario(model: ThreadedBedrockModel) -> None:
        calls = [asyncio.create_task(model.complete(HELLO)) for _ in range(4)]
        for gate in gates:
            await gate.reached()
        assert len(client.asked) == 2
        for gate in gates:
            gate.opened.set()
        assert [each.text for each in await asyncio.gather(*calls)] == ["Hi"] * 4

    client = ListedClient(*gates, answer({"text": "Hi"}), answer({"text": "Hi"}))
    use(client, scenario)


def test_time_limits_hold_over_waiting_for_a_turn() -> None:
    """Who waits no longer takes no turn."""
    gate = Gate()

    async def scenario(model: ThreadedBedrockModel) -> None:
        first = asyncio.create_task(model.complete(HELLO))
        await gate.reached()
        with pytest.raises(ModelTimeoutError):
            await model.complete(HELLO, time_limit=0.01)
        with pytest.raises(ModelTimeoutError):
            await anext(model.stream(HELLO, time_limit=0))
        waiting = asyncio.create_task(model.embed(["one"]))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gate.opened.set()
        await first
        assert (await model.complete(HELLO)).text == "Hi"

    client = ListedClient(gate, answer({"text": "Hi"}), connections=1)
    use(client, scenario)
    assert len(client.asked) == 2


@pytest.mark.parametrize("ended", ["time_limit", "cancelled"])
def test_a_turn_ends_when_the_thread_is_back(ended: str) -> None:
    """The caller is answered before; a client of the application cannot be interrupted."""
    gate = Gate()

    async def scenario(model: ThreadedBedrockModel) -> None:
        call = asyncio.create_task(model.complete(HELLO, time_limit=0.05 if ended == "time_limit" else None))
        await gate.reached()
        if ended == "cancelled":
            call.cancel()
        with pytest.raises((ModelTimeoutError, asyncio.CancelledError)):
            await call
        later = asyncio.create_task(model.complete(HELLO))
        await asyncio.sleep(0)
        assert len(client.asked) == 1
        gate.opened.set()
        assert (await later).text == "Hi"

    client = ListedClient(gate, answer({"text": "Hi"}), connections=1)
    use(client, scenario)


def test_what_waits_when_a_model_is_closed_is_turned_away() -> None:
    """What goes on is ended; a call that comes later is served."""
    gate = Gate()

    async def scenario(model: ThreadedBedrockModel) -> None:
        going = asyncio.create_task(model.complete(HELLO))
        await gate.reached()
        waiting = asyncio.create_task(model.complete(HELLO))
        cancelled = asyncio.create_task(model.complete(HELLO))
        await asyncio.sleep(0)
        cancelled.cancel()
        closing = asyncio.create_task(model.close())
        with pytest.raises(ModelUnavailableError, match="closed meanwhile"):
            await waiting
        gate.opened.set()
        await closing
        assert (await going).text == "Hi"
        assert crew_threads() == []
        assert (await model.complete(HELLO)).text == "Hi"

    use(ListedClient(gate, answer({"text": "Hi"}), connections=1), scenario)


def _text(text: str) -> Any:
    return {"contentBlockDelta": {"delta": {"text": text}}}


STOP = {"messageStop": {"stopReason": "end_turn"}}


def test_a_stream_keeps_its_turn_to_its_end() -> None:
    """Each piece is asked for when it is wanted."""
    gate = Gate(_text("b"))
    stream = FakeStream(_text("a"), gate, STOP)

    async def scenario(model: ThreadedBedrockModel) -> None:
        pieces = model.stream(HELLO)
        assert (await anext(pieces)).text == "a"
        assert not gate.waited.is_set()
        with pytest.raises(ModelTimeoutError):
            await model.complete(HELLO, time_limit=0.01)
        gate.opened.set()
        assert (await anext(pieces)).text == "b"
        last = await anext(pieces)
        assert last.completion is not None
        assert last.completion.text == "ab"
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)
        assert stream.closed == 1
        assert (await model.complete(HELLO)).text == "Hi"

    use(ListedClient({"stream": stream}, answer({"text": "Hi"}), connections=1), scenario)


class CutStream(FakeStream):
    """A stream of a client whose connection can be shut down."""

    def __init__(self, gate: Gate, *events: Any) -> None:
        """Let the gate open when the connection is shut down."""
        super().__init__(*events)
        self._raw_stream = self
        self._gate = gate

    def shutdown(self) -> None:
        """Shut it down."""
        self._gate.opened.set()
        raise RuntimeError("it was released")


@pytest.mark.parametrize("ended", ["cancelled", "time_limit", "closed"])
def test_a_stream_that_is_cancelled_is_cut_while_a_thread_waits(ended: str) -> None:
    """The thread comes back and closes the stream, and the turn is free."""
    gate = Gate(ConnectionResetError())
    stream = CutStream(gate, _text("a"), gate)

    async def listen(model: ThreadedBedrockModel) -> None:
        async for _ in model.stream(HELLO, time_limit=0.2 if ended == "time_limit" else None):
            pass

    async def scenario(model: ThreadedBedrockModel) -> None:
        listening = asyncio.create_task(listen(model))
        await gate.reached()
        if ended == "cancelled":
            listening.cancel()
        elif ended == "closed":
            await model.close()
        with pytest.raises((ModelUnavailableError, ModelReplyError, asyncio.CancelledError)):
            await listening
        assert (await model.complete(HELLO)).text == "Hi"
        assert stream.closed == 1

    use(ListedClient({"stream": stream}, answer({"text": "Hi"}), connections=1), scenario)


def test_a_stream_that_is_left_is_closed_at_once() -> None:
    """Also in a task that is being cancelled: nothing is awaited for it."""
    stream = FakeStream(_text("a"), AssertionError())

    async def scenario(model: ThreadedBedrockModel) -> None:
        pieces = model.stream(HELLO)
        await anext(pieces)

        async def leave() -> None:
            me = asyncio.current_task()
            assert me is not None
            me.cancel()
            await pieces.aclose()
            assert stream.closed == 1

        await asyncio.gather(leave(), return_exceptions=True)
        assert stream.closed == 1
        assert (await model.complete(HELLO)).text == "Hi"

    use(ListedClient({"stream": stream}, answer({"text": "Hi"}), connections=1), scenario)


def test_a_stream_goes_nowhere_when_the_model_is_closed() -> None:
    """The next piece is refused, and the stream is closed."""
    stream = FakeStream(_text("a"), AssertionError())

    async def scenario(model: ThreadedBedrockModel) -> None:
        pieces = model.stream(HELLO)
        await anext(pieces)
        await model.close()
        with pytest.raises(ModelUnavailableError, match="closed meanwhile"):
            await anext(pieces)
        assert stream.closed == 1

    use(ListedClient({"stream": stream}), scenario)


def test_a_thread_that_cannot_be_reached_is_not_waited_for() -> None:
    """It ends by its own time-out; nothing new is begun."""
    gate = Gate()

    async def scenario() -> None:
        crew, line = Crew(1), Line()
        await crew.enter(line)
        job = crew.start(gate, line)
        await gate.reached()
        await crew.dismiss(patience=0)
        with pytest.raises(ModelUnavailableError, match="closed meanwhile"):
            crew.start(gate, Line())
        gate.opened.set()
        assert await crew.result(job, line) == gate.then

    asyncio.run(scenario(), debug=True)
    for thread in threading.enumerate():
        if thread.name.startswith("userkit-bedrock"):
            thread.join(FAR)
    assert crew_threads() == []
