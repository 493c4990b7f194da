"""The port for sending mail, and how a backend publishes one."""

from dataclasses import dataclass
from typing import Protocol

from userkit.kernel.plugin import Plugin

__all__ = ["MAILER_API", "Mailer", "MailerFactory", "MailerPlugin", "Message"]

MAILER_API = 1
"""The version of the plugin API for mailers that this userkit speaks."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Message:
    """One mail to one address. ``id`` is the same when a message is sent again after a failure.

    ``sender`` None leaves it to the mailer. ``template`` names what it was made from. The texts
    may hold a link that opens an account, so nothing of them is shown.
    """

    id: str
    to: str
    subject: str
    text: str
    html: str | None = None
    sender: str | None = None
    template: str = ""

    def __repr__(self) -> str:
        return f"Message(id={self.id!r}, template={self.template!r})"


class Mailer(Protocol):
    """Hands messages to whoever delivers them."""

    @property
    def blocking(self) -> bool:
        """Tell whether no call ever waits for an event loop."""
        ...

    async def send(self, message: Message) -> None:
        """Hand over one message; within a time limit it is accepted or refused.

        Raises MailRefusedError when trying again cannot help, MailUnavailableError when it may.
        Neither repeats the message.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. Closing again does no harm."""
        ...


class MailerFactory(Protocol):
    """Makes a mailer for a URL."""

    def __call__(self, url: str, *, blocking: bool) -> Mailer:
        """Return a mailer that has not connected yet.

        With ``blocking`` it never waits for an event loop, else it never blocks one. Raises
        InvalidURLError, and never repeats the URL.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailerPlugin(Plugin[MailerFactory]):
    """A mailer, published in the entry-point group ``userkit.mailers`` under its URL scheme."""
