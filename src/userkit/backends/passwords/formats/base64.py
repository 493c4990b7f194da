"""Base64 with one spelling for every value."""

from base64 import b64decode, b64encode

__all__ = ["from_base64"]


def from_base64(text: str, *, plus: str = "+") -> bytes | None:
    """Return what a text stands for, with padding or without; None if it has another spelling.

    ``plus`` is the character for 62: passlib writes a full stop.
    """
    standard = text.replace(plus, "+")
    bare = standard.rstrip("=")
    try:
        raw = b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except ValueError:
        return None
    canonical = b64encode(raw).decode("ascii")
    return raw if standard in (canonical, canonical.rstrip("=")) else None
