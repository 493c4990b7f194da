"""Searching: what is asked for, and the range of words that begin with it."""

from userkit.kernel.words import split_words

__all__ = ["prefix_end", "query_words"]


def query_words(text: str) -> frozenset[str]:
    """Return the beginnings that a search asks for, folded."""
    return split_words(text)


def prefix_end(prefix: str) -> str | None:
    """Return the first text, in code point order, after all that begin with ``prefix``.

    None means that nothing comes after them.
    """
    while prefix:
        last = ord(prefix[-1]) + 1
        if last <= 0x10FFFF:
            # Surrogates are not text, so the next character after U+D7FF is U+E000.
            return prefix[:-1] + chr(0xE000 if 0xD800 <= last <= 0xDFFF else last)
        prefix = prefix[:-1]
    return None
