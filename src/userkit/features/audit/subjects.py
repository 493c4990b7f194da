"""What the trail holds of one person: it is shown to them, and forgets who they were when they are erased."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any

from userkit.errors import StaleError
from userkit.feature import Erased
from userkit.features.audit.anonymity import anonymous
from userkit.features.audit.model import AuditEntry
from userkit.kernel.ids import first_id_at, made_at
from userkit.kernel.json import JSONObject
from userkit.storage.changes import Save
from userkit.storage.disclosure import walk
from userkit.storage.port import LARGEST_COMMIT, Store
from userkit.storage.rewriting import rewrite

__all__ = ["DiscloseTrail", "ForgetWho"]

# Ids tell when they were made, by clocks of several machines.
_SLACK = 60 * 60 * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscloseTrail:
    """Yield what the trail holds of a user; see Parts.disclose."""

    store: Store

    async def __call__(self, user_id: str) -> AsyncGenerator[JSONObject, None]:
        """Yield what is about them, then what they did to others; who else did something is not told."""
        async with aclosing(_about(self.store, user_id)) as entries:
            async for entry in entries:
                yield _of_theirs(entry, user_id)
        async with aclosing(_by(self.store, user_id)) as entries:
            async for entry in entries:
                yield {**_of_theirs(entry, user_id), "about": "another", "facts": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetWho:
    """Take out of the trail who somebody was; each entry stays, with its time, kind, order and ids.

    ``impersonal`` are the facts that may stay in what is about them, by the kind of the event.
    """

    store: Store
    impersonal: Mapping[str, frozenset[str]]

    async def __call__(self, erased: Erased) -> None:
        """Go through what is about them, then through what they did; again it changes nothing."""
        change = partial(anonymous, erased=erased, impersonal=self.impersonal)
        for entries in (_about(self.store, erased.user_id), _by(self.store, erased.user_id)):
            some: list[AuditEntry] = []
            async with aclosing(entries):
                async for entry in entries:
                    if change(entry) is not entry:
                        some.append(entry)
                    if len(some) == LARGEST_COMMIT:
                        await self._save(some, change)
                        some = []
            await self._save(some, change)

    async def _save(self, entries: Sequence[AuditEntry], change: "partial[AuditEntry]") -> None:
        if not entries:
            return
        try:
            await self.store.commit(*(Save(entry, change(entry)) for entry in entries))
        except StaleError:
            # One was purged or changed by somebody else: they are done one by one.
            for entry in entries:
                await rewrite(self.store, AuditEntry, entry.id, change)


def _about(store: Store, user_id: str) -> AsyncGenerator[AuditEntry, None]:
    return walk(store, AuditEntry, "user_id", user_id)


async def _by(store: Store, user_id: str) -> AsyncGenerator[AuditEntry, None]:
    """Go through what a user did to others. No index leads there, so everything since they exist is read."""
    async with aclosing(walk(store, AuditEntry, after=_before(user_id))) as entries:
        async for entry in entries:
            if entry.actor_id == user_id != entry.user_id:
                yield entry


def _before(user_id: str) -> str | None:
    """Return an id of before the user was made; None when theirs does not tell."""
    if user_id[14] != "7":
        return None
    return first_id_at(made_at(user_id) - _SLACK)


def _of_theirs(entry: AuditEntry, user_id: str) -> dict[str, Any]:
    """Return what a person may know of an entry that is about them or by them."""
    shown = entry.document()
    actor = shown.pop("actor_id")
    shown["by"] = "subject" if actor == user_id else None if actor is None else "another"
    shown["about"] = "subject"
    if shown["by"] == "another":
        shown |= {"session_id": None, "address": None, "user_agent": None}
    del shown["user_id"]
    return shown
