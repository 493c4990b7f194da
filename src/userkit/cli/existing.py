"""The URL of a store that is only looked at."""

from userkit.plugins.urls import StoreURL

__all__ = ["existing"]


def existing(url: str) -> str:
    """Return a URL that opens what is there and makes no file of SQLite, so that a slip in a path is told."""
    read = StoreURL.read(url)
    if read.plugin != "sqlite" or "mode=" in url.partition("?")[2]:
        return url
    return f"{url}{'&' if '?' in url else '?'}mode=rw"
