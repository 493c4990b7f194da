"""Messages as mail servers take them: RFC 5322, in ASCII, with nothing in a header that is not meant."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from userkit.errors import InvalidEmailError, MailRefusedError
from userkit.kernel.clock import utc_now
from userkit.kernel.email import EmailAddress
from userkit.kernel.json import is_storable_text
from userkit.ports.mail import Message

__all__ = ["Composed", "check_sender", "compose"]

# What ends a header, or a line in the eyes of some reader: controls, line and paragraph separators.
_UNFIT = frozenset({"Cc", "Cs", "Zl", "Zp"})
_SENDER = re.compile(r"""(?:"?([^<>"]*?)"?\s*<([^<>]+)>|([^<>\s]+))""")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}", re.ASCII)
_LONGEST_SUBJECT = 500
_LONGEST_LINE = 998  # RFC 5322, section 2.1.1


@dataclass(frozen=True, slots=True, repr=False)
class Composed:
    """A message ready to be handed over: the addresses of the envelope, and the content."""

    sender: str
    to: str
    content: bytes


def compose(message: Message, *, sender: str, now: datetime | None = None) -> Composed:
    """Put a message into the form that travels; ``sender`` is used where the message names none.

    Raises MailRefusedError, which repeats nothing of the message, when an address is none, or a
    header holds a line break or another control character.
    """
    _check(message)
    from_, to = _mailbox(message.sender or sender, "sender"), _mailbox(message.to, "recipient")
    mail = EmailMessage(policy=SMTP)
    try:
        mail["From"], mail["To"], mail["Subject"] = from_, to, message.subject
        mail["Date"] = format_datetime(now or utc_now())
        mail["Message-ID"] = f"<{message.id}@{from_.domain}>"
        # Robots on holiday do not answer then (RFC 3834, section 5).
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text, cte=_encoding(message.text))
        if message.html is not None:
            mail.add_alternative(message.html, subtype="html", cte="quoted-printable")
        content = mail.as_bytes()
    except (MessageError, ValueError):
        raise MailRefusedError("The message cannot be put into the form of a mail.") from None
    return Composed(from_.addr_spec, to.addr_spec, content)


def _encoding(text: str) -> str:
    # As it is, so that a link stays in one piece also for whoever reads the file of a mail.
    plain = text.isascii() and all(len(line) <= _LONGEST_LINE for line in text.splitlines())
    return "7bit" if plain else "quoted-printable"


def check_sender(text: str) -> bool:
    """Tell whether this is a sender: ``name@example.com`` or ``A Name <name@example.com>``."""
    try:
        return bool(_mailbox(text, "sender"))
    except MailRefusedError:
        return False


def _check(message: Message) -> None:
    _refuse_controls("subject", message.subject)
    if not message.subject.strip() or len(message.subject) > _LONGEST_SUBJECT:
        raise MailRefusedError(f"A subject has 1 to {_LONGEST_SUBJECT} characters.")
    if not _ID.fullmatch(message.id):
        raise MailRefusedError("The id of a message is made of letters, digits, dots and hyphens.")
    if not is_storable_text(message.text) or not is_storable_text(message.html or ""):
        raise MailRefusedError("The text of a message holds NUL or a lone surrogate.")


def _mailbox(text: str, role: str) -> Address:
    _refuse_controls(role, text)
    match = _SENDER.fullmatch(text.strip()) if role == "sender" else None
    name, address = (match[1] or "", match[2] or match[3]) if match else ("", text)
    try:
        parsed = EmailAddress.parse(address)
    except InvalidEmailError:
        raise MailRefusedError(f"The address of the {role} is not valid.") from None
    # The local part as it was typed, and the domain by IDNA: mail servers need not know Unicode then.
    local, domain = parsed.typed.rpartition("@")[0], parsed.key.rpartition("@")[2]
    return Address(display_name=name, username=local, domain=domain)


def _refuse_controls(role: str, text: str) -> None:
    if any(unicodedata.category(char) in _UNFIT for char in text):
        raise MailRefusedError(f"The {role} holds a line break or another control character.")
