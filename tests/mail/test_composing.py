"""Composing: what a mail is made of, and that nobody writes into its headers."""

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mail.sides import ID, message
from userkit.backends.mail.composing import compose
from userkit.errors import MailRefusedError

SENDER = "App <no-reply@example.org>"
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
}
BREAKS = ["\r", "\n", "\r\n", "\0", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x7f", "\ud800"]


def parsed(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.mark.parametrize("field", ["to", "subject", "sender", "id"])
@pytest.mark.parametrize("line_break", BREAKS)
def test_rg_4_a_line_break_in_a_header_is_refused(field: str, line_break: str) -> None:
    """Whatever some reader takes for the end of a line; and the error repeats nothing of it."""
    value = f"ada@example.com{line_break}Bcc: mallory@example.com"
    with pytest.raises(MailRefusedError) as caught:
        compose(message(**{field: value}), sender=SENDER)
    assert "mallory" not in str(caught.value)


@given(st.text(max_size=120))
def test_rg_4_no_subject_adds_a_header(subject: str) -> None:
    """A subject is refused, or it arrives as it is and changes nothing else."""
    try:
        composed = compose(message(subject=subject, html="<p>Hi</p>"), sender=SENDER)
    except MailRefusedError:
        return
    mail = parsed(composed.content)
    assert set(mail.keys()) <= HEADERS
    assert len(mail.keys()) == len(set(mail.keys()))
    assert mail["To"] == "ada@example.com"
    assert "".join(mail["Subject"].split()) == "".join(subject.split())
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@given(st.text(max_size=60))
def test_rg_4_no_recipient_adds_another(text: str) -> None:
    """An address is refused, or it is the one recipient."""
    try:
        composed = compose(message(to=f"{text}@example.com"), sender=SENDER)
    except MailRefusedError:
        return
    mail = parsed(composed.content)
    assert [each.addr_spec for each in mail["To"].addresses] == [composed.to]
    assert composed.to.count("@") == 1
    assert set(mail.keys()) <= HEADERS


@given(st.text(max_size=60))
def test_rg_4_no_name_of_a_sender_adds_a_header(name: str) -> None:
    """A display name is refused, or it is quoted so that the address stays what it is."""
    try:
        composed = compose(message(), sender=f"{name} <no-reply@example.org>")
    except MailRefusedError:
        return
    assert composed.sender == "no-reply@example.org"
    mail = parsed(composed.content)
    assert [each.addr_spec for each in mail["From"].addresses] == ["no-reply@example.org"]
    assert set(mail.keys()) <= HEADERS


@given(
    st.text(
        st.characters(
            exclude_categories=("Cs",), exclude_characters="\0\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
        )
    )
)
def test_texts_arrive_as_they_are(text: str) -> None:
    """In any language, and in lines of bounded length."""
    composed = compose(message(text=text), sender=SENDER)
    assert all(len(line) <= 998 for line in composed.content.split(b"\r\n"))  # RFC 5322, section 2.1.1
    assert composed.content.isascii()
    assert parsed(composed.content).get_content().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize(
    "changes",
    [
        {"to": ""},
        {"to": "ada"},
        {"to": "ada@example.com, eve@example.com"},
        {"to": "Ada <ada@example.com>"},
        {"to": "ада@example.com"},
        {"subject": ""},
        {"subject": "   "},
        {"subject": "x" * 501},
        {"id": ""},
        {"id": "a b"},
        {"id": "<a@b>"},
        {"text": "\0"},
        {"html": "\ud800"},
        {"sender": "nobody"},
        {"sender": "a@example.org, b@example.org"},
        {"sender": "A <a@example.org> <b@example.org>"},
    ],
)
def test_what_is_no_mail_is_refused(changes: dict[str, str]) -> None:
    """Exactly one address each, a subject, an id that fits a header, and texts that can be encoded."""
    with pytest.raises(MailRefusedError):
        compose(message(**changes), sender=SENDER)


def test_long_headers_stay_whole() -> None:
    """Addresses and ids that do not fit a line are not torn apart or encoded."""
    domain = ".".join(["subdomain"] * 12) + ".example"
    composed = compose(message(to=f"{'a' * 64}@{domain}", sender=f"no-reply@{domain}"), sender=SENDER)
    mail = parsed(composed.content)
    assert mail["To"] == f"{'a' * 64}@{domain}"
    assert mail["Message-ID"] == f"<{ID}@{domain}>"


def test_the_senders_domain_is_what_the_id_ends_with() -> None:
    """A message may bring a sender of its own."""
    mail = parsed(compose(message(sender='"App, Inc." <app@example.net>'), sender=SENDER).content)
    assert mail["From"].addresses[0].display_name == "App, Inc."
    assert mail["Message-ID"] == f"<{ID}@example.net>"


def test_st_4_nothing_composed_is_shown() -> None:
    """The content may hold a link that opens an account."""
    composed = compose(message(text="#token=secret"), sender=SENDER)
    assert "secret" not in repr(composed)
    assert "ada" not in repr(composed)
