"""A blocking mailer in an asynchronous application: each mail is one hop to a thread."""

import asyncio
import contextlib
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
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="userkit-mail")

    @property
    def sender(self) -> str | None:
        """Return the sender of the mailer, if it has one."""
        return getattr(self.inner, "sender", None)

    async def send(self, message: Message) -> None:
        """See Mailer.send."""
        await self._hop(partial(self.inner.send, message))

    async def close(self) -> None:
        """Close the mailer in its thread, then end the thread. Closing again does no harm."""
        with contextlib.suppress(RuntimeError):  # the threads have ended
            await self._hop(self.inner.close)
        self._threads.shutdown(wait=False)

    async def _hop(self, call: Callable[[], Coroutine[Any, Any, None]]) -> None:
        context = contextvars.copy_context()

        def finish() -> None:
            _finish(call())

        await asyncio.get_running_loop().run_in_executor(self._threads, context.run, finish)


def _finish(coroutine: Coroutine[Any, Any, None]) -> None:
    try:
        coroutine.send(None)
    except StopIteration:
        return
    coroutine.close()
    raise UsageError("A mailer says that it is blocking, and waited for an event loop.")
