"""Mail servers for tests: one that behaves, and one that does not."""

import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.servers.ports import LOOPBACK, free_port


@dataclass(frozen=True)
class Certificate:
    """A certificate that nobody signed, for a name and this machine, and its key, as files."""

    cert: Path
    key: Path

    @classmethod
    def make(cls, folder: Path, name: str = "localhost") -> Self:
        """Write a fresh one."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        now = dt.datetime.now(dt.UTC)
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address(LOOPBACK)))
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        made = cls(folder / f"{name}.pem", folder / f"{name}.key")
        made.cert.write_bytes(certificate.public_bytes(Encoding.PEM))
        made.key.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        )
        return made

    def context(self) -> ssl.SSLContext:
        """Return what a server encrypts with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


@dataclass(frozen=True)
class Delivery:
    """What a server was handed over."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    encrypted: bool
    user: str | None

    @property
    def mail(self) -> EmailMessage:
        """The content, parsed as mail programs do."""
        parsed = message_from_bytes(self.content, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class SMTPServer:
    """A well-behaved mail server on a free port. ``refuse`` maps a verb to the reply it gets."""

    def __init__(
        self,
        *,
        certificate: Certificate | None = None,
        at_once: bool = False,
        accounts: Mapping[str, str] | None = None,
        auth_required: bool = False,
        refuse: Mapping[str, str] | None = None,
        hide_auth: tuple[str, ...] = (),
    ) -> None:
        self.port = free_port()
        self.deliveries: list[Delivery] = []
        self.refuse = dict(refuse or {})
        self.attempts: list[tuple[str, bool]] = []
        self._accounts = dict(accounts or {})
        options: dict[str, Any] = {}
        if certificate is not None:
            options["ssl_context" if at_once else "tls_context"] = certificate.context()
        if accounts is not None:
            options["authenticator"] = self._authenticate
            options["auth_required"] = options["auth_require_tls"] = auth_required
            options["auth_exclude_mechanism"] = list(hide_auth)
        self._controller = Controller(self, hostname=LOOPBACK, port=self.port, **options)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    async def handle_MAIL(  # noqa: N802  # aiosmtpd finds its hooks by name
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a sender."""
        if "MAIL" not in self.refuse:
            envelope.mail_from = address
        return self.refuse.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take or refuse a recipient."""
        if "RCPT" not in self.refuse:
            envelope.rcpt_tos.append(address)
        return self.refuse.get("RCPT", "250 OK")

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Take or refuse the content."""
        if "DATA" in self.refuse:
            return self.refuse["DATA"]
        login = session.auth_data
        self.deliveries.append(
            Delivery(
                sender=str(envelope.mail_from),
                recipients=tuple(str(each) for each in envelope.rcpt_tos),
                content=bytes(envelope.original_content or b""),
                encrypted=session.ssl is not None
                or server.transport.get_extra_info("sslcontext") is not None,
                user=login.login.decode() if isinstance(login, LoginPassword) else None,
            )
        )
        return "250 OK"

    def _authenticate(
        self, server: Any, session: Any, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        encrypted = server.transport.get_extra_info("sslcontext") is not None
        self.attempts.append((mechanism, encrypted))
        right = self._accounts.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=right, handled=False, auth_data=data if right else None)


class RudeServer:
    """A mail server that misbehaves when it should answer ``stage``: one of GREETING and the SMTP verbs.

    ``manner`` is ``hang`` (say nothing), ``drip`` (a byte now and then, for ever), ``flood`` (lines without
    an end), ``cut`` (close the connection), or the bytes of a reply. CONTENT is the answer to the content.
    """

    def __init__(self, stage: str, manner: str | bytes) -> None:
        self.port = free_port()
        self.heard: list[bytes] = []
        self._stage = stage
        self._manner = manner
        self._over = threading.Event()
        self._listener = socket.create_server((LOOPBACK, self.port))
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(30)
            self._answer(connection, "GREETING", b"220 rude\r\n")
            lines = connection.makefile("rb")
            for line in lines:
                self.heard.append(line)
                verb = line.decode(errors="replace").partition(" ")[0].strip().upper()
                if verb == "EHLO":
                    self._answer(connection, verb, b"250-rude\r\n250 AUTH PLAIN\r\n")
                elif verb == "DATA":
                    self._answer(connection, verb, b"354 go on\r\n")
                    for content in lines:
                        self.heard.append(content)
                        if content == b".\r\n":
                            break
                    self._answer(connection, "CONTENT", b"250 OK\r\n")
                else:
                    self._answer(connection, verb, b"221 bye\r\n" if verb == "QUIT" else b"250 OK\r\n")

    def _answer(self, connection: socket.socket, stage: str, reply: bytes) -> None:
        if stage != self._stage:
            connection.sendall(reply)
        elif isinstance(self._manner, bytes):
            connection.sendall(self._manner)
        elif self._manner == "cut":
            raise ConnectionAbortedError
        elif self._manner == "hang":
            self._over.wait()
        elif self._manner == "drip":
            while not self._over.wait(0.02):
                connection.sendall(b"2")
        else:
            while not self._over.is_set():
                connection.sendall(b"250-more\r\n" * 1000)
