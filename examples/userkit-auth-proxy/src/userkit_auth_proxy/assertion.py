"""What the proxy says of a request: whose it is, in which realm and when, under a MAC.

::

    proxy1.REALM.ADDRESS.SECONDS.MAC

ADDRESS and MAC are base64url without padding (RFC 4648, section 5), SECONDS is Unix time, and MAC is the
HMAC-SHA-256 (RFC 2104) of everything before its dot.
"""

import base64
import binascii
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

__all__ = ["HEADER", "LONGEST", "PREFIX", "Assertion", "read", "sign"]

HEADER = "X-Proxy-Assertion"
"""Where the proxy says it."""

PREFIX = "proxy1."
LONGEST = 600
"""An address has at most 254 characters, and a realm 63."""

_FORM = re.compile(r"proxy1\.([a-z0-9_-]+)\.([A-Za-z0-9_-]+)\.(0|[1-9][0-9]{0,10})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """Who the proxy says a request is from."""

    realm: str
    email: str
    at: datetime


def sign(email: str, *, realm: str = "default", key: bytes, at: datetime) -> str:
    """Return the assertion that a request is from the user with this address."""
    said = f"{PREFIX}{realm}.{_encoded(email.encode())}.{int(at.timestamp())}"
    return f"{said}.{_mac(key, said)}"


def read(text: str, *, keys: Iterable[bytes]) -> Assertion | None:
    """Return what a holder of one of the keys has said, or None when this is not exactly how one says it."""
    if not text.isascii():
        return None
    said, _, mac = text.rpartition(".")
    # The texts are compared and not the bytes, which more than one text stands for.
    if not any(hmac.compare_digest(_mac(key, said), mac) for key in keys):
        return None
    form = _FORM.fullmatch(said)
    email = None if form is None else _decoded(form[2])
    if form is None or email is None:
        return None
    return Assertion(realm=form[1], email=email, at=datetime.fromtimestamp(int(form[3]), UTC))


def _mac(key: bytes, said: str) -> str:
    return _encoded(hmac.digest(key, said.encode(), "sha256"))


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _decoded(text: str) -> str | None:
    try:
        value = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return value.decode() if _encoded(value) == text else None
    except (binascii.Error, UnicodeDecodeError):
        return None
