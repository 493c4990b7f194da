"""Identifiers: UUIDs of version 7 as text (RFC 9562), so that order by id is order by creation."""

import hashlib
import os
import re
import threading
from collections.abc import Callable
from typing import Annotated

from userkit.kernel.clock import Clock

__all__ = [
    "Id",
    "IdMarker",
    "NewId",
    "UUIDv7",
    "derived_id",
    "first_id_at",
    "id_bytes",
    "is_id",
    "made_at",
    "text_of_id",
]

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_COUNTER_BITS = 12


class IdMarker:
    """Marks a text field that holds a UUID, so that a database can use its own type for it."""


Id = Annotated[str, IdMarker()]
"""The id of an entity: a UUID in its canonical lower-case text form."""

NewId = Callable[[], str]
"""Makes a fresh id."""


def is_id(text: object) -> bool:
    """Tell whether this is a UUID in canonical text form: 36 characters, lower case, hyphens."""
    return isinstance(text, str) and _CANONICAL.fullmatch(text) is not None


def derived_id(*parts: str) -> str:
    """Return the id that belongs to these texts: a UUID of version 8 (RFC 9562, section 5.8).

    The same texts have the same id everywhere, so that of two who add it only one can. An id belongs
    to one realm of a store: put the realm's name in, unless another text belongs to one already.
    """
    digest = hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).digest()
    bits = int.from_bytes(digest[:16], "big")
    bits = bits & ~(0xF << 76) | 0x8 << 76
    return text_of_id((bits & ~(0b11 << 62) | 0b10 << 62).to_bytes(16, "big"))


def first_id_at(milliseconds: int) -> str:
    """Return what every id of version 7 that is made at this time since 1970, or later, comes after."""
    return text_of_id((max(0, min(milliseconds, (1 << 48) - 1)) << 80).to_bytes(16, "big"))


def made_at(id: str) -> int:
    """Return when an id of version 7 was made, in milliseconds since 1970 (RFC 9562, section 5.7)."""
    return int(id[:8] + id[9:13], 16)


def id_bytes(id: str) -> bytes:
    """Return the 16 bytes of an id."""
    return bytes.fromhex(id.replace("-", ""))


def text_of_id(value: bytes) -> str:
    """Return the id of 16 bytes."""
    text = value.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


class UUIDv7:
    """Make ids that grow with time, also within a millisecond and when the clock steps back.

    The layout is RFC 9562, section 5.7, with a 12-bit counter (section 6.2, method 1) and 62
    random bits, so that an id tells its time and order but cannot be guessed. Thread-safe.
    """

    def __init__(self, now: Clock, *, random: Callable[[int], bytes] = os.urandom) -> None:
        """Take the clock, and where randomness comes from."""
        self._now = now
        self._random = random
        self._lock = threading.Lock()
        self._last = 0
        self._counter = 0

    def __call__(self) -> str:
        """Return a fresh id."""
        milliseconds = round(self._now().timestamp() * 1000)
        noise = int.from_bytes(self._random(10), "big")
        with self._lock:
            if milliseconds > self._last:
                self._last = milliseconds
                # The top bit stays free, so that at least 2,048 more ids fit in this millisecond.
                self._counter = noise >> 69
            else:
                self._counter += 1
                if self._counter >> _COUNTER_BITS:
                    self._last += 1
                    self._counter = 0
            stamp, counter = self._last, self._counter
        bits = stamp << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | noise & (1 << 62) - 1
        return text_of_id(bits.to_bytes(16, "big"))
