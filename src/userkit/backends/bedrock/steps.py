"""The steps of a stream, each made in a thread, and its end, which waits for none of them."""

import threading
from collections.abc import Generator

from userkit.backends.bedrock.crew import Crew
from userkit.backends.bedrock.line import Line
from userkit.ports.language_model import Piece

__all__ = ["Steps"]


class Steps:
    """Step a generator in the threads of a crew.

    ``end`` cuts the line, so that a step that waits comes back at once. The generator is closed, and
    the place given back, by whoever is the last to hold it: the step, or ``end`` itself.
    """

    __slots__ = ("_crew", "_ended", "_line", "_lock", "_pieces", "_stepping")

    def __init__(self, pieces: Generator[Piece, None, None], line: Line, crew: Crew) -> None:
        """Take what to step, and the crew whose place it has."""
        self._pieces = pieces
        self._line = line
        self._crew = crew
        self._lock = threading.Lock()
        self._stepping = False
        self._ended = False

    async def next(self) -> Piece | None:
        """Return the next piece, or None at the end."""
        return await self._crew.result(self._crew.submit(self._step), self._line)

    def end(self) -> None:
        """End the stream, without waiting for anything. Called once."""
        self._line.cut()
        with self._lock:
            self._ended = True
            stepping = self._stepping
        if not stepping:
            self._finish()

    def _step(self) -> Piece | None:
        with self._lock:
            if self._ended:
                return None
            self._stepping = True
        try:
            return next(self._pieces, None)
        finally:
            with self._lock:
                self._stepping = False
                ended = self._ended
            if ended:
                self._finish()

    def _finish(self) -> None:
        try:
            self._pieces.close()
        finally:
            self._crew.leave(self._line)
