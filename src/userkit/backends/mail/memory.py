"""A mailer that keeps what it is given, for tests and first steps."""

import threading

from userkit.backends.mail.composing import compose
from userkit.ports.mail import Message

__all__ = ["MemoryMailer"]


class MemoryMailer:
    """Keep messages in a list, in the order in which they came.

    It refuses what a real mailer refuses. Thread-safe.
    """

    blocking = True
    in_process = True

    def __init__(self) -> None:
        """Begin with nothing sent."""
        self._lock = threading.Lock()
        self._sent: list[Message] = []

    @property
    def sent(self) -> list[Message]:
        """Return what was sent so far, the newest last; a list of its own each time."""
        with self._lock:
            return list(self._sent)

    async def send(self, message: Message) -> None:
        """Keep a message. Raises MailRefusedError."""
        compose(message, sender="no-reply@localhost.localdomain")
        with self._lock:
            self._sent.append(message)

    def clear(self) -> None:
        """Forget what was sent."""
        with self._lock:
            self._sent.clear()

    async def close(self) -> None:
        """Keep everything: tests look at it afterwards."""
