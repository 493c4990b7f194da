"""SMTP: a conversation with a real server over a socket, on both sides."""

import re
from collections.abc import Iterator

import pytest

from tests.mail.sides import ID, Send, message, opened
from tests.servers.ports import free_port
from tests.servers.smtp import Certificate, RudeServer, SMTPServer
from userkit.errors import InvalidURLError, MailRefusedError, MailUnavailableError

PASSWORD = "p@ss/wörd:#?%"
QUOTED = "p%40ss%2Fw%C3%B6rd%3A%23%3F%25"


@pytest.fixture
def server() -> Iterator[SMTPServer]:
    """A server that takes everything, without encryption."""
    with SMTPServer() as server:
        yield server


def url_of(
    server: SMTPServer | RudeServer, options: str = "", *, account: str = "", scheme: str = "smtp"
) -> str:
    return f"{scheme}://{account}127.0.0.1:{server.port}?sender=App <no-reply@example.org>{options}"


def test_a_mail_arrives_as_it_was_meant(server: SMTPServer, send: Send) -> None:
    """Both texts, the headers and the envelope are what was asked for, whatever language they are in."""
    text, html = "Grüße, Ada 🎉\n.\n..dots\n" + "x" * 3000 + "\n", "<p>Grüße</p>\n"
    send(url_of(server), message(subject="Schöne Grüße", text=text, html=html))
    (delivery,) = server.deliveries
    assert (delivery.sender, delivery.recipients) == ("no-reply@example.org", ("ada@example.com",))
    mail = delivery.mail
    assert mail["From"] == "App <no-reply@example.org>"
    assert (mail["To"], mail["Subject"]) == ("ada@example.com", "Schöne Grüße")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime is not None
    assert mail.get_content_type() == "multipart/alternative"
    plain, rich = mail.iter_parts()
    assert plain.get_content().replace("\r\n", "\n") == text
    assert rich.get_content().replace("\r\n", "\n") == html
    assert delivery.content.isascii()


def test_a_mail_sent_again_is_recognised(server: SMTPServer, send: Send) -> None:
    """The Message-ID is made from the id of the message, and is the same each time."""
    send(url_of(server), message(), message())
    assert [each.mail["Message-ID"] for each in server.deliveries] == [f"<{ID}@example.org>"] * 2


def test_domains_travel_in_ascii(server: SMTPServer, send: Send) -> None:
    """No server needs to know Unicode in addresses."""
    send(url_of(server), message(to="Ada@bücher.example", sender="Bücher <post@bücher.example>"))
    (delivery,) = server.deliveries
    assert delivery.sender == "post@xn--bcher-kva.example"
    assert delivery.recipients == ("Ada@xn--bcher-kva.example",)
    assert delivery.mail["From"] == "Bücher <post@xn--bcher-kva.example>"


def test_starttls_is_used_where_it_is_offered(certificate: Certificate, send: Send) -> None:
    """On this machine a certificate that nobody signed is better than none."""
    with SMTPServer(certificate=certificate) as server:
        send(url_of(server), message())
    assert [each.encrypted for each in server.deliveries] == [True]


@pytest.mark.parametrize("hide", [(), ("PLAIN",)], ids=["plain", "login"])
def test_signing_in_happens_under_tls(certificate: Certificate, send: Send, hide: tuple[str, ...]) -> None:
    """The password of the URL is percent-decoded, in any language, and sent only when encrypted."""
    accounts = {"bot@example.org": PASSWORD}
    with SMTPServer(certificate=certificate, accounts=accounts, auth_required=True, hide_auth=hide) as server:
        options = f"&starttls=required&ca_file={certificate.cert}"
        send(url_of(server, options, account=f"bot%40example.org:{QUOTED}@"), message())
    assert [each.user for each in server.deliveries] == ["bot@example.org"]
    assert all(encrypted for _, encrypted in server.attempts)


def test_tls_at_once(certificate: Certificate, send: Send) -> None:
    """smtps:// is encrypted from the first byte on."""
    with SMTPServer(certificate=certificate, at_once=True) as server:
        send(url_of(server, f"&ca_file={certificate.cert}", scheme="smtps"), message())
    assert [each.encrypted for each in server.deliveries] == [True]


@pytest.mark.parametrize(("scheme", "options"), [("smtps", ""), ("smtp", "&starttls=required")])
def test_a_certificate_that_nobody_signed_is_refused(
    certificate: Certificate, send: Send, scheme: str, options: str
) -> None:
    """Where encryption is required the server must prove who it is."""
    with (
        SMTPServer(certificate=certificate, at_once=scheme == "smtps") as server,
        pytest.raises(MailUnavailableError, match="its certificate is not accepted"),
    ):
        send(url_of(server, options, scheme=scheme), message())
    assert server.deliveries == []


def test_a_certificate_for_another_name_is_refused(
    tmp_path_factory: pytest.TempPathFactory, send: Send
) -> None:
    """A certificate is good for its own name only."""
    other = Certificate.make(tmp_path_factory.mktemp("other"), "mail.example.org")
    with (
        SMTPServer(certificate=other) as server,
        pytest.raises(MailUnavailableError, match="its certificate is not accepted"),
    ):
        send(url_of(server, f"&starttls=required&ca_file={other.cert}"), message())
    assert server.deliveries == []


def test_without_starttls_nothing_is_sent_where_it_is_required(server: SMTPServer, send: Send) -> None:
    """Who strips the offer from the greeting gets no mail in plain text."""
    with pytest.raises(MailUnavailableError, match="does not offer STARTTLS"):
        send(url_of(server, "&starttls=required"), message())
    assert server.deliveries == []


def test_no_password_is_sent_in_plain_text(send: Send) -> None:
    """Not even to this machine."""
    with (
        SMTPServer(accounts={"bot": "secret"}) as server,
        pytest.raises(MailUnavailableError, match="no password is sent in plain text"),
    ):
        send(url_of(server, account="bot:secret@"), message())
    assert (server.attempts, server.deliveries) == ([], [])


def test_a_wrong_password_may_be_mended(certificate: Certificate, send: Send) -> None:
    """It is our own fault and not the recipient's, so the mail is kept and tried again."""
    with (
        SMTPServer(certificate=certificate, accounts={"bot": "right"}, auth_required=True) as server,
        pytest.raises(MailUnavailableError, match="answered 535 while signing in") as caught,
    ):
        send(url_of(server, account="bot:wrong-one@"), message())
    assert "wrong-one" not in str(caught.value)
    assert server.deliveries == []


def test_a_server_without_a_way_to_sign_in(certificate: Certificate, send: Send) -> None:
    """Credentials are for a server that asks for them."""
    with (
        SMTPServer(certificate=certificate, accounts={}, hide_auth=("PLAIN", "LOGIN")) as server,
        pytest.raises(MailUnavailableError, match="neither AUTH PLAIN nor AUTH LOGIN"),
    ):
        send(url_of(server, account="bot:secret@"), message())


@pytest.mark.parametrize(
    ("verb", "reply", "error"),
    [
        ("RCPT", "550 5.1.1 no such user", MailRefusedError),
        ("RCPT", "553 not a mailbox", MailRefusedError),
        ("RCPT", "450 4.2.0 greylisted", MailUnavailableError),
        ("RCPT", "452 full", MailUnavailableError),
        ("RCPT", "530 authenticate first", MailUnavailableError),
        ("RCPT", "503 bad sequence", MailUnavailableError),
        ("DATA", "554 5.7.1 spam", MailRefusedError),
        ("DATA", "552 too large", MailRefusedError),
        ("DATA", "451 try later", MailUnavailableError),
        ("MAIL", "550 you may not send as this", MailUnavailableError),
        ("MAIL", "552 too large", MailRefusedError),
        ("MAIL", "421 closing", MailUnavailableError),
    ],
)
def test_refusals_for_good_and_for_now(
    server: SMTPServer, send: Send, verb: str, reply: str, error: type[Exception]
) -> None:
    """What the recipient or the content is refused for does not change; everything else may."""
    server.refuse[verb] = reply
    with pytest.raises(error, match=f"answered {reply[:3]} while ") as caught:
        send(url_of(server), message(to="somebody@example.com"))
    assert type(caught.value) is error
    assert "somebody" not in str(caught.value)
    assert server.deliveries == []


STAGES = ["GREETING", "EHLO", "MAIL", "RCPT", "DATA", "CONTENT"]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("manner", ["hang", "drip"])
def test_a_server_that_hangs_or_drips_is_left(send: Send, stage: str, manner: str) -> None:
    """The time limit is for the whole conversation, so that single bytes do not prolong it."""
    with (
        RudeServer(stage, manner) as server,
        pytest.raises(MailUnavailableError, match="it took too long"),
    ):
        send(url_of(server, "&timeout=0.3"), message())


@pytest.mark.parametrize("stage", ["GREETING", "EHLO", "RCPT", "CONTENT"])
@pytest.mark.parametrize(
    "manner", ["cut", "flood", b"what?\r\n", b"500 what?\r\n", b"\xff\xff\xff\r\n", b"2" * 20_000 + b"\r\n"]
)
def test_a_server_that_makes_no_sense_may_recover(send: Send, stage: str, manner: str | bytes) -> None:
    """No answer of this kind is a refusal, and none fills the memory."""
    with RudeServer(stage, manner) as server, pytest.raises(MailUnavailableError, match=r"while "):
        send(url_of(server, "&timeout=5"), message())


@pytest.mark.parametrize("manner", ["cut", "hang", "drip", b"500 what?\r\n"])
def test_what_happens_after_a_mail_was_accepted_does_not_matter(send: Send, manner: str | bytes) -> None:
    """Otherwise it would be sent again."""
    with RudeServer("QUIT", manner) as server:
        send(url_of(server, "&timeout=0.5"), message())
    assert server.heard[-1].upper() == b"QUIT\r\n"


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
def test_nobody_listens(send: Send, scheme: str) -> None:
    """A server that is down may come back."""
    url = f"{scheme}://127.0.0.1:{free_port()}?sender=no-reply@example.org"
    with pytest.raises(MailUnavailableError, match="while connecting: ConnectionRefusedError"):
        send(url, message())


def test_tls_with_a_server_that_does_not_speak_it(server: SMTPServer, send: Send) -> None:
    """A port without TLS is told from a broken one by the name of the error."""
    with pytest.raises(MailUnavailableError, match=r"while connecting"):
        send(url_of(server, "&timeout=5", scheme="smtps"), message())


def test_tls_with_a_server_that_hangs(send: Send) -> None:
    """The handshake is under the time limit as well."""
    with RudeServer("GREETING", "hang") as server, pytest.raises(MailUnavailableError, match="took too long"):
        send(url_of(server, "&timeout=0.3", scheme="smtps"), message())


@pytest.mark.parametrize("reply", [b"454 not now\r\n", b"220 go on\r\n"])
def test_starttls_that_fails(send: Send, reply: bytes) -> None:
    """Nothing is said in plain text once encryption was promised."""

    class Promising(RudeServer):
        def _answer(self, connection: object, stage: str, given: bytes) -> None:  # type: ignore[override]
            given = b"250-rude\r\n250 STARTTLS\r\n" if stage == "EHLO" else given
            super()._answer(connection, stage, given)  # type: ignore[arg-type]

    with Promising("STARTTLS", reply) as server, pytest.raises(MailUnavailableError, match="starting TLS"):
        send(url_of(server, "&timeout=0.5"), message())
    assert not any(line.upper().startswith(b"MAIL") for line in server.heard)


def test_a_server_without_a_name(send: Send) -> None:
    """A name that the DNS does not know may be known tomorrow."""
    with pytest.raises(MailUnavailableError, match="while connecting: gaierror"):
        send("smtp://nowhere.invalid?sender=no-reply@example.org&timeout=5", message())


def test_a_sender_is_needed(server: SMTPServer, send: Send) -> None:
    """It is asked for in words, and nothing is sent without."""
    with pytest.raises(MailUnavailableError, match="No sender is configured"):
        send(f"smtp://127.0.0.1:{server.port}", message())
    send(f"smtp://127.0.0.1:{server.port}", message(sender="me@example.org"))
    assert [each.sender for each in server.deliveries] == ["me@example.org"]


@pytest.mark.parametrize("blocking", [True, False])
def test_st_4_nothing_of_a_url_is_shown(blocking: bool) -> None:
    """A mailer shows where it sends to, never who we are there."""
    mailer = opened("smtps://bot:hunter2@mail.example.org?sender=a@example.org", blocking=blocking)
    assert (mailer.blocking, getattr(mailer, "sender", None)) == (blocking, "a@example.org")
    assert re.fullmatch(r"(Async)?SMTPMailer\(mail\.example\.org:465\)", repr(mailer))
    assert "hunter2" not in repr(vars(mailer))


def test_st_4_errors_lead_to_nothing_that_was_said(send: Send) -> None:
    """Neither the error nor what it is chained to repeats an address, a link or a password."""
    with (
        RudeServer("RCPT", b"550 <secret-address@example.com> is unknown\r\n") as server,
        pytest.raises(MailRefusedError) as caught,
    ):
        send(url_of(server), message(to="secret-address@example.com", text="#token=secret-token"))
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert "secret" not in str(caught.value)


def test_a_ca_file_is_read_at_the_start(tmp_path_factory: pytest.TempPathFactory) -> None:
    """A path that is wrong is found before the first mail."""
    missing = tmp_path_factory.mktemp("none") / "ca.pem"
    for blocking in (True, False):
        with pytest.raises(InvalidURLError, match="ca_file"):
            opened(f"smtp://mail.example.org?ca_file={missing}", blocking=blocking)
