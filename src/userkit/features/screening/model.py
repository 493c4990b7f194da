"""What is judged of somebody who registers or changes their profile, and what comes of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Self

from userkit.kernel.entity import Entity
from userkit.kernel.ids import Id, derived_id
from userkit.kernel.json import JSONObject, same_json

__all__ = [
    "Judgement",
    "KnownName",
    "ModelAnswer",
    "Occasion",
    "Reason",
    "Review",
    "ReviewState",
    "Source",
    "Subject",
    "Verdict",
]


class Verdict(Enum):
    """What is to be done. Of several, the strictest counts."""

    ALLOW = "allow"
    REVIEW = "review"
    REFUSE = "refuse"


class Reason(Enum):
    """Why somebody is not simply let through."""

    RESERVED_NAME = "reserved_name"
    CONFUSABLE_CHARACTERS = "confusable_characters"
    DISPOSABLE_ADDRESS = "disposable_address"
    IMPERSONATES_STAFF = "impersonates_staff"
    IMPERSONATES_BRAND = "impersonates_brand"
    IMPERSONATES_USER = "impersonates_user"
    ABUSIVE = "abusive"
    THROW_AWAY = "throw_away"
    INSTRUCTIONS = "instructions"
    """The text speaks to a language model instead of naming somebody."""
    NOT_JUDGED = "not_judged"
    """A language model was to judge, and did not."""


class Occasion(Enum):
    """When somebody is judged."""

    REGISTRATION = "registration"
    CHANGE = "change"


class Source(Enum):
    """Who has given a verdict: rules, a language model, or the policy for when the model did not answer."""

    RULES = "rules"
    MODEL = "model"
    POLICY = "policy"


class ReviewState(Enum):
    """How far a review is. One is superseded when what was to be reviewed has been replaced."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is known of somebody for this: as much as rules and models may see, and no more.

    ``domain`` is that of the e-mail address, in ASCII and lower case. ``attributes`` are those that the
    application has chosen.
    """

    occasion: Occasion
    name: str = field(repr=False)
    domain: str
    attributes: JSONObject = field(default_factory=dict, hash=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict, and its reasons in the order of their names."""

    verdict: Verdict = Verdict.ALLOW
    reasons: tuple[Reason, ...] = ()

    @classmethod
    def strictest(cls, judgements: Iterable[Self]) -> Self:
        """Return the strictest verdict of several, with the reasons of all."""
        found = list(judgements)
        verdict = max((each.verdict for each in found), key=_STRICTNESS.__getitem__, default=Verdict.ALLOW)
        reasons = {reason for each in found for reason in each.reasons}
        return cls(verdict=verdict, reasons=tuple(sorted(reasons, key=lambda reason: reason.value)))

    @property
    def words(self) -> tuple[str, ...]:
        """Return the reasons as they are stored and told."""
        return tuple(reason.value for reason in self.reasons)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownName(Entity):
    """What the name of one user looks like and how it is spelled, as keyed digests; no name is in it.

    The id is derived from that of the user. ``review_id`` is the last review that was opened of them.
    """

    skeleton: str
    spelling: str
    review_id: Id | None = None

    @staticmethod
    def id_for(user_id: str) -> str:
        """Return the id for a user."""
        return derived_id("screening name", user_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAnswer(Entity):
    """What a language model has said of something, under an id that is derived from a keyed digest of it."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    expires_at: datetime

    @property
    def judgement(self) -> Judgement:
        """Return it as a judgement."""
        return Judgement(verdict=self.verdict, reasons=tuple(map(Reason, self.reasons)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Review(Entity):
    """Somebody whom a person is to look at. ``attributes`` are the chosen ones only.

    ``name`` and ``attributes`` are what is reviewed; the ``earlier_`` ones, which there are for a change,
    are what a refusal restores. ``expires_at`` is when one that was decided may be purged.
    """

    user_id: Id
    occasion: Occasion
    verdict: Verdict = Verdict.REVIEW
    reasons: tuple[str, ...]
    state: ReviewState = ReviewState.OPEN
    name: str = field(repr=False)
    attributes: JSONObject = field(default_factory=dict, hash=False, repr=False)
    earlier_name: str | None = field(default=None, repr=False)
    earlier_attributes: JSONObject = field(default_factory=dict, hash=False, repr=False)
    opened_at: datetime
    decided_by: Id | None = None
    decided_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Tell whether nobody has decided yet."""
        return self.state is ReviewState.OPEN

    def coming_after(self, name: str, attributes: JSONObject) -> Self:
        """Return a new review as one of a change from this name and these attributes."""
        return replace(self, earlier_name=name, earlier_attributes=attributes)

    def following(self, older: Self) -> Self:
        """Return a new review as one that is about all that an older one was about, as well."""
        return replace(
            self,
            occasion=older.occasion,
            earlier_name=older.earlier_name,
            earlier_attributes=older.earlier_attributes,
        )

    def concerns(self, name: str, attributes: JSONObject) -> bool:
        """Tell whether this is what is reviewed; the attributes are the chosen ones."""
        return name == self.name and same_json(attributes, self.attributes)

    def decided(self, state: ReviewState, now: datetime, *, keep: timedelta, by: str | None = None) -> Self:
        """Return the review with a decision."""
        return self.evolve(state=state, decided_by=by, decided_at=now, expires_at=now + keep)

    def restored(self, name: str, attributes: JSONObject) -> tuple[str, JSONObject]:
        """Return a name and attributes with the earlier ones where they are still those that are reviewed."""
        if name == self.name and self.earlier_name is not None:
            name = self.earlier_name
        restored = dict(attributes)
        for key in {*self.attributes, *self.earlier_attributes}:
            if same_json(_only(key, attributes), _only(key, self.attributes)):
                restored.pop(key, None)
                restored |= _only(key, self.earlier_attributes)
        return name, restored


def _only(key: str, attributes: JSONObject) -> JSONObject:
    return {key: attributes[key]} if key in attributes else {}


_STRICTNESS = {verdict: place for place, verdict in enumerate(Verdict)}
