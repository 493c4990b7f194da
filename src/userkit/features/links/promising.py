"""Links in letters: promised in the commit that writes the letter, made when it is delivered.

A letter may be delivered more than once, and each time it must hold the same link, while the
database never holds what opens an account. So the letter keeps a random number, and the secret of
its link is derived from that number with a key of the application.
"""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from userkit.features.outbox.model import OutboxEntry
from userkit.features.users.model import User
from userkit.kernel.json import JSONObject
from userkit.kernel.opaque import new_secret

__all__ = ["Promise", "is_bound_to"]

_PROMISE = "promise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a link will be bound to, as it was when somebody asked for it. There is no secret in it."""

    user_id: str
    email: str
    new_email: str | None = None
    epoch: int | None = None
    asked_at: datetime
    nonce: bytes = field(repr=False)

    @classmethod
    def to(cls, user: User, *, now: datetime, new_email: str | None = None, bind_epoch: bool = False) -> Self:
        """Promise a link to a user; with ``bind_epoch`` it dies when all sessions are ended."""
        return cls(
            user_id=user.id,
            email=user.email_key,
            new_email=new_email,
            epoch=user.session_epoch if bind_epoch else None,
            asked_at=now,
            nonce=new_secret(),
        )

    def note(self) -> JSONObject:
        """Return the promise as JSON, to be kept in the payload of an outbox entry."""
        return {
            "user_id": self.user_id,
            "email": self.email,
            "new_email": self.new_email,
            "epoch": self.epoch,
            "asked_at": self.asked_at.isoformat(),
            "nonce": base64.b64encode(self.nonce).decode(),
        }

    @classmethod
    def read(cls, note: Mapping[str, Any]) -> Self:
        """Return the promise of a note."""
        return cls(
            user_id=note["user_id"],
            email=note["email"],
            new_email=note["new_email"],
            epoch=note["epoch"],
            asked_at=datetime.fromisoformat(note["asked_at"]),
            nonce=base64.b64decode(note["nonce"]),
        )

    def context(self, **names: str) -> JSONObject:
        """Return the context of a letter that keeps the promise, with the names that its template needs."""
        return {**names, _PROMISE: self.note()}

    @classmethod
    def of(cls, letter: OutboxEntry) -> Self:
        """Return the promise that a letter in the outbox keeps."""
        return cls.read(letter.payload["context"][_PROMISE])

    def secret(self, key: bytes) -> bytes:
        """Return the secret of the link, the same at every attempt."""
        return hmac.digest(key, self.nonce, "sha256")

    def still_holds(self, user: User) -> bool:
        """Tell whether the user is still as they were when the link was asked for."""
        return is_bound_to(user, email=self.email, epoch=self.epoch)


def is_bound_to(user: User, *, email: str, epoch: int | None) -> bool:
    """Tell whether what was bound to an address and perhaps an epoch is meant for a user as they are now."""
    return not user.is_disabled and email == user.email_key and epoch in (None, user.session_epoch)
