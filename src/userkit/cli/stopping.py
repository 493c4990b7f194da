"""Ending between two pieces of work, when a signal asks for it."""

import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Stop", "until_signalled"]

_GLANCE = 0.1


class Stop:
    """Whether a signal has asked to end. A second one ends the program at once."""

    def __init__(self) -> None:
        """Begin with nobody having asked."""
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Hear a signal."""
        self.asked = True
        signal.signal(number, signal.SIG_DFL)

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until somebody asks to end."""
        end = time.monotonic() + seconds
        while not self.asked and (rest := end - time.monotonic()) > 0:
            time.sleep(min(rest, _GLANCE))


@contextmanager
def until_signalled() -> Generator[Stop, None, None]:
    """Hear SIGTERM and SIGINT for a while, and do afterwards what was done before."""
    stop = Stop()
    before = [(number, signal.signal(number, stop)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield stop
    finally:
        for number, handler in before:
            signal.signal(number, handler)
