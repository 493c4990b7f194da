"""A language model on Bedrock for the asynchronous kit: what blocks does so in threads of its own."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from userkit.backends.bedrock.crew import Crew
from userkit.backends.bedrock.line import Line
from userkit.backends.bedrock.model import BedrockModel
from userkit.backends.bedrock.steps import Steps
from userkit.ports.language_model import Completion, Conversational, Embeddings, Piece, Question

__all__ = ["ThreadedBedrockModel"]

T = TypeVar("T")


class ThreadedBedrockModel(Conversational):
    """Ask a model on Bedrock without blocking the event loop.

    There are as many threads as connections, and a call waits until one is free. ``time_limit`` holds
    exactly, and over that wait as well: when it is over, or when the call is cancelled, the caller is
    answered and the connection is cut, so that the thread comes back. What cannot be cut, which is
    finding the host, connecting, and what a client of the application does before an answer begins,
    goes on to its own time-out, and keeps its place until then.

    The threads start with the first call, in each process.
    """

    blocking = False

    def __init__(self, inner: BedrockModel) -> None:
        """Wrap a model that blocks: ``BedrockModel(…)`` or ``BedrockModel.from_client(…)``."""
        self.inner = inner
        self._plain = inner.plain
        # A forked process has none of the threads; it gets a crew of its own.
        self._crews: dict[int, Crew] = {}

    @property
    def name(self) -> str:
        """See LanguageModel.name."""
        return self.inner.name

    async def answer(self, question: Question) -> Completion[Any]:
        """See Conversational.answer."""
        return await self._run(partial(self._plain.complete, question), question.time_limit)

    async def answer_in_pieces(self, question: Question) -> AsyncGenerator[Piece, None]:
        """See Conversational.answer_in_pieces. Each piece is one hop to a thread."""
        line, crew = Line(question.time_limit), self._crew()
        await crew.enter(line)
        steps = Steps(self._plain.stream(question, line), line, crew)
        try:
            while (piece := await steps.next()) is not None:
                yield piece
        finally:
            # Nothing is awaited: this may run in a task that is being cancelled.
            steps.end()

    async def embed(self, texts: Sequence[str], *, time_limit: float | None = None) -> Embeddings:
        """See LanguageModel.embed."""
        return await self._run(partial(self._plain.embed, texts), time_limit)

    async def close(self) -> None:
        """Cut what goes on and end the threads. A call that comes later starts new ones."""
        crew = self._crews.pop(os.getpid(), None)
        if crew is not None:
            await crew.dismiss()
        self._plain.close()

    async def _run(self, work: Callable[[Line], T], time_limit: float | None) -> T:
        line, crew = Line(time_limit), self._crew()
        await crew.enter(line)
        job = crew.start(partial(work, line), line)
        job.add_done_callback(lambda _job: crew.leave(line))
        return await crew.result(job, line)

    def _crew(self) -> Crew:
        process = os.getpid()
        crew = self._crews.get(process)
        # setdefault is atomic, so that event loops in several threads agree on one.
        return crew or self._crews.setdefault(process, Crew(self._plain.concurrency))
