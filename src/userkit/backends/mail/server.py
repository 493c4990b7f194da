"""Mail servers by URL: where one is, who we are there, and what must be encrypted."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from userkit.backends.mail.composing import check_sender
from userkit.errors import InvalidURLError
from userkit.kernel.secret import Secret

__all__ = ["Encryption", "MailServer"]

_OPTIONS = ("sender", "starttls", "timeout", "ca_file")
_SMTPS_PORT = 465
_SUBMISSION_PORT = 587  # RFC 6409
_SMTP_PORT = 25
# Whoever sends a mail of the outbox has a lease of five minutes, and is done well before.
_LONGEST_TIMEOUT = 120


class Encryption(StrEnum):
    """When a connection is encrypted."""

    AT_ONCE = "at-once"
    REQUIRED = "required"
    IF_OFFERED = "if-offered"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """A mail server and how to talk to it. ``timeout`` is for a whole conversation, in seconds."""

    host: str
    port: int
    encryption: Encryption
    user: str | None = field(default=None, repr=False)
    password: Secret | None = field(default=None, repr=False)
    sender: str | None = field(default=None, repr=False)
    timeout: float = 10.0
    ca_file: str | None = None

    @classmethod
    def read(cls, url: str) -> Self:
        """Read ``smtp://user:password@host:port?sender=…`` or ``smtps://…``.

        STARTTLS is required unless the host is this machine, and credentials are never sent in
        plain text. Raises InvalidURLError, which repeats nothing of the URL but names of options.
        """
        parts, port, options = _parts(url)
        host = parts.hostname or ""
        encryption = _encryption(parts.scheme, host, options.get("starttls"))
        user, password = _credentials(parts)
        if user is not None and encryption is Encryption.NEVER:
            raise InvalidURLError(
                "The mail URL has a password and starttls=never: it would be sent in plain text."
            )
        return cls(
            host=host,
            port=port or _usual_port(encryption, host),
            encryption=encryption,
            user=user,
            password=password,
            sender=_sender(options.get("sender"), user),
            timeout=_timeout(options.get("timeout", "10")),
            ca_file=options.get("ca_file"),
        )

    def tls(self) -> ssl.SSLContext | None:
        """Return how to encrypt, None for never. Raises InvalidURLError when ``ca_file`` is unfit.

        Only where encryption is optional on this machine itself are certificates not checked: most
        mail servers have one there that nobody signed, and without it we would send in plain text.
        """
        if self.encryption is Encryption.NEVER:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
        except OSError:
            raise InvalidURLError(
                "The ca_file of the mail URL cannot be read, or holds no certificate."
            ) from None
        if self.encryption is Encryption.IF_OFFERED and _is_loopback(self.host) and self.ca_file is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _parts(url: str) -> tuple[SplitResult, int | None, dict[str, str]]:
    parts = _split(url)
    if parts is None or parts.path.strip("/") or parts.fragment:
        raise InvalidURLError(
            "The mail URL cannot be read: are / @ : # ? in the password written as %2F %40 %3A %23 %3F?"
        )
    return parts, parts.port, _options(parts.query)


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL; None, and no error with the URL in it, where there are none."""
    if url.partition("://")[0] not in ("smtp", "smtps") or any(ord(char) < ord(" ") for char in unquote(url)):
        return None
    try:
        parts = urlsplit(url)
        if parts.port != 0 and (parts.hostname or "").encode("idna"):
            return parts
    except ValueError:
        return None
    return None


def _options(query: str) -> dict[str, str]:
    """Read options; a plus is a plus, as addresses have it."""
    options: dict[str, str] = {}
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        if name not in _OPTIONS:
            raise InvalidURLError(
                f"The mail URL has an option that is not known here. There are: {', '.join(_OPTIONS)}."
            )
        if name in options:
            raise InvalidURLError(f"The mail URL says {name} more than once.")
        options[name] = unquote(value)
    return options


def _encryption(scheme: str, host: str, starttls: str | None) -> Encryption:
    if scheme == "smtps":
        if starttls is not None:
            raise InvalidURLError(
                "smtps:// is encrypted from the first byte on: leave starttls out, or use smtp://."
            )
        return Encryption.AT_ONCE
    if starttls is None:
        return Encryption.IF_OFFERED if _is_loopback(host) else Encryption.REQUIRED
    choices = (Encryption.REQUIRED, Encryption.IF_OFFERED, Encryption.NEVER)
    if starttls not in choices:
        raise InvalidURLError(f"starttls in the mail URL is one of {', '.join(choices)}.")
    return Encryption(starttls)


def _credentials(parts: SplitResult) -> tuple[str | None, Secret | None]:
    if parts.username is None and parts.password is None:
        return None, None
    if not parts.username or not parts.password:
        raise InvalidURLError("The mail URL has a user without a password, or a password without a user.")
    return unquote(parts.username), Secret(unquote(parts.password))


def _sender(given: str | None, user: str | None) -> str | None:
    """Return the sender: as given, or the user where that is an address."""
    if given is None:
        return user if user is not None and check_sender(user) else None
    if not check_sender(given):
        raise InvalidURLError(
            "sender in the mail URL is an address, or a name and an address in angle brackets."
        )
    return given


def _timeout(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= _LONGEST_TIMEOUT:
        raise InvalidURLError(f"timeout in the mail URL is a number of seconds up to {_LONGEST_TIMEOUT}.")
    return seconds


def _usual_port(encryption: Encryption, host: str) -> int:
    if encryption is Encryption.AT_ONCE:
        return _SMTPS_PORT
    return _SMTP_PORT if _is_loopback(host) else _SUBMISSION_PORT


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
