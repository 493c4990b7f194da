"""Opening reviews, in the commit of what is to be reviewed, and telling of them after it."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from userkit.features.screening.events import ReviewOpened, ReviewSuperseded
from userkit.features.screening.model import Judgement, Occasion, Review, ReviewState
from userkit.features.users.events import UserRegistered, UserUpdated
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.kernel.events import Event, Publish
from userkit.kernel.ids import NewId
from userkit.kernel.json import JSONObject
from userkit.storage.changes import Add, Change, Save
from userkit.storage.journal import Participants
from userkit.storage.port import Store

__all__ = ["Reviewing", "is_restoring", "restoring"]

# Of which revision of whom there is something to tell, and what.
_untold: ContextVar[tuple[tuple[str, str, int], Sequence[Event]] | None] = ContextVar(
    "userkit_screening_untold", default=None
)
_restoring: ContextVar[bool] = ContextVar("userkit_screening_restoring", default=False)


@contextmanager
def restoring() -> Generator[None, None, None]:
    """Say that the changes inside are what a person has decided, so that nobody judges them."""
    token = _restoring.set(True)
    try:
        yield
    finally:
        _restoring.reset(token)


def is_restoring() -> bool:
    """Tell whether this change is what a person has decided."""
    return _restoring.get()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewing:
    """Open reviews, one for each user at most. ``chosen`` are the attributes that are screened."""

    store: Store
    now: Clock
    new_id: NewId
    realm: str
    participants: Participants
    publish: Publish
    chosen: tuple[str, ...]
    keep: timedelta

    def chosen_of(self, user: User) -> JSONObject:
        """Return the attributes of a user that are screened."""
        return {name: user.attributes[name] for name in self.chosen if name in user.attributes}

    def begin(self) -> None:
        """Say that another change begins: of one that has failed there is nothing to tell."""
        _untold.set(None)

    async def open_one(self, review_id: str | None) -> Review | None:
        """Return a review if it is open."""
        review = None if review_id is None else await self.store.get(Review, review_id)
        return review if review is not None and review.is_open else None

    def new(self, user: User, judgement: Judgement, *, before: User | None, older: Review | None) -> Review:
        """Return a new review of a user as they are now.

        Where what was ``before`` still waits for a decision in an ``older`` one, a refusal goes back to
        what there was before that.
        """
        review = Review(
            id=self.new_id(),
            user_id=user.id,
            occasion=Occasion.REGISTRATION if before is None else Occasion.CHANGE,
            reasons=judgement.words,
            name=user.name,
            attributes=self.chosen_of(user),
            opened_at=self.now(),
        )
        if before is None:
            return review
        if older is not None and older.concerns(before.name, self.chosen_of(before)):
            return review.following(older)
        return review.coming_after(before.name, self.chosen_of(before))

    async def changes(self, user: User, *, opened: Review | None, older: Review | None) -> list[Change]:
        """Return what belongs into the commit of a user whose ``older`` review is superseded."""
        changes, events, now = list[Change](), list[Event](), self.now()
        if older is not None:
            changes.append(Save(older, older.decided(ReviewState.SUPERSEDED, now, keep=self.keep)))
            events.append(ReviewSuperseded(at=now, realm=self.realm, user_id=user.id, review_id=older.id))
        if opened is not None:
            changes.append(Add(opened))
            events.append(
                ReviewOpened(
                    at=now,
                    realm=self.realm,
                    user_id=user.id,
                    review_id=opened.id,
                    occasion=opened.occasion,
                    reasons=opened.reasons,
                )
            )
        _untold.set((self._revision(user), events))
        return [*changes, *await self._recorded(events)]

    async def tell(self, event: UserRegistered | UserUpdated) -> None:
        """Tell of reviews, now that the change which has opened them is stored."""
        untold = _untold.get()
        if untold is None or untold[0] != self._revision(event.user):
            return
        _untold.set(None)
        for each in untold[1]:
            await self.publish(each)

    def _revision(self, user: User) -> tuple[str, str, int]:
        return self.realm, user.id, user.version

    async def _recorded(self, events: Sequence[Event]) -> list[Change]:
        return [
            change
            for event in events
            for participant in self.participants.to(type(event))
            for change in await participant(event)
        ]
