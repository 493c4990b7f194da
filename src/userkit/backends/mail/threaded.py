"""A blocking mailer in an asynchronous application: each mail is one hop to a thread."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from userkit.errors import UsageError
from userkit.ports.mail import Mailer, Message

__all__ = ["ThreadedMailer"]


class ThreadedMailer:
    """Run a blocking mailer in a thread of its own, so that it never blocks the event loop."""

    blocking = False

    def __init__(self, mailer: Mailer, *, threads: int = 1) -> None:
        """Wrap a mailer; a thread starts with the first mail."""
        if not mailer.blocking:
            raise UsageError(f"{type(mailer).__name__} does not block: use it as it is.")
        self.inner = mailer
        self._count = threads
        self._threads: ThreadPoolExecutor | None = None
        self._closed = False

    @property
    def sender(self) -> str | None:
        """Return the sender of the mailer, if it has one."""
        return getattr(self.inner, "sender", None)

    async def send(self, message: Message) -> None:
        """See Mailer.send."""
        self._closed = False
        await self._hop(partial(self.inner.send, message))

    async def close(self) -> None:
        """Close the mailer in its thread, then end the thread; a mail that comes later starts a new one."""
        if self._closed:
            return
        await self._hop(self.inner.close)
        self._closed = True
        threads, self._threads = self._threads, None
        if threads is not None:
            threads.shutdown(wait=False)

    async def _hop(self, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        context = contextvars.copy_context()

        def finish() -> None:
            _finish(call())

        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._count, thread_name_prefix="userkit-mail")
        await asyncio.get_running_loop().run_in_executor(self._threads, context.run, finish)


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise UsageError("A mailer says that it is blocking, and waited for an event loop.")
