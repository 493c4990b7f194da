"""What is said to a mail server, whichever client says it (RFC 5321, 3207, 4954)."""

import base64
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from userkit.backends.mail.composing import Composed, compose
from userkit.backends.mail.server import Encryption, MailServer
from userkit.errors import MailError, MailRefusedError, MailUnavailableError
from userkit.kernel.clock import Clock
from userkit.ports.mail import Message

__all__ = ["PATIENCE_TO_QUIT", "Conversation", "Line", "composed_for", "own_name"]

PATIENCE_TO_QUIT = 1.0
"""How long to wait, in seconds, for an answer to a good-bye that nothing depends on."""

# Replies that speak of us or of the protocol, whatever was asked: syntax, order of commands, signing in.
_OUR_FAULT = frozenset({500, 502, 503, 530, 534, 535, 538})
_TOO_LARGE = 552


class Line(Protocol):
    """A connection to a mail server. What asks for a reply returns its code."""

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """Return what the client raises when a connection breaks or a reply is none."""
        ...

    async def greet(self) -> int:
        """Connect, and take the greeting."""
        ...

    async def hello(self) -> int:
        """Introduce ourselves, and learn what the server offers."""
        ...

    def offers(self, extension: str) -> str | None:
        """Return the parameters of an extension in lower case, None when it is not offered."""
        ...

    async def start_tls(self) -> int:
        """Encrypt the connection from here on."""
        ...

    async def command(self, text: str) -> int:
        """Say one line."""
        ...

    async def mail(self, sender: str) -> int:
        """Name the sender."""
        ...

    async def rcpt(self, to: str) -> int:
        """Name the recipient."""
        ...

    async def data(self, content: bytes) -> int:
        """Hand over the content."""
        ...

    async def quit(self) -> None:
        """Say good-bye, and wait for an answer only briefly."""
        ...

    def close(self) -> None:
        """Let go of the connection at once."""
        ...


def composed_for(server: MailServer, message: Message, now: Clock) -> Composed:
    """Compose a message that goes to this server. Raises MailRefusedError and MailUnavailableError."""
    if not (message.sender or server.sender):
        raise MailUnavailableError(
            "No sender is configured: add ?sender=no-reply@example.com to the mail URL."
        )
    return compose(message, sender=server.sender or "", now=now())


def own_name() -> str:
    """Return how we introduce ourselves, without asking the DNS, which may hang."""
    name = socket.gethostname()
    return (
        name
        if "." in name and name.isascii() and name.replace(".", "").replace("-", "").isalnum()
        else "[127.0.0.1]"
    )


@dataclass(slots=True)
class Conversation:
    """Hand one message over to a mail server. ``stage`` tells how far it came."""

    line: Line
    server: MailServer
    mail: Composed
    stage: str = "connecting"
    accepted: bool = False
    _secured: bool = field(default=False)

    async def hold(self) -> None:
        """Go through with it. Raises MailRefusedError and MailUnavailableError."""
        # Raised outside of the except block, so that no context leads to an address or to what was sent.
        failure = await self._outcome()
        if failure is not None and not self.accepted:
            raise failure

    def broken(self, error: BaseException) -> MailError:
        """Return what to raise when the connection broke."""
        return MailUnavailableError(f"The mail server failed while {self.stage}: {_reason(error)}.")

    async def _outcome(self) -> MailError | None:
        failures: tuple[type[Exception], ...] = (OSError, *self.line.failures)
        try:
            await self._converse()
        except MailError as error:
            return error
        except failures as error:
            return self.broken(error)
        finally:
            self.line.close()
        return None

    async def _converse(self) -> None:
        self._expect(await self.line.greet())
        await self._hello()
        await self._secure()
        if self.server.user is not None:
            await self._sign_in(self.server.user)
        await self._hand_over()
        self.accepted = True
        await self.line.quit()

    async def _hello(self) -> None:
        self.stage = "greeting"
        self._expect(await self.line.hello())

    async def _secure(self) -> None:
        self._secured = self.server.encryption is Encryption.AT_ONCE
        if self.server.encryption in (Encryption.AT_ONCE, Encryption.NEVER):
            return
        self.stage = "starting TLS"
        if self.line.offers("starttls") is not None:
            self._expect(await self.line.start_tls())
            self._secured = True
            await self._hello()
        elif self.server.encryption is Encryption.REQUIRED:
            raise MailUnavailableError(
                "The mail server does not offer STARTTLS, and nothing is sent without."
            )

    async def _sign_in(self, user: str) -> None:
        self.stage = "signing in"
        if not self._secured:
            raise MailUnavailableError(
                "The mail server does not offer STARTTLS; no password is sent in plain text."
            )
        assert self.server.password is not None
        name, password = user.encode(), self.server.password.reveal()
        methods = (self.line.offers("auth") or "").split()
        if "plain" in methods:
            code = await self.line.command("AUTH PLAIN " + _base64(b"\0" + name + b"\0" + password))
        elif "login" in methods:
            code = await self.line.command(f"AUTH LOGIN {_base64(name)}")
            code = await self.line.command(_base64(password)) if code == 334 else code
        else:
            raise MailUnavailableError("The mail server offers neither AUTH PLAIN nor AUTH LOGIN.")
        self._expect(code)

    async def _hand_over(self) -> None:
        self.stage = "naming the sender"
        self._expect(await self.line.mail(self.mail.sender), permanent=lambda code: code == _TOO_LARGE)
        self.stage = "naming the recipient"
        self._expect(await self.line.rcpt(self.mail.to), permanent=_is_permanent)
        self.stage = "handing over the content"
        self._expect(await self.line.data(self.mail.content), permanent=_is_permanent)

    def _expect(self, code: int, *, permanent: Callable[[int], bool] = lambda code: False) -> None:
        if 200 <= code < 300:
            return
        kind = MailRefusedError if permanent(code) else MailUnavailableError
        raise kind(f"The mail server answered {code} while {self.stage}.")


def _is_permanent(code: int) -> bool:
    return 500 <= code < 600 and code not in _OUR_FAULT


def _base64(text: bytes) -> str:
    return base64.b64encode(text).decode()


def _reason(error: BaseException) -> str:
    """Return why a connection broke, in words that repeat nothing of what was said on it."""
    causes: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in causes:
        causes.append(cause)
        cause = cause.__cause__ or cause.__context__
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted ({each.verify_message})"
        if isinstance(each, TimeoutError):
            return "it took too long"
    return type(causes[-1]).__name__
