"""E-mail addresses: what is accepted, and when two are the same."""

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from userkit.errors import InvalidEmailError

if TYPE_CHECKING:
    from email_validator import ValidatedEmail

__all__ = ["LONGEST_EMAIL", "EmailAddress"]

LONGEST_EMAIL = 254  # RFC 5321, section 4.5.3.1.3, less the angle brackets


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """One address: ``typed`` is where mail goes, ``key`` is what must be unique."""

    typed: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "EmailAddress":
        """Read one address, without asking the DNS.

        The local part is ASCII and does not tell upper from lower case; the domain is
        internationalised by IDNA 2008, so that its key is in ASCII too. A domain must be written
        in its normal form: look-alikes that normalisation would turn into another domain are
        refused. ``parse(parse(text).key).key == parse(text).key``.

        Raises InvalidEmailError for anything but exactly one address.
        """
        if not isinstance(text, str):
            raise InvalidEmailError("An e-mail address is text.")
        if len(text) > LONGEST_EMAIL:
            raise InvalidEmailError(f"An e-mail address has at most {LONGEST_EMAIL} characters.")
        local, at, domain = text.rpartition("@")
        if not at or not local.isascii() or not _is_normal(domain):
            raise InvalidEmailError
        checked = _check_syntax(text)
        # What was typed must be what the check understood, up to case: otherwise mail would go to
        # one address while another account's key is taken.
        if checked.local_part != local or not _same_domain(domain, checked):
            raise InvalidEmailError
        return cls(typed=text, key=f"{local.lower()}@{checked.ascii_domain.lower()}")


def _is_normal(domain: str) -> bool:
    return domain.isascii() or unicodedata.is_normalized("NFKC", domain)


def _check_syntax(text: str) -> "ValidatedEmail":
    import email_validator  # 60 modules that only an address needs

    try:
        return email_validator.validate_email(
            text,
            strict=True,
            allow_smtputf8=False,
            check_deliverability=False,
            globally_deliverable=False,
            test_environment=True,  # RFC 2606 keeps .test free of people, so it can only help tests
        )
    except email_validator.EmailNotValidError as error:
        raise InvalidEmailError from error


def _same_domain(typed: str, checked: "ValidatedEmail") -> bool:
    domain = typed.lower()
    if domain.rpartition(".")[2].isdigit():
        return False  # an IP address or a name that cannot be registered (RFC 3696, section 2)
    return domain in (checked.domain, checked.ascii_domain)
