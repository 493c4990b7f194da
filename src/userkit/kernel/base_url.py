"""The address of the application, which links in mails are built from."""

from userkit.errors import ConfigurationError

__all__ = ["check_base_url"]

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def check_base_url(url: str) -> str:
    """Return a base URL without a slash at its end.

    It is ``https://host[:port][/path]``; plain ``http`` is for this machine only, since a link in a
    mail opens an account. Raises ConfigurationError.
    """
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        host = parts.hostname
    except (ValueError, AttributeError, TypeError):
        raise ConfigurationError("The base URL cannot be read; give one like https://app.example.") from None
    if (
        parts.scheme not in ("http", "https")
        or not host
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ConfigurationError(
            "The base URL is like https://app.example, without user, query and fragment."
        )
    if parts.scheme == "http" and host not in _LOCAL:
        raise ConfigurationError("The base URL must begin with https://; http:// is for localhost only.")
    return url.rstrip("/")
