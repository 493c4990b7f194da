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
from userkit.kernel.words import fold
from userkit.storage.capabilities import forwarding
from userkit.storage.changes import Change
from userkit.storage.port import Store

__all__ = ["AGAIN", "Erasing"]

AGAIN = timedelta(minutes=59)
"""When it is done once more: after the access tokens of before, and within what an entry may be put off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasing:
    """Let every feature forget who somebody was.

    Until the second time is over, the outbox keeps keyed digests of the address and the name: what was
    written in the meantime is recognised by them, and nobody reads anything from them.
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
        texts = {} if user is None else {"address": user.email_key, "name": fold(user.name)}
        known = {what: self._digest(what, text, self.keys[0]) for what, text in texts.items()}
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
        erased = Erased(
            user_id=user_id,
            email_key=email_key,
            is_address=partial(self._is_address, known),
            is_name=partial(self._is_name, known),
        )
        for erase in self.erase:
            await erase(erased)

    def _is_address(self, known: Mapping[str, Any], text: str) -> bool:
        try:
            return "@" in text and self._is_known("address", EmailAddress.parse(text).key, known)
        except InvalidEmailError:
            return False

    def _is_name(self, known: Mapping[str, Any], text: str) -> bool:
        return self._is_known("name", fold(text), known)

    def _is_known(self, what: str, text: str, known: Mapping[str, Any]) -> bool:
        digests = (self._digest(what, text, key) for key in self.keys if what in known)
        return any(hmac.compare_digest(known[what], digest) for digest in digests)

    def _digest(self, what: str, text: str, key: bytes) -> str:
        return hmac.digest(key, f"{self.realm}\0{what}\0{text}".encode(), "sha256").hex()
