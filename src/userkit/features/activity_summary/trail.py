"""Reading what happened to a user within a period."""

from dataclasses import dataclass, field

from userkit.errors import UserNotFoundError
from userkit.features.activity_summary.model import Period
from userkit.features.audit import AuditEntry
from userkit.features.users.repository import UserRepository
from userkit.kernel.ids import first_id_at, is_id, made_at
from userkit.storage.port import Store

__all__ = ["ReadTrail", "Trail"]

_PAGE = 500

# Entries are found by their ids, which tell when they were made; of what happened shortly before or after.
_SLACK = 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Trail:
    """Entries, oldest first; ``cut`` says that there are older ones in the period."""

    entries: tuple[AuditEntry, ...] = field(repr=False)
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadTrail:
    """Read the newest ``most`` entries of a user within a period, whatever has happened since."""

    store: Store
    most: int

    async def __call__(self, user_id: str, period: Period) -> Trail:
        """Return what happened, also to a user who is gone. Raises UserNotFoundError."""
        if not is_id(user_id):
            raise UserNotFoundError
        found = await self._found(user_id, period)
        if not found and not await self._is_known(user_id):
            raise UserNotFoundError
        newest = sorted(found[: self.most], key=lambda entry: (entry.at, entry.id))
        return Trail(tuple(newest), cut=len(found) > self.most)

    async def _found(self, user_id: str, period: Period) -> list[AuditEntry]:
        since, until = period.milliseconds
        found: list[AuditEntry] = []
        after: str | None = first_id_at(until + _SLACK)
        while after is not None and len(found) <= self.most and made_at(after) >= since - _SLACK:
            page = await self.store.find(
                AuditEntry, "user_id", user_id, after=after, limit=_PAGE, newest_first=True
            )
            found += [entry for entry in page.items if entry.at in period]
            after = page.next
        return found

    async def _is_known(self, user_id: str) -> bool:
        if await UserRepository(self.store).get_by_id(user_id) is not None:
            return True
        return bool((await self.store.find(AuditEntry, "user_id", user_id, limit=1)).items)
