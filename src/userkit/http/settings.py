"""What an application may choose about HTTP, checked when it is wired."""

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
]

DEFAULT_PREFIX = "/api/v1"

DEFAULT_BODY_LIMIT = 256 * 1024
"""In bytes: room for the largest attributes, in whatever way their text is escaped."""

ALL_TRANSPORTS = ("bearer", "api-key", "cookie")


def check_prefix(prefix: str) -> str:
    """Return the path that all routes begin with. Raises ConfigurationError."""
    if not isinstance(prefix, str) or (prefix and not prefix.startswith("/")) or prefix.endswith("/"):
        raise ConfigurationError("The prefix begins with a slash and does not end with one, such as /api/v1.")
    return prefix


def check_body_limit(limit: int) -> int:
    """Return the size in bytes of the longest body that is read. Raises ConfigurationError."""
    if not isinstance(limit, int) or limit < 1:
        raise ConfigurationError("The body limit is a number of bytes, at least 1.")
    return limit


def check_origins(origins: Sequence[str]) -> frozenset[str]:
    """Return origins such as ``https://app.example``. Raises ConfigurationError."""
    if isinstance(origins, str):
        raise ConfigurationError(f'trusted_origins is a list: ["{origins}"].')
    for each in origins:
        parts = urlsplit(each)
        if not parts.netloc or each != f"{parts.scheme}://{parts.netloc}":
            raise ConfigurationError("An origin is a scheme, a host and perhaps a port: https://app.example.")
    return frozenset(origins)
