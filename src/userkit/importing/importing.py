"""Importing people from another system, batch by batch."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain

from userkit.errors import DuplicateError, StoreUnavailableError
from userkit.features.users.attributes import AttributesRule
from userkit.features.users.model import User
from userkit.importing.bookmark import Bookmark
from userkit.importing.newcomer import Enlisting, Newcomer
from userkit.importing.person import Person, Row, RowRefusedError
from userkit.importing.report import Report
from userkit.importing.seen import Seen
from userkit.importing.settling import OnConflict, Settled, Settling
from userkit.kernel.clock import Clock
from userkit.kernel.entity import Entity
from userkit.ports.passwords import PasswordHasher
from userkit.storage.capabilities import BulkLoadable, bulk_loadable, supports
from userkit.storage.port import LARGEST_PAGE, Store

__all__ = ["LARGEST_BATCH", "Importing"]

LARGEST_BATCH = LARGEST_PAGE // 2
"""Of people, each with a password."""

_LEFT_OUT = {
    "exists": "A user has this address.",
    "unconfirmed": "A user has this address who has not shown that mail to it reaches them.",
}


def _unwatched(report: Report) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """Make users of the rows that a reader finds.

    Everything is written in batches; what is there already is left alone, so that doing it again
    changes nothing. No event is told: nobody gets a letter, and the trail of each user begins later.
    """

    store: Store
    now: Clock
    key: bytes = field(repr=False)
    realm: str
    hasher: PasswordHasher
    attributes: AttributesRule

    async def __call__(
        self,
        rows: Iterable[Row],
        *,
        on_conflict: OnConflict = OnConflict.SKIP,
        require_password: bool = False,
        dry_run: bool = False,
        bookmark: Bookmark | None = None,
        report: Report | None = None,
        batch: int = LARGEST_BATCH,
        watch: Callable[[Report], object] = _unwatched,
    ) -> Report:
        """Import all rows and return what became of them.

        ``require_password`` refuses people without a hash that is understood. A ``dry_run`` writes
        nothing. With ``OnConflict.FAIL`` the import ends at the first conflict, and the report is
        ``stopped``. Raises ConfigurationError when a package or a setting is missing to read a hash, and
        StoreUnavailableError, after which the same import may be done again.
        """
        work = _Work(
            enlist=Enlisting(
                now=self.now,
                key=self.key,
                realm=self.realm,
                hasher=self.hasher,
                attributes=self.attributes,
                require_password=require_password,
            ),
            settle=Settling(
                store=self.store,
                now=self.now,
                attributes=self.attributes,
                on_conflict=OnConflict(on_conflict),
                dry_run=dry_run,
            ),
            bookmark=Bookmark() if bookmark is None else bookmark,
            report=Report() if report is None else report,
            batch=batch,
            watch=watch,
        )
        try:
            await work.run(rows)
        except StoreUnavailableError as error:
            raise StoreUnavailableError(f"{error.detail} What was imported stays: do it again.") from error
        return work.report


@dataclass(slots=True, kw_only=True)
class _Work:
    """An import while it runs."""

    enlist: Enlisting
    settle: Settling
    bookmark: Bookmark
    report: Report
    batch: int
    watch: Callable[[Report], object]
    seen: Seen = field(default_factory=Seen)
    waiting: list[Newcomer] = field(default_factory=list)

    async def run(self, rows: Iterable[Row]) -> None:
        remaining = self._where_it_was(iter(rows))
        for row in remaining:
            self.report.rows += 1
            self._read(row)
            if len(self.waiting) >= self.batch or self.report.rows % LARGEST_PAGE == 0:
                await self._write()
            if self.report.stopped:
                return
        await self._write()

    def _where_it_was(self, rows: Iterator[Row]) -> Iterator[Row]:
        """Pass by what is done, and remember the addresses."""
        if self.bookmark.counted is not None:
            self.report.restore(self.bookmark.counted)
        for number, row in enumerate(rows, 1):
            if number > self.bookmark.rows:
                return chain([row], rows)
            self._recall(row)
        return iter(())

    def _recall(self, row: Row) -> None:
        with suppress(RowRefusedError):
            if row.content is not None:
                self._enlisted(row)

    def _read(self, row: Row) -> None:
        if row.content is None:
            return
        try:
            self.waiting.append(self._enlisted(row))
        except RowRefusedError as error:
            person = row.content if isinstance(row.content, Person) else None
            self._refuse(error, row.line, person)

    def _enlisted(self, row: Row) -> Newcomer:
        if not isinstance(row.content, Person):
            assert row.content is not None  # as _read has seen
            raise row.content
        address = self.enlist.address(row.content)
        newcomer = self.enlist(row.line, row.content, address)
        if not self.seen.add(address.key):
            source_id = row.content.source_id
            raise RowRefusedError("repeated", "A row before has the same address.", source_id=source_id)
        return newcomer

    def _refuse(self, error: RowRefusedError, line: int, person: Person | None) -> None:
        self.report.note(
            "refused",
            line=line,
            reason=error.reason,
            detail=error.detail,
            email=None if person is None else person.email,
            source_id=error.source_id,
        )

    async def _write(self) -> None:
        """Write what waits, then note that it is done."""
        some, self.waiting = self.waiting, []
        if not await self._loaded(some):
            for newcomer in some:
                await self._settle(newcomer)
                if self.report.stopped:
                    break
        size = self.report.flush()
        if not self.report.stopped and not self.settle.dry_run:
            self.bookmark.arrived(self.report.rows, report_size=size, counted=self.report.state())
        self.watch(self.report)

    async def _loaded(self, some: list[Newcomer]) -> bool:
        """Add all at once; return False when that cannot be done, and nobody was added then."""
        store = self.settle.store
        if not await self._are_new(some):
            return False
        if not self.settle.dry_run:
            if not supports(store, BulkLoadable):
                return False
            users: list[Entity] = [each.user for each in some]
            credentials = [each.credential for each in some if each.credential is not None]
            try:
                await bulk_loadable(store).load([*users, *credentials], batch=LARGEST_PAGE)
            except DuplicateError:
                return False
        for each in some:
            self._note(each, Settled("imported", each.user.id))
        return True

    async def _are_new(self, some: list[Newcomer]) -> bool:
        """Tell whether it is worth to try; in a dry run, whether it is sure."""
        if not self.settle.dry_run:
            return True
        return not (await self.settle.store.find(User, limit=1)).items

    async def _settle(self, newcomer: Newcomer) -> None:
        try:
            self._note(newcomer, await self.settle(newcomer))
        except RowRefusedError as error:
            self._refuse(error, newcomer.line, newcomer.person)

    def _note(self, newcomer: Newcomer, settled: Settled) -> None:
        outcome, user_id, why = settled
        self.report.note(
            outcome,
            line=newcomer.line,
            reason=why,
            detail=_LEFT_OUT.get(why) if why is not None else None,
            email=newcomer.person.email if why is not None or newcomer.lacks else None,
            source_id=newcomer.person.source_id,
            user_id=user_id,
            password=newcomer.lacks if outcome == "imported" else None,
        )
        if outcome == "refused" and not self.settle.dry_run:
            self.report.stopped = True
