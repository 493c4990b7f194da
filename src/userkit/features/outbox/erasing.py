"""Erasing people: remembered in the commit that deletes, done right after, and once more later."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

from userkit.errors import InvalidEmailError
from userkit.feature import Erase, Erased, Forget
from userkit.features.outbox.model import OutboxEntry
from userkit.features.outbox.offer import Outbox
from userkit.features.users.events import UserErased
from userkit.features.users.model import User
from userkit.kernel.email import EmailAddress
from userkit.kernel.ids import derived_id
from userkit.storage.capabilities import forwarding
from userkit.storage.changes import Change
from userkit.storage.port import Store

__all__ = ["AGAIN", "Erasing"]

AGAIN = timedelta(minutes=59)
"""When it is done once more: after the access tokens of before, and within what an entry may be put off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Let every feature forget who somebody was.

    Until the second time is over, the outbox keeps a keyed digest of the address: what was written in
    the meantime is recognised by it, and nobody reads the address from it.
    """

    TOPIC: ClassVar[str] = "user.erased"

    outbox: Outbox
    store: Store
    realm: str
    keys: tuple[bytes, ...] = field(repr=False)
    forget: Sequence[Forget]
    erase: Sequence[Erase]

    async def remember(self, event: UserErased) -> Sequence[Change]:
        """Put the second time into the commit that erases."""
        id = derived_id(self.TOPIC, event.user_id)
        if await self.store.get(OutboxEntry, id) is not None:
            return []
        user = await self.store.get(User, event.user_id)
        known = {} if user is None else {"address": self._digest(user.email_key, self.keys[0])}
        return [self.outbox.entry(self.TOPIC, known, user_id=event.user_id, id=id, delay=AGAIN)]

    async def finish(self, user_id: str, email_key: str | None) -> None:
        """Erase somebody now, and those again who were erased a while ago."""
        entry = await self.store.get(OutboxEntry, derived_id(self.TOPIC, user_id))
        await self._erase(user_id, {} if entry is None else entry.payload, email_key)
        await self.outbox.deliver(topics=(self.TOPIC,))

    async def carry_out(self, entry: OutboxEntry) -> None:
        """Do what an entry of the outbox says."""
        await self._erase(entry.user_id or "", entry.payload, None)

    async def _erase(self, user_id: str, known: Mapping[str, Any], email_key: str | None) -> None:
        left_behind = forwarding(self.store)
        if left_behind is not None:
            # What is on its way to the trail must be there before the trail is gone through.
            await left_behind.forward()
        for forget in self.forget:
            await forget(user_id)
        is_address = partial(self._is_address, known.get("address"))
        erased = Erased(user_id=user_id, email_key=email_key, is_address=is_address)
        for erase in self.erase:
            await erase(erased)

    def _is_address(self, digest: str | None, text: str) -> bool:
        if digest is None or "@" not in text:
            return False
        try:
            email_key = EmailAddress.parse(text).key
        except InvalidEmailError:
            return False
        return any(hmac.compare_digest(digest, self._digest(email_key, key)) for key in self.keys)

    def _digest(self, email_key: str, key: bytes) -> str:
        return hmac.digest(key, f"{self.realm}\0{email_key}".encode(), "sha256").hex()
