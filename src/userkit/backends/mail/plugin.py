"""The mailers as plugins, one for each URL scheme."""

from functools import partial
from typing import TYPE_CHECKING

from userkit.errors import InvalidURLError, MissingExtraError
from userkit.ports.mail import MailerPlugin

if TYPE_CHECKING:
    from userkit.ports.mail import Mailer

__all__ = ["directory", "memory", "smtp", "smtps"]


def _smtp(url: str, *, blocking: bool) -> "Mailer":
    from userkit.backends.mail.server import MailServer

    server = MailServer.read(url)
    if blocking:
        from userkit.backends.mail.blocking import SMTPMailer

        return SMTPMailer(server)
    try:
        from userkit.backends.mail.asynchronous import AsyncSMTPMailer
    except ModuleNotFoundError as error:
        raise MissingExtraError(f"{error.name} is not installed: pip install 'userkit-sdk[mail]'") from error
    return AsyncSMTPMailer(server)


def _directory(url: str, *, blocking: bool) -> "Mailer":
    from userkit.backends.mail.directory import DirectoryMailer
    from userkit.backends.mail.threaded import ThreadedMailer

    mailer = DirectoryMailer.of(url)
    return mailer if blocking else ThreadedMailer(mailer)


def _memory(url: str, *, blocking: bool) -> "Mailer":
    from userkit.backends.mail.memory import MemoryMailer

    if url != "memory://":
        raise InvalidURLError("A memory mailer has no options: its URL is memory:// and nothing else.")
    return MemoryMailer()


_plugin = partial(MailerPlugin, api_version=1)

smtp = _plugin(name="smtp", factory=_smtp, summary="A mail server, with STARTTLS.")
smtps = _plugin(name="smtps", factory=_smtp, summary="A mail server, with TLS from the first byte on.")
directory = _plugin(
    name="directory", factory=_directory, summary="A folder with one .eml file for each mail."
)
memory = _plugin(name="memory", factory=_memory, summary="A list in this process; for tests and first steps.")
