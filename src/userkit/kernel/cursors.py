"""Cursors: opaque text that says where the next page begins and cannot be made up."""

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import TypeVar

from userkit.errors import InvalidCursorError
from userkit.kernel.ids import is_id
from userkit.kernel.page import Page

__all__ = ["Cursors"]

T = TypeVar("T")

_TAG_BYTES = 16
_LONGEST = 200


@dataclass(frozen=True, slots=True, repr=False)
class Cursors:
    """Seal and open the cursors of one realm. ``keys``: the first seals, all open."""

    keys: tuple[bytes, ...]
    realm: str

    def seal(self, last_id: str, *, of: str) -> str:
        """Return a cursor for the page after ``last_id`` of the list ``of``."""
        return (
            base64.urlsafe_b64encode(self._tag(self.keys[0], last_id, of) + last_id.encode())
            .decode()
            .rstrip("=")
        )

    def open(self, cursor: str, *, of: str) -> str:
        """Return the id in a cursor.

        Raises InvalidCursorError when it was not sealed here, or for another list.
        """
        if not isinstance(cursor, str) or len(cursor) > _LONGEST or not cursor.isascii():
            raise InvalidCursorError
        try:
            sealed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
            last_id = sealed[_TAG_BYTES:].decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidCursorError from None
        genuine = [hmac.compare_digest(sealed[:_TAG_BYTES], self._tag(key, last_id, of)) for key in self.keys]
        if not any(genuine) or not is_id(last_id):
            raise InvalidCursorError
        return last_id

    def sealed(self, page: Page[T], *, of: str) -> Page[T]:
        """Return a page whose ``next`` is a cursor instead of an id."""
        return Page(page.items, None if page.next is None else self.seal(page.next, of=of))

    def _tag(self, key: bytes, last_id: str, of: str) -> bytes:
        return hmac.digest(key, "\0".join((self.realm, of, last_id)).encode(), "sha256")[:_TAG_BYTES]
