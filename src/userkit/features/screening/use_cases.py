"""What can be done about those whom a person is to look at, and about names from before."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from userkit.errors import ForbiddenError, InvalidInputError, NotFoundError, StaleError
from userkit.features.roles.use_cases import RequirePermission
from userkit.features.screening.events import ReviewAccepted, ReviewRefused
from userkit.features.screening.model import ModelAnswer, Occasion, Review, ReviewState
from userkit.features.screening.names import KnownNames
from userkit.features.screening.reviewing import restoring
from userkit.features.users.events import UserDisabled, UserUpdated
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.kernel.cursors import Cursors
from userkit.kernel.events import Event
from userkit.kernel.identity import Identity
from userkit.kernel.ids import is_id
from userkit.kernel.page import Page
from userkit.storage.capabilities import purgeable
from userkit.storage.changes import Change, Save
from userkit.storage.journal import Journal
from userkit.storage.paging import check_page
from userkit.storage.port import LARGEST_PAGE, Store
from userkit.storage.rewriting import anew

__all__ = [
    "DECIDING",
    "AcceptReview",
    "Deciding",
    "GetReview",
    "IndexNames",
    "Indexed",
    "ListReviews",
    "PurgeScreening",
    "RefuseReview",
]

DECIDING = "reviews:write"
"""The permission that deciding needs."""

_INDEXING = "names to index"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReviews:
    """List reviews, the oldest first."""

    store: Store
    cursors: Cursors

    async def __call__(
        self, state: str | None = "open", *, limit: int = 100, after: str | None = None
    ) -> Page[Review]:
        """Return a page of at most ``limit`` reviews (1 to 1,000).

        ``state`` is ``open``, ``accepted``, ``refused`` or ``superseded``; None is all of them.
        ``after`` is the ``next`` of the page before. Raises InvalidInputError and InvalidCursorError.
        """
        check_page(limit=limit)
        field, value = (None, None) if state is None else ("state", _state(state).value)
        listing = f"reviews, {value or 'all'}"
        start = None if after is None else self.cursors.open(after, of=listing)
        page = await self.store.find(Review, field, value, after=start, limit=limit)
        return self.cursors.sealed(page, of=listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetReview:
    """Return a review."""

    store: Store

    async def __call__(self, review_id: str) -> Review:
        """Return a review by id. Raises NotFoundError."""
        review = await self.store.get(Review, review_id) if is_id(review_id) else None
        if review is None:
            raise NotFoundError
        return review


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What both decisions need."""

    store: Store
    journal: Journal
    now: Clock
    get: GetReview
    require: RequirePermission
    keep: timedelta

    async def undecided(self, review_id: str, by: Identity | None) -> Review:
        """Return a review that somebody may decide. Raises as AcceptReview."""
        if by is not None:
            await self.require(by, DECIDING)
        review = await self.get(review_id)
        if by is not None and by.user_id == review.user_id:
            raise ForbiddenError("Nobody decides about themselves.")
        if not review.is_open:
            raise StaleError(f"This review is {review.state.value} already.")
        return review

    def decided(self, review: Review, state: ReviewState, by: Identity | None) -> Review:
        """Return a review with a decision."""
        return review.decided(state, self.now(), keep=self.keep, by=None if by is None else by.user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptReview:
    """Find nothing wrong."""

    deciding: Deciding

    async def __call__(self, review_id: str, *, by: Identity | None = None) -> Review:
        """Close a review; the user stays as they are.

        ``by`` is who decides: they need ``reviews:write``, and nobody decides about themselves. Without
        it the caller is trusted. Raises NotFoundError, ForbiddenError, and StaleError when somebody else
        has decided, or a newer change has superseded it.
        """
        deciding = self.deciding
        review = await deciding.undecided(review_id, by)
        accepted = deciding.decided(review, ReviewState.ACCEPTED, by)
        told = ReviewAccepted(at=deciding.now(), user_id=review.user_id, review_id=review.id)
        await deciding.journal.commit(Save(review, accepted), tell=[told])
        return accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseReview:
    """Undo what was let through."""

    deciding: Deciding

    async def __call__(self, review_id: str, *, by: Identity | None = None) -> Review:
        """Close a review, and undo what it is about in the same commit.

        Whoever has registered is disabled, so that their sessions and keys end. After a change the
        earlier name and attributes are back, as far as the user still has those that were reviewed.
        ``by`` is as for ``accept``, and so is what it raises; the last administrator cannot be disabled.
        """

        async def attempt() -> Review:
            return await self._once(review_id, by)

        return await anew(attempt)

    async def _once(self, review_id: str, by: Identity | None) -> Review:
        deciding = self.deciding
        review = await deciding.undecided(review_id, by)
        user = await deciding.store.get(User, review.user_id)
        if user is None:
            raise NotFoundError
        refused, now = deciding.decided(review, ReviewState.REFUSED, by), deciding.now()
        told = ReviewRefused(at=now, user_id=user.id, review_id=review.id, occasion=review.occasion)
        changes, events = _undone(review, user, now)
        with restoring():
            await deciding.journal.commit(Save(review, refused), *changes, tell=[*events, told])
        return refused


def _undone(review: Review, user: User, now: datetime) -> tuple[list[Change], list[Event]]:
    event: Event
    if review.occasion is Occasion.REGISTRATION:
        after = user.disabled(now)
        event = UserDisabled(at=now, user=after)
    else:
        name, attributes = review.restored(user.name, user.attributes)
        after = user.changed(now, name=name, attributes=attributes)
        event = UserUpdated(at=now, before=user, user=after)
    return ([], []) if after is user else ([Save(user, after)], [event])


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """How many names were news, and where to go on; ``next`` is None when all are known."""

    added: int
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexNames:
    """Take in the names of users who registered before there was screening, or elsewhere."""

    store: Store
    cursors: Cursors
    names: KnownNames

    async def __call__(self, *, after: str | None = None, limit: int = 1000) -> Indexed:
        """Take in the names of at most ``limit`` users (1 to 1,000), by registration.

        ``after`` is the ``next`` of the call before. Doing it again does no harm, also while users
        register and change. Raises InvalidInputError and InvalidCursorError.
        """
        check_page(limit=limit)
        start = None if after is None else self.cursors.open(after, of=_INDEXING)
        page = await self.store.find(User, after=start, limit=limit)
        added = 0
        for user in page.items:
            added += await self.names.index(user.id)
        return Indexed(added=added, next=self.cursors.sealed(page, of=_INDEXING).next)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeScreening:
    """Take out what has expired."""

    store: Store
    now: Clock

    async def __call__(self) -> int:
        """Take out expired answers of models and reviews that were decided long ago; return how many.

        Raises UnsupportedStoreError when the store cannot purge.
        """
        store, before, purged = purgeable(self.store), self.now(), 0
        for kind in (ModelAnswer, Review):
            gone = LARGEST_PAGE
            while gone == LARGEST_PAGE:
                gone = await store.purge(kind, before=before, limit=LARGEST_PAGE)
                purged += gone
        return purged


def _state(state: object) -> ReviewState:
    try:
        return ReviewState(state)
    except ValueError:
        known = ", ".join(each.value for each in ReviewState)
        raise InvalidInputError(f"A review is one of: {known}.") from None
