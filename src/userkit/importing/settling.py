"""Finding a place for a newcomer in a store that may know the address already."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from userkit.errors import DuplicateError
from userkit.features.passwords.model import PasswordCredential
from userkit.features.users.attributes import AttributesRule
from userkit.features.users.model import User
from userkit.importing.newcomer import Newcomer, checked
from userkit.kernel.clock import Clock
from userkit.kernel.json import same_json
from userkit.storage.changes import Add, Change, Save
from userkit.storage.port import Store
from userkit.storage.rewriting import anew

__all__ = ["OnConflict", "Settled", "Settling"]


class OnConflict(StrEnum):
    """What to do when a user has the address of a newcomer."""

    SKIP = "skip"
    UPDATE = "update"
    FAIL = "fail"


class Settled(NamedTuple):
    """What became of a newcomer, the id of the user who has the address now, and why a row was left out."""

    outcome: str
    user_id: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Add a newcomer, or deal with the user who is there; a dry run only says what would be done.

    A user whom an import has made is known by the id, and is never a conflict.
    """

    store: Store
    now: Clock
    attributes: AttributesRule
    on_conflict: OnConflict
    dry_run: bool

    async def __call__(self, newcomer: Newcomer) -> Settled:
        """Settle a newcomer. Raises RowRefusedError for attributes that cannot be merged."""
        stored = await self._holder(newcomer)
        if stored is None and await self._added(newcomer):
            return Settled("imported", newcomer.user.id)
        stored = stored or await self._holder(newcomer)
        if stored is None:
            # It was imported before, and has another address since.
            return Settled("unchanged", newcomer.user.id)
        return await self._met(newcomer, stored)

    async def _holder(self, newcomer: Newcomer) -> User | None:
        page = await self.store.find(User, "email_key", newcomer.user.email_key, limit=1)
        return page.items[0] if page.items else None

    async def _added(self, newcomer: Newcomer) -> bool:
        if self.dry_run:
            return await self.store.get(User, newcomer.user.id) is None
        credential = [] if newcomer.credential is None else [Add(newcomer.credential)]
        try:
            await self.store.commit(Add(newcomer.user), *credential)
        except DuplicateError:
            return False
        return True

    async def _met(self, newcomer: Newcomer, stored: User) -> Settled:
        ours = stored.id == newcomer.user.id
        if self.on_conflict is OnConflict.UPDATE:
            if not ours and await self._is_anybodys(newcomer, stored):
                return Settled("skipped", stored.id, "unconfirmed")
            return Settled(await self._updated(newcomer), stored.id)
        if ours:
            return Settled(await self._completed(newcomer, stored), stored.id)
        return Settled("skipped" if self.on_conflict is OnConflict.SKIP else "refused", stored.id, "exists")

    async def _is_anybodys(self, newcomer: Newcomer, stored: User) -> bool:
        """Tell whether a stranger may have registered with the address, who would see what the row says."""
        held = await self.store.get(PasswordCredential, stored.id)
        if stored.is_email_verified or held is None:
            return False
        # The very hash of the row was brought by an earlier import, and nobody here can know it.
        return newcomer.credential is None or held.hash != newcomer.credential.hash

    async def _completed(self, newcomer: Newcomer, stored: User) -> str:
        """Give a user a password who was added without, because a process ended in between."""
        credential = newcomer.credential
        if credential is None or stored.version > 1 or await self._has_password(stored):
            return "unchanged"
        await self._commit(Add(credential))
        return "imported"

    async def _updated(self, newcomer: Newcomer) -> str:
        """Bring the user up to date; read again when somebody else is faster."""
        outcomes: list[str] = []

        async def attempt() -> None:
            stored = await self._holder(newcomer)
            changes = [] if stored is None else await self._changes(newcomer, stored)
            if changes:
                await self._commit(*changes)
            outcomes.append("updated" if changes else "unchanged")

        await anew(attempt)
        return outcomes[-1]

    async def _changes(self, newcomer: Newcomer, stored: User) -> list[Change]:
        changes: list[Change] = []
        fields = self._fields(newcomer, stored)
        if fields:
            changes.append(Save(stored, stored.evolve(updated_at=self.now(), **fields)))
        credential = newcomer.credential
        # Who has shown that the mailbox is theirs, or was here before, may have the account.
        theirs = stored.id == newcomer.user.id or newcomer.person.verified
        if credential is not None and theirs and not await self._has_password(stored):
            changes.append(
                Add(PasswordCredential(id=stored.id, hash=credential.hash, changed_at=credential.changed_at))
            )
        return changes

    def _fields(self, newcomer: Newcomer, stored: User) -> Mapping[str, Any]:
        """Return what the row says otherwise. It closes accounts and opens none, and confirms no address."""
        fields: dict[str, Any] = {}
        if newcomer.person.name is not None and newcomer.user.name != stored.name:
            fields["name"] = newcomer.user.name
        merged = checked(self.attributes, {**stored.attributes, **newcomer.user.attributes}, newcomer.person)
        if not same_json(merged, stored.attributes):
            fields["attributes"] = merged
        if newcomer.user.is_disabled and not stored.is_disabled:
            closed = stored.disabled(self.now())
            names = ("disabled_at", "session_epoch", "spared_session", "spared_since")
            fields |= {name: getattr(closed, name) for name in names}
        return fields

    async def _has_password(self, user: User) -> bool:
        return await self.store.get(PasswordCredential, user.id) is not None

    async def _commit(self, *changes: Change) -> None:
        if not self.dry_run:
            await self.store.commit(*changes)
