"""Commits that span two stores: decided in one of them, and carried to the main store in a parcel."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from userkit.errors import DuplicateError, StaleError, StoreError, StoreUnavailableError, UserKitError
from userkit.kernel.clock import Clock
from userkit.kernel.entity import Entity
from userkit.kernel.ids import NewId
from userkit.storage.catalogue import Catalogue, Write
from userkit.storage.changes import Add, Change, Remove, Save
from userkit.storage.parcels import Packing, Parcel, reverse
from userkit.storage.port import Store

__all__ = ["Courier", "Fate", "fate_of"]

_log = logging.getLogger("userkit.storage")


class Fate(Enum):
    """What is proven of a commit by what is stored now."""

    DONE = auto()
    NOT_DONE = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Bring to the main store of one realm what was decided elsewhere together with it.

    Whoever sees to a parcel that is not their own takes it over first, with a save. A commit that
    takes something back takes the parcel out as well, in the revision that its author knows: so
    nobody takes back what somebody else may be delivering.
    """

    main: Store
    catalogue: Catalogue
    packing: Packing
    records: frozenset[type[Entity]]
    now: Clock
    new_id: NewId

    async def commit(self, store: Store, decisive: Sequence[Change], rest: Sequence[Change]) -> None:
        """Commit one part where it is decided, with the rest in a parcel; then deliver that.

        Raises what either store raises; when it is the main store's refusal, the other part is taken
        back. StoreUnavailableError says that the rest may yet come, unless it is but records.
        """
        # What no store would take is refused before anything has happened.
        self.catalogue.plan([*decisive, *rest])
        undo = reverse(decisive)
        parcel = self.packing.pack(self.new_id(), rest, undo=undo, created_at=self.now())
        await store.commit(*decisive, Add(parcel))
        try:
            await self.main.commit(*rest)
        except StoreUnavailableError:
            if not self._may_come_later(rest):
                raise
            _log.warning("What is recorded of a commit comes later: the main store is not available")
        except UserKitError as refusal:
            await self._refused(store, parcel, rest, undo, refusal)
        else:
            with suppress(StoreError):  # forward finds that it is done
                await store.commit(Remove(parcel))

    async def forward(self, store: Store) -> int:
        """See to the parcels in a store that their senders did not see to; return how many it were."""
        seen_to, after = 0, None
        while True:
            page = await store.find(Parcel, after=after)
            for parcel in page.items:
                if parcel.is_due(self.now()):
                    seen_to += await self._see_to(store, parcel)
            if page.next is None:
                return seen_to
            after = page.next

    def _may_come_later(self, changes: Sequence[Change]) -> bool:
        return all(isinstance(each, Add) and type(each.entity) in self.records for each in changes)

    async def _refused(
        self,
        store: Store,
        parcel: Parcel,
        rest: Sequence[Change],
        undo: Sequence[Change],
        refusal: UserKitError,
    ) -> None:
        """Take back what was decided, and raise the refusal; unless somebody else has taken over."""
        if await _take_back(store, parcel, undo):
            raise refusal
        if await self._fate(rest) is not Fate.DONE:
            raise StoreUnavailableError(
                "What became of the commit cannot be told: somebody else has seen to its other part."
            ) from refusal

    async def _see_to(self, store: Store, parcel: Parcel) -> bool:
        """Take a parcel over and deliver it; tell whether it is gone."""
        held = parcel.taken(self.now())
        try:
            await store.commit(Save(parcel, held))
        except StaleError:
            return False
        try:
            changes, undo = self.packing.changes(held), self.packing.undo(held)
        except UserKitError as error:
            # Another version of the application may know better.
            _log.warning("A parcel cannot be delivered: %s", error, extra={"parcel": held.id})
            return False
        try:
            await self.main.commit(*changes)
        except StoreUnavailableError:
            raise
        except UserKitError as refusal:
            return await self._settle(store, held, changes, undo, refusal)
        return await _take_out(store, held)

    async def _settle(
        self,
        store: Store,
        held: Parcel,
        changes: Sequence[Change],
        undo: Sequence[Change],
        refusal: UserKitError,
    ) -> bool:
        """Take back what the main store refuses, if it is certain that it has not happened before."""
        fate = await self._fate(changes)
        if fate is Fate.NOT_DONE:
            return await _take_back(store, held, undo)
        if fate is Fate.UNKNOWN:
            # What was decided stays decided: nothing that is spent comes back.
            _log.warning(
                "It cannot be told whether a parcel was delivered: %s",
                refusal.code,
                extra={"parcel": held.id},
            )
        return await _take_out(store, held)

    async def _fate(self, changes: Sequence[Change]) -> Fate:
        writes = self.catalogue.plan(changes)
        stored = [await self.main.get(each.records.collection.entity, each.id) for each in writes]
        return fate_of(stored, writes)


def fate_of(stored: Sequence[Entity | None], writes: Sequence[Write]) -> Fate:
    """Tell what is proven of the writes of one commit; ``stored`` is what each one's id holds now.

    Either all of them have happened or none, so that one proof is enough.
    """
    fates = [_fate_of(entity, write) for entity, write in zip(stored, writes, strict=True)]
    proven = (fate for fate in (Fate.DONE, Fate.NOT_DONE) if fate in fates)
    return next(proven, Fate.UNKNOWN)


def _fate_of(stored: Entity | None, write: Write) -> Fate:
    if stored is None:
        # It may have been taken out since.
        return Fate.UNKNOWN
    if write.after is not None and stored == write.records.decode(write.after):
        return Fate.DONE
    if write.before is None:
        # Some ids are derived, so that another may have been added after ours was taken out.
        return Fate.UNKNOWN
    someone_elses = write.after is not None and stored.version == write.version + 1
    untouched = stored == write.records.decode(write.before)
    return Fate.NOT_DONE if someone_elses or untouched else Fate.UNKNOWN


async def _take_back(store: Store, parcel: Parcel, undo: Sequence[Change]) -> bool:
    """Undo the other part with its parcel; tell whether this parcel is gone by our hand."""
    try:
        await store.commit(*undo, Remove(parcel))
    except (DuplicateError, StaleError):
        # It was changed since, which counts; or the parcel is somebody else's.
        return await _take_out(store, parcel)
    return True


async def _take_out(store: Store, parcel: Parcel) -> bool:
    try:
        await store.commit(Remove(parcel))
    except StaleError:
        return False
    return True
