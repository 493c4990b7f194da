"""Sending on both sides: with an event loop and without."""

import asyncio
from collections.abc import Callable
from typing import Any

from userkit.backends.mail import plugin
from userkit.ports.mail import Mailer, Message
from userkit.sync import run

ID = "01900000-0000-7000-8000-000000000001"


def message(**changes: Any) -> Message:
    """Return a message, with these fields changed."""
    fields: dict[str, Any] = {
        "id": ID,
        "to": "ada@example.com",
        "subject": "Hello",
        "text": "Hello Ada.\n",
        "template": "hello",
    }
    return Message(**{**fields, **changes})


def opened(url: str, *, blocking: bool) -> Mailer:
    """Return the mailer of a URL, as a kit opens it."""
    return {
        "smtp": plugin.smtp,
        "smtps": plugin.smtps,
        "directory": plugin.directory,
        "memory": plugin.memory,
    }[url.partition("://")[0]].factory(url, blocking=blocking)


Send = Callable[..., None]
"""Send messages by the mailer of a URL, then close it."""


def send_blocking(url: str, *messages: Message) -> None:
    """Send without an event loop."""
    mailer = opened(url, blocking=True)
    for each in messages:
        run(mailer.send(each))
    run(mailer.close())
    run(mailer.close())


def send_asynchronously(url: str, *messages: Message) -> None:
    """Send in an event loop."""

    async def main() -> None:
        mailer = opened(url, blocking=False)
        try:
            for each in messages:
                await mailer.send(each)
        finally:
            await mailer.close()
            await mailer.close()

    asyncio.run(main(), debug=True)
