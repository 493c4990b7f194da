"""SMTP for asynchronous applications, by aiosmtplib."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable

import aiosmtplib

from userkit.backends.mail.conversation import PATIENCE_TO_QUIT, Conversation, composed_for, own_name
from userkit.backends.mail.server import Encryption, MailServer
from userkit.errors import MailError
from userkit.kernel.clock import Clock, utc_now
from userkit.ports.mail import Message

__all__ = ["AsyncSMTPMailer"]


class AsyncSMTPMailer:
    """Hand each message to a mail server over a connection of its own."""

    blocking = False

    def __init__(self, server: MailServer, *, now: Clock = utc_now) -> None:
        """Take the server; nothing is connected yet."""
        self.server = server
        self._now = now
        self._tls = server.tls()

    @property
    def sender(self) -> str | None:
        """Return the sender of messages that name none."""
        return self.server.sender

    async def send(self, message: Message) -> None:
        """Hand over a message. Raises MailRefusedError and MailUnavailableError."""
        mail = composed_for(self.server, message, self._now)
        conversation = Conversation(_AsyncLine(self.server, self._tls), self.server, mail)
        failure: MailError | None = None
        try:
            async with asyncio.timeout(self.server.timeout):
                await conversation.hold()
        except TimeoutError as error:
            failure = conversation.broken(error)
        if failure is not None and not conversation.accepted:
            raise failure

    async def close(self) -> None:
        """Do nothing: no connection outlives its message."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server.host}:{self.server.port})"


class _AsyncLine:
    """See Line."""

    failures = (aiosmtplib.SMTPException, ValueError)

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None) -> None:
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            local_hostname=own_name(),
            timeout=server.timeout,
            use_tls=server.encryption is Encryption.AT_ONCE,
            start_tls=False,
            tls_context=tls,
        )

    async def greet(self) -> int:
        return await _code(self._client.connect())

    async def hello(self) -> int:
        return await _code(self._client.ehlo())

    def offers(self, extension: str) -> str | None:
        if extension == "auth":
            return " ".join(self._client.server_auth_methods)
        return self._client.esmtp_extensions.get(extension)

    async def start_tls(self) -> int:
        return await _code(self._client.starttls())

    async def command(self, text: str) -> int:
        return await _code(self._client.execute_command(text.encode()))

    async def mail(self, sender: str) -> int:
        return await _code(self._client.mail(sender))

    async def rcpt(self, to: str) -> int:
        return await _code(self._client.rcpt(to))

    async def data(self, content: bytes) -> int:
        return await _code(self._client.data(content))

    async def quit(self) -> None:
        transport = self._client.transport
        try:
            with contextlib.suppress(OSError, aiosmtplib.SMTPException):
                await self._client.quit(timeout=PATIENCE_TO_QUIT)
        finally:
            _abort(transport)

    def close(self) -> None:
        transport = self._client.transport
        self._client.close()
        _abort(transport)


def _abort(transport: asyncio.BaseTransport | None) -> None:
    # A polite end of TLS would wait for an answer, and keep the connection for as long.
    if isinstance(transport, asyncio.WriteTransport):
        transport.abort()


async def _code(reply: Awaitable[aiosmtplib.SMTPResponse]) -> int:
    try:
        return (await reply).code
    except aiosmtplib.SMTPResponseException as error:
        return error.code
