"""What waits in the outbox for a person: it is shown to them, and goes when they are erased."""

from collections.abc import AsyncGenerator, Callable, Container, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from userkit.errors import InvalidEmailError
from userkit.feature import Erased
from userkit.features.outbox.model import OutboxEntry, OutboxState
from userkit.features.users.model import User
from userkit.kernel.email import EmailAddress
from userkit.kernel.json import JSONObject
from userkit.storage.disclosure import shown, walk
from userkit.storage.port import Store
from userkit.storage.rewriting import discard

__all__ = ["DiscloseWaiting", "DropWaiting"]

_SHOWN = ("topic", "state", "created_at", "due_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscloseWaiting:
    """Yield what waits for a user; see Parts.disclose."""

    store: Store
    perishable: Container[str]

    async def __call__(self, user_id: str) -> AsyncGenerator[JSONObject, None]:
        """Yield what it is and when it is due; of a letter which one, and to whom if it is theirs."""
        user = await self.store.get(User, user_id)

        def is_address(text: str) -> bool:
            return user is not None and _key(text) == user.email_key

        async for entry in _waiting(self.store):
            theirs, perishable = entry.user_id == user_id, entry.topic in self.perishable
            if theirs or (perishable and _mentions(entry.payload, is_address)):
                # A letter to somebody else may name them; to whom it goes is about somebody else.
                is_told = theirs or _mentions(entry.payload.get("to"), is_address)
                told = ("letter", "to") if is_told else ("letter",)
                letter = {name: entry.payload[name] for name in told if name in entry.payload}
                yield {**shown(entry, *_SHOWN), **letter}


@dataclass(frozen=True, slots=True, kw_only=True)
class DropWaiting:
    """Take out what waits for somebody who is erased, as far as it is of a kind that perishes with them."""

    store: Store
    perishable: Container[str]

    async def __call__(self, erased: Erased) -> None:
        """Take out what is theirs, and what is for their address."""
        async for entry in _waiting(self.store):
            theirs = entry.user_id == erased.user_id or _mentions(entry.payload, erased.is_address)
            if theirs and entry.topic in self.perishable:
                await discard(self.store, OutboxEntry, entry.id)


async def _waiting(store: Store) -> AsyncGenerator[OutboxEntry, None]:
    for state in OutboxState:
        async with aclosing(walk(store, OutboxEntry, "state", state.value)) as entries:
            async for entry in entries:
                yield entry


def _mentions(value: Any, is_address: Callable[[str], bool]) -> bool:
    if isinstance(value, str):
        return is_address(value)
    if isinstance(value, Mapping):
        value = list(value.values())
    return isinstance(value, (list, tuple)) and any(_mentions(each, is_address) for each in value)


def _key(text: str) -> str | None:
    try:
        return EmailAddress.parse(text).key
    except InvalidEmailError:
        return None
