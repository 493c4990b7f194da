"""What an application may choose about HTTP, checked when it is wired."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from userkit.errors import ConfigurationError

__all__ = [
    "ALL_TRANSPORTS",
    "DEFAULT_BODY_LIMIT",
    "DEFAULT_PREFIX",
    "check_body_limit",
    "check_origins",
    "check_prefix",
    "origin_of",
]

DEFAULT_PREFIX = "/api/v1"

DEFAULT_BODY_LIMIT = 256 * 1024
"""In bytes: room for the largest attributes, in whatever way their text is escaped."""

ALL_TRANSPORTS = ("bearer", "api-key", "header", "cookie")

_PREFIX = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~-]+)*", re.ASCII)
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.ASCII)
_PORTS = {"http": 80, "https": 443}


def check_prefix(prefix: str) -> str:
    """Return the path that all routes begin with. Raises ConfigurationError."""
    if not isinstance(prefix, str) or not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(
            "The prefix begins with a slash, does not end with one, and is made of letters, digits and "
            "hyphens, such as /api/v1."
        )
    return prefix


def check_body_limit(limit: int) -> int:
    """Return the size in bytes of the longest body that is read. Raises ConfigurationError."""
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise ConfigurationError("The body limit is a number of bytes, at least 1.")
    return limit


def check_origins(origins: Sequence[str]) -> frozenset[str]:
    """Return origins such as ``https://app.example``. Raises ConfigurationError."""
    if isinstance(origins, str):
        raise ConfigurationError(f'trusted_origins is a list: ["{origins}"].')
    return frozenset(_origin(each) for each in origins)


def origin_of(url: str) -> str:
    """Return the origin of a URL as browsers write it: in lower case, and without the usual port."""
    parts = urlsplit(url)
    host, _, port = parts.netloc.lower().rpartition(":")
    usual = host and port == str(_PORTS.get(parts.scheme))
    return f"{parts.scheme}://{host if usual else parts.netloc.lower()}"


def _origin(given: str) -> str:
    wrong = ConfigurationError("An origin is a scheme, a host and perhaps a port: https://app.example.")
    if not isinstance(given, str) or not _ORIGIN.fullmatch(given.lower()):
        raise wrong
    try:
        return origin_of(given)
    except ValueError:  # what is in brackets is no address
        raise wrong from None
