"""What a kit under test has mailed."""

from collections.abc import Callable
from urllib.parse import unquote

from userkit.errors import UsageError
from userkit.features.outbox import Delivery
from userkit.plugins.backends import open_mailer
from userkit.ports.mail import Message

__all__ = ["Mailbox"]

_TOKEN = "#token="  # noqa: S105  # what stands before it in a link


class Mailbox:
    """Keep letters, as a mailer of both kits. Whoever looks finds what was waiting to be sent, too."""

    blocking = True
    in_process = True

    def __init__(self) -> None:
        """Begin with nothing sent."""
        self._mailer = open_mailer("memory://", blocking=True)
        self._sent: list[Message] = []
        self._relays: list[Callable[[], Delivery]] = []

    @property
    def sent(self) -> list[Message]:
        """Return what was sent so far, the newest last; a list of its own each time."""
        for deliver in self._relays:
            while deliver().done:
                pass
        return list(self._sent)

    def last(self, *, to: str | None = None) -> Message:
        """Return the last letter, or the last one to an address. Raises UsageError when there is none."""
        letters = [each for each in self.sent if to in (None, each.to)]
        if not letters:
            raise UsageError("No letter was sent." if to is None else f"No letter was sent to {to}.")
        return letters[-1]

    def link(self, *, to: str | None = None) -> str:
        """Return the link in the last letter. Raises UsageError when it has none with a token."""
        letter = self.last(to=to)
        found = next((word for word in letter.text.split() if _TOKEN in word), None)
        if found is None:
            raise UsageError(f"The last letter has no link with a token: {letter!r}.")
        return found

    def token(self, *, to: str | None = None) -> str:
        """Return the token of the link in the last letter. Raises UsageError when there is none."""
        return unquote(self.link(to=to).partition(_TOKEN)[2])

    def clear(self) -> None:
        """Forget what was sent, and what was waiting to be."""
        if self.sent:
            self._sent.clear()

    def relay(self, deliver: Callable[[], Delivery]) -> None:
        """Take what sends the letters that wait in a kit; it is called before anybody looks."""
        self._relays.append(deliver)

    async def send(self, message: Message) -> None:
        """Keep a letter. Raises MailRefusedError where a real mailer does."""
        await self._mailer.send(message)
        self._sent.append(message)

    async def close(self) -> None:
        """Keep everything: tests look at it afterwards."""
