"""What happens when people are screened. Events tell reasons, and never what was typed."""

from dataclasses import dataclass

from userkit.features.screening.model import Occasion, Source
from userkit.kernel.events import Event

__all__ = ["ReviewAccepted", "ReviewOpened", "ReviewRefused", "ReviewSuperseded", "ScreeningRefused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningRefused(Event):
    """A registration or a change was refused. ``user_id`` is None where nobody has an account."""

    user_id: str | None
    occasion: Occasion
    source: Source
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOpened(Event):
    """Somebody was let through for a person to look at."""

    user_id: str
    review_id: str
    occasion: Occasion
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewSuperseded(Event):
    """What was to be reviewed has been replaced by a newer change, so that nobody decides any more."""

    user_id: str
    review_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewAccepted(Event):
    """A person has found nothing wrong."""

    user_id: str
    review_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRefused(Event):
    """A person has refused: the account was closed, or the earlier name and attributes are back."""

    user_id: str
    review_id: str
    occasion: Occasion
