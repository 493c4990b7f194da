"""SMTP for applications without an event loop, by the standard library's client."""

import contextlib
import io
import smtplib
import socket
import ssl
import time
from typing import Any

from userkit.backends.mail.conversation import PATIENCE_TO_QUIT, Conversation, composed_for, own_name
from userkit.backends.mail.server import Encryption, MailServer
from userkit.kernel.clock import Clock, utc_now
from userkit.ports.mail import Message

__all__ = ["SMTPMailer"]

# No honest server says as much to one message; it bounds what one that never stops can make us keep.
_MOST_BYTES = 1 << 17


class SMTPMailer:
    """Hand each message to a mail server over a connection of its own."""

    blocking = True

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
        line = _BlockingLine(_Client(self.server, self._tls))
        await Conversation(line, self.server, mail).hold()

    async def close(self) -> None:
        """Do nothing: no connection outlives its message."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server.host}:{self.server.port})"


class _Deadline:
    """When a conversation must have come to its end, whatever the server does."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def shorten(self, seconds: float) -> None:
        self._end = min(self._end, time.monotonic() + seconds)


class _PatientReader(io.RawIOBase):
    """Read from a socket until the deadline, however many drops the answer comes in."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._taken = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        count = self._sock.recv_into(buffer)
        self._taken += count
        if self._taken > _MOST_BYTES:
            raise ConnectionError("The server does not stop talking.")
        self._sock.settimeout(self._deadline.left())  # a TLS handshake may come next
        return count


class _Client(smtplib.SMTP):
    """The standard library's client, with one time limit for everything."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext | None) -> None:
        super().__init__(local_hostname=own_name())
        self.server = server
        self.tls = tls
        self.deadline = _Deadline(server.timeout)
        self._host = server.host  # whose certificate is expected by starttls

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        sock = self._connected(host, port)
        if self.server.encryption is not Encryption.AT_ONCE:
            return sock
        assert self.tls is not None
        try:
            sock.settimeout(self.deadline.left())
            return self.tls.wrap_socket(sock, server_hostname=host)
        except BaseException:
            sock.close()
            raise

    def _connected(self, host: str, port: int) -> socket.socket:
        failure: OSError = ConnectionError()
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                return socket.create_connection((str(address[0]), port), self.deadline.left())
            except OSError as error:
                failure = error
        raise failure

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self.deadline.left())
        super().send(s)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_PatientReader(self.sock, self.deadline))
        return super().getreply()


class _BlockingLine:
    """See Line."""

    failures = (smtplib.SMTPException, ValueError)

    def __init__(self, client: _Client) -> None:
        self._client = client

    async def greet(self) -> int:
        server = self._client.server
        return self._client.connect(server.host, server.port)[0]

    async def hello(self) -> int:
        return self._client.ehlo()[0]

    def offers(self, extension: str) -> str | None:
        offered = self._client.esmtp_features.get(extension)
        return None if offered is None else offered.lower()

    async def start_tls(self) -> int:
        try:
            return self._client.starttls(context=self._client.tls)[0]
        except smtplib.SMTPResponseException as error:
            return error.smtp_code

    async def command(self, text: str) -> int:
        return self._client.docmd(text)[0]

    async def mail(self, sender: str) -> int:
        return self._client.mail(sender)[0]

    async def rcpt(self, to: str) -> int:
        return self._client.rcpt(to)[0]

    async def data(self, content: bytes) -> int:
        try:
            return self._client.data(content)[0]
        except smtplib.SMTPDataError as error:
            return error.smtp_code

    async def quit(self) -> None:
        self._client.deadline.shorten(PATIENCE_TO_QUIT)
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._client.quit()

    def close(self) -> None:
        self._client.close()
