"""What is judged of somebody who registers or changes their profile, and what comes of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import Self

from userkit.kernel.json import JSONObject

__all__ = ["Judgement", "Occasion", "Reason", "Subject", "Verdict"]


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


_STRICTNESS = {verdict: place for place, verdict in enumerate(Verdict)}
