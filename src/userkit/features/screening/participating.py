"""Taking part in the commits that register and change users: letting them through, or not."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from userkit.errors import ScreeningRefusedError, UserNotFoundError
from userkit.features.roles.definitions import grants
from userkit.features.screening.events import ScreeningRefused
from userkit.features.screening.judging import Decision, Judge
from userkit.features.screening.model import Judgement, Occasion, Reason, Subject, Verdict
from userkit.features.screening.names import KnownNames
from userkit.features.screening.reviewing import Reviewing, is_restoring
from userkit.features.users.events import UserRegistered, UserUpdated
from userkit.features.users.model import User
from userkit.kernel.clock import Clock
from userkit.kernel.json import same_json
from userkit.kernel.origin import current_origin
from userkit.storage.changes import Add, Change, Save
from userkit.storage.journal import Journal

__all__ = ["TRUSTED", "Screen"]

TRUSTED = "users:write"
"""Whoever has this permission is not screened in what they do to others."""

_IMPERSONATES = Judgement(verdict=Verdict.REVIEW, reasons=(Reason.IMPERSONATES_USER,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Judge whoever registers or changes their profile, before it is stored.

    ``permissions`` tells what a user may do, by the id.
    """

    names: KnownNames
    judge: Judge
    reviewing: Reviewing
    permissions: Callable[[str], Awaitable[frozenset[str]]]
    journal: Journal
    now: Clock

    async def on_registered(self, event: UserRegistered) -> Sequence[Change]:
        """Return what is kept of a new user. Raises ScreeningRefusedError."""
        self.reviewing.begin()
        user, known = event.user, self.names.new(event.user)
        if await self._is_trusted(user.id):
            return [Add(known)]
        judgement = await self._judged(user, before=None)
        if judgement.verdict is not Verdict.REVIEW:
            return [Add(known)]
        opened = self.reviewing.new(user, judgement, before=None, older=None)
        return [
            Add(replace(known, review_id=opened.id)),
            *await self.reviewing.changes(user, opened=opened, older=None),
        ]

    async def on_updated(self, event: UserUpdated) -> Sequence[Change]:
        """Return what is kept of a user whose name or chosen attributes are others now.

        Raises ScreeningRefusedError.
        """
        self.reviewing.begin()
        user, before = event.user, event.before
        if not self._differs(before, user):
            return ()
        known = await self.names.of(before)
        if is_restoring() or await self._is_trusted(user.id):
            return [Save(known, self.names.renamed(known, user))]
        judgement = await self._judged(user, before=before)
        older = await self.reviewing.open_one(known.review_id)
        opened = None
        if judgement.verdict is Verdict.REVIEW:
            opened = self.reviewing.new(user, judgement, before=before, older=older)
        review_id = None if opened is None else opened.id
        return [
            Save(known, self.names.renamed(known, user, review_id=review_id)),
            *await self.reviewing.changes(user, opened=opened, older=older),
        ]

    def _differs(self, before: User, user: User) -> bool:
        chosen = self.reviewing.chosen_of
        return before.name != user.name or not same_json(chosen(before), chosen(user))

    async def _is_trusted(self, user_id: str) -> bool:
        actor_id = current_origin().actor_id
        if actor_id is None or actor_id == user_id:
            return False
        try:
            return grants(await self.permissions(actor_id), TRUSTED)
        except UserNotFoundError:
            return False

    async def _judged(self, user: User, *, before: User | None) -> Judgement:
        occasion = Occasion.REGISTRATION if before is None else Occasion.CHANGE
        subject = Subject(
            occasion=occasion,
            name=user.name,
            domain=user.email_key.rpartition("@")[2],
            attributes=self.reviewing.chosen_of(user),
        )
        renamed = before is None or before.name != user.name
        poses = renamed and await self.names.is_taken(user)
        decision = await self.judge(subject, beside=_IMPERSONATES if poses else Judgement())
        if decision.judgement.verdict is Verdict.REFUSE:
            raise await self._refusal(decision, occasion, None if before is None else user.id)
        return decision.judgement

    async def _refusal(
        self, decision: Decision, occasion: Occasion, user_id: str | None
    ) -> ScreeningRefusedError:
        words = decision.judgement.words
        refused = ScreeningRefused(
            at=self.now(), user_id=user_id, occasion=occasion, source=decision.source, reasons=words
        )
        await self.journal.commit(tell=[refused])
        # Nobody learns from it who has an account here.
        told = tuple(word for word in words if word != Reason.IMPERSONATES_USER.value)
        return ScreeningRefusedError(reasons=told)
